"""A run through the Batch API: what is sent, what is kept, and that nothing is paid twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from limbeck.errors import UserError
from limbeck.ledger import Ledger
from limbeck.pipeline import batch as module
from limbeck.pipeline import batch_plan
from limbeck.pipeline.batch import cancel, collect, status, submit
from limbeck.pipeline.batch_state import refuse_paying_twice
from limbeck.pipeline.generate import generate
from limbeck.testing import ApiServer, BatchServer, spoken
from tests.pipeline.batches import (
    PROMPTS,
    asked,
    context,
    counts,
    first,
    said,
    spoken_texts,
    texts,
)


def test_a_run_goes_through_a_batch_and_is_answered_as_if_live(tmp_path: Path) -> None:
    with ApiServer() as live:
        (tmp_path / "live").mkdir()
        generate(context(tmp_path / "live", live.base_url))
    price = {"input": 2, "output": 10}
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url, teacher={"price": price})
        [name] = submit(ctx).batches
        lines = server.lines(name)
        assert sorted(map(repr, (line["body"] for line in lines))) == sorted(map(repr, live.bodies))
        # 20 tokens a prompt, as estimated, and 300 to come: at half of 2 and 10 dollars a million.
        assert (
            "6 requests, 0 answered in the ledger, 6 to submit: at most about 1.9k tokens, $0.00912"
        ) in said(ctx)
        assert [one.status for one in status(ctx)] == ["validating"]
        server.start(name)
        assert collect(ctx).under_way == [name]
        server.finish(name)
        [known] = status(ctx)
        assert (known.status, known.to_collect) == ("completed", True)
        done = collect(ctx)
        assert (done.batches[name].answered, done.missing, done.under_way) == (6, 0, [])
        with Ledger(ctx.ledger) as ledger:
            keys = [line["custom_id"] for line in lines]
            replies = [ledger.get(key) for key in keys]
            [paid] = ledger.spent(ctx.run.id)
        assert all(reply and reply.raw for reply in replies)
        assert (paid.via, paid.usage.completion_tokens) == (
            "batch", sum(reply.usage.completion_tokens for reply in replies if reply),
        )  # fmt: skip
        calls = list(server.calls)
        again = collect(ctx)
        assert (again.batches, again.missing, counts(ctx)) == ({}, 0, (6, 0))
        assert server.calls == [*calls, "GET /v1/batches"]
        assert [one.status for one in status(ctx)] == ["collected"]
        assert texts(ctx) == spoken_texts(PROMPTS)
        assert server.bodies == []
        assert submit(ctx).batches == []
        assert "To make the records: limbeck generate" in said(ctx)
    assert list(ctx.run.path.glob(".*.part")) == []


def test_an_expired_batch_keeps_its_answers_and_only_the_rest_is_submitted_again(
    tmp_path: Path,
) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        [name] = submit(ctx).batches
        server.finish(name, first(4), status="expired")
        nothing = submit(ctx)
        assert (nothing.batches, nothing.plan.in_batches) == ([], 6)
        done = collect(ctx)
        tally = done.batches[name]
        assert (tally.answered, dict(tally.failed), done.missing) == (4, {"timeout": 2}, 2)
        assert "without an answer and in no batch: 2 requests. Submit again" in said(ctx)
        assert counts(ctx) == (4, 2)
        with Ledger(ctx.ledger) as ledger:
            assert sum(row.wasted.prompt_tokens for row in ledger.spent(ctx.run.id)) == 0
        [second] = submit(ctx).batches
        assert asked(server, second) == PROMPTS[4:]
        server.finish(second)
        assert collect(ctx).missing == 0
        assert texts(ctx) == spoken_texts(PROMPTS)
        assert server.bodies == []


def test_a_cancelled_batch_keeps_its_answers_and_the_rest_is_asked_live(tmp_path: Path) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        [name] = submit(ctx).batches
        server.start(name)
        assert cancel(ctx) == [name]
        assert [one.status for one in status(ctx)] == ["cancelling"]
        assert cancel(ctx) == []
        server.finish(name, first(2), status="cancelled")
        done = collect(ctx)
        assert (done.batches[name].answered, done.missing) == (2, 4)
        assert texts(ctx) == spoken_texts(PROMPTS)
        live = [body["messages"][-1]["content"] for body in server.bodies]
        assert sorted(live) == sorted(PROMPTS[2:])  # four at once arrive in any order
        assert submit(ctx).batches == []
        with Ledger(ctx.ledger) as ledger:
            assert [row.via for row in ledger.spent(ctx.run.id)] == ["batch", "live"]


def test_a_failed_batch_says_why_and_its_requests_are_free_again(tmp_path: Path) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        [name] = submit(ctx).batches
        server.fail(name, "Enqueued token limit reached: 敬请")
        [known] = status(ctx)
        assert known.remote is not None
        assert known.remote.errors == ("Enqueued token limit reached: 敬请 (token_limit_exceeded)",)
        done = collect(ctx)
        assert (done.batches, done.missing) == ({}, 6)
        assert len(submit(ctx, most_requests=4).batches) == 2


def test_a_failed_batch_with_answers_is_collected_before_anything_is_paid_again(
    tmp_path: Path,
) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        [name] = submit(ctx).batches
        server.finish(name, lambda line: True if first(3)(line) else None)
        server.batches[name] = {**server.batches[name], "status": "failed"}
        assert submit(ctx).plan.in_batches == 6
        done = collect(ctx)
        assert (done.batches[name].answered, done.missing) == (3, 3)
        assert collect(ctx).batches == {}


def test_what_a_batch_may_still_answer_is_not_asked_live(tmp_path: Path) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        [name] = submit(ctx).batches
        keys = [line["custom_id"] for line in server.lines(name)]
        with Ledger(ctx.ledger) as ledger:
            with pytest.raises(UserError, match="not collected hold 2 of these requests"):
                refuse_paying_twice(ctx, ledger, [*keys[:2], "other"])
            refuse_paying_twice(ctx, ledger, ["other"])
            server.finish(name)
            collect(ctx)
            refuse_paying_twice(ctx, ledger, keys)


def test_a_run_is_cut_into_batches_of_the_apis_size(tmp_path: Path) -> None:
    with BatchServer(max_lines=4) as server:
        ctx = context(tmp_path, server.base_url)
        names = submit(ctx, most_requests=4).batches
        assert [len(server.lines(name)) for name in names] == [4, 2]
        numbers = [server.batches[name]["metadata"]["limbeck_shard"] for name in names]
        assert numbers == ["1", "2"]
        assert [text for name in names for text in asked(server, name)] == PROMPTS
        server.finish(names[1])
        done = collect(ctx)
        assert (list(done.batches), done.under_way) == ([names[1]], [names[0]])
        server.finish(names[0])
        assert collect(ctx).missing == 0
        assert texts(ctx) == spoken_texts(PROMPTS)


def test_a_raw_run_goes_to_the_other_endpoint(tmp_path: Path) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url, generate={"template": "raw", "temperature": 0})
        [name] = submit(ctx).batches
        assert server.batches[name]["endpoint"] == "/v1/completions"
        server.finish(name)
        assert collect(ctx).batches[name].answered == 6
        assert texts(ctx) == [f"{text} {spoken(text)}" for text in PROMPTS]


def test_what_cannot_go_through_batches_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = context(tmp_path, "http://127.0.0.1:1/v1", teacher={"model": "fake:t"})
    for verb in (submit, status, collect, cancel):
        with pytest.raises(UserError, match="Batch API is for teachers behind an API"):
            verb(local)
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        for verb in (status, collect, cancel):
            with pytest.raises(UserError, match="is no run yet"):
                verb(ctx)
        with pytest.raises(UserError, match="at least 1 request, got 0"):
            submit(ctx, most_requests=0)

        class Talks:
            name = "对话"

        monkeypatch.setattr(batch_plan, "generator_of", lambda ctx: Talks())
        with pytest.raises(UserError, match="'对话' cannot use the Batch API"):
            submit(ctx)
        with (
            ctx.run.locked(),
            pytest.raises(UserError, match="another limbeck is at work"),
        ):
            status(ctx)
        assert server.batches == {}
    assert module.MOST_REQUESTS == 50_000
