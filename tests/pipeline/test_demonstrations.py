"""Generator `demonstrations` in a run: recorded, replayed, estimated, and by batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import EndpointError, UserError
from limbeck.generators.demonstrations import Demonstrations
from limbeck.ledger import Ledger
from limbeck.pipeline import generate as module
from limbeck.pipeline.batch import collect, submit
from limbeck.pipeline.context import Context
from limbeck.pipeline.estimate import estimate
from limbeck.pipeline.filter import filter_records
from limbeck.pipeline.generate import generate, generator_of
from limbeck.pipeline.output import RECORDS
from limbeck.protocols import Request
from limbeck.recipe import Recipe
from limbeck.record import Record, canonical_json, to_messages, user
from limbeck.rundir import RunDir
from limbeck.store import read_json, read_records
from limbeck.teachers.capabilities import KIND, Finding, of_fake
from limbeck.teachers.connect import identity
from limbeck.testing import Answer, ApiServer, BatchServer, FakeLikelihoods, FakeTeacher
from limbeck.testing.server import answer_to
from tests.generators.demonstrations.tasks import known, rows
from tests.pipeline.batches import Notebook, said

OPTIONS = {"generator": "demonstrations", "shots": 3, "select": "random", "folds": 2}


def context(folder: Path, *, pool: Sequence[Any] | None = None, **changes: Any) -> Context:
    folder.mkdir(exist_ok=True)
    seeds: dict[str, Any] = {"path": "queries.jsonl"}
    files = {"queries": rows()} | ({} if pool is None else {"pool": pool})
    for name, given in files.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in given)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    if pool is not None:
        seeds["demos"] = "pool.jsonl"
    job: dict[str, Any] = {"name": "x", "seeds": seeds, "teacher": "fake:t", "student": "fake:s"}
    job["generate"] = OPTIONS | changes.pop("generate", {})
    recipe = Recipe.model_validate(job | changes).resolved(folder)
    return Context(RunDir(folder / "runs" / "x", recipe), Notebook(), folder / "ledger.sqlite")


def api(base_url: str, **more: Any) -> dict[str, Any]:
    return {"model": "openai:m", "base_url": base_url, "attempts": 1, **more}


def made_by(ctx: Context) -> list[Record]:
    return list(read_records(ctx.run.folder("generate") / RECORDS))


def speak(body: dict[str, Any], number: int) -> Answer:
    """What the known teacher says, drawn by the request's own seed."""
    raw = "prompt" in body
    messages = (user(body["prompt"]),) if raw else to_messages(body["messages"])
    request = Request(messages, seed=body.get("seed"), temperature=body["temperature"])
    return Answer(answer_to(body, FakeTeacher(known)._draw(request)))


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> FakeLikelihoods:
    """The recipe's fake teacher as a local one, which gives likelihoods."""
    teacher = FakeLikelihoods(known, name="t")
    monkeypatch.setattr("limbeck.testing.fake_teacher", lambda *_: teacher)
    monkeypatch.setattr(module, "gives_likelihoods", lambda section: True)
    return teacher


def test_exact_labels_of_a_killed_run_are_replayed_and_never_scored_again(
    tmp_path: Path, local: FakeLikelihoods
) -> None:
    whole = context(tmp_path / "whole")
    generate(whole)
    assert len(local.scored) == 20
    assert "generate: 20 requests, 0 already answered in the ledger, 20 left to ask" in said(whole)
    assert "label distributions by exact, since fake:t scores whole labels" in said(whole)
    assert "generate: 20 rows, 20 labelled by exact" in said(whole)
    local.scored.clear()

    scores = local.label_scores

    async def dying(request: Request, options: Any, /) -> list[float]:
        if len(local.scored) == 7:
            raise EndpointError("the machine went down")
        return await scores(request, options)

    local.label_scores = dying  # type: ignore[method-assign]
    ctx = context(tmp_path / "killed")
    with pytest.raises(EndpointError):
        generate(ctx)
    del local.label_scores
    assert len(local.scored) == 7
    generate(ctx)
    assert len(local.scored) == 20
    assert "20 requests, 7 already answered in the ledger, 13 left to ask" in said(ctx)
    files = [one.run.folder("generate") / RECORDS for one in (ctx, whole)]
    assert files[0].read_bytes() == files[1].read_bytes()
    with Ledger(ctx.ledger) as ledger:
        keys = [one.provenance.request for one in made_by(ctx)]
        assert len(set(keys)) == 20
        assert all(ledger.get(key) is not None for key in keys)


def test_what_was_made_passes_the_filters_and_is_counted(
    tmp_path: Path, local: FakeLikelihoods
) -> None:
    ctx = context(tmp_path)
    generate(ctx)
    filter_records(ctx)
    done = read_json(ctx.run.folder("generate") / "done.json")
    assert done["counts"]["funnel"] == {"rows": 20, "labelled by exact": 20}
    assert read_json(ctx.run.folder("filter") / "done.json")["counts"]["kept"] == 20


def test_demos_come_from_their_own_file_and_unlabelled_queries_are_labelled(
    tmp_path: Path, local: FakeLikelihoods
) -> None:
    pool = [{**row, "id": f"p{n}", "input": f"{row['input']} {n}"} for n, row in enumerate(rows())]
    ctx = context(tmp_path, pool=pool, generate={"near": 1.0})
    bare = [{key: value for key, value in row.items() if key != "output"} for row in rows()]
    lines = "".join(json.dumps(row) + "\n" for row in bare)
    (tmp_path / "queries.jsonl").write_text(lines, encoding="utf-8")
    generate(ctx)
    made = made_by(ctx)
    assert len(made) == 20
    assert {one.target for one in made} == {None}
    assert {name[0] for one in made for name in one.meta["demos"]} == {"p"}


def test_an_unprobed_api_is_sampled_and_a_run_is_estimated_row_by_row(tmp_path: Path) -> None:
    with ApiServer(script=speak) as server:
        price = {"input": 1.0, "output": 1.0}
        ctx = context(tmp_path, teacher=api(server.base_url, price=price), generate={"samples": 5})
        made = estimate(ctx, 14, good=10)
        assert len(server.bodies) == 10  # two rows of five
        assert (made.requests, made.rows, made.sampled, made.sampled_rows) == (100, 20, 10, 2)
        assert (made.asked, made.found, made.left, made.kept) == (10, 0, 90, 2)
        assert made.prompts is not None
        assert made.prompts.value == 10
        assert estimate(ctx, 14).asked == 0
        generate(ctx)
        assert len(server.bodies) == 100
        assert "100 requests, 10 already answered in the ledger, 90 left to ask" in said(ctx)
        assert "sampled, since nobody has probed what openai:m gives; limbeck probe does" in said(
            ctx
        )
        whole = estimate(ctx, 100)
        with Ledger(ctx.ledger) as ledger:
            spent = sum(one.usage.prompt_tokens for one in ledger.spent(ctx.run.id))
        assert whole.prompt_tokens.value == spent
        assert (whole.left, whole.found, whole.kept) == (0, 100, 20)


def test_a_local_run_is_estimated_too(tmp_path: Path, local: FakeLikelihoods) -> None:
    made = estimate(context(tmp_path), 4)
    assert (made.requests, made.rows, made.asked, made.kept) == (20, 20, 4, 4)
    assert len(local.scored) == 4


def test_what_a_probe_has_found_is_used(tmp_path: Path) -> None:
    ctx = context(tmp_path, teacher=api("http://127.0.0.1:9/v1"))
    found = replace(of_fake("openai:m"), chat_logprobs=Finding("yes", "seen"), top_logprobs=5)
    with Ledger(ctx.ledger) as ledger:
        ledger.remember(KIND, canonical_json(dict(identity(ctx.recipe.teacher))), found.to_json())
    generator = generator_of(ctx)
    assert isinstance(generator, Demonstrations)
    requests = list(generator.requests(generator.pool))
    assert {(one.max_tokens, one.top_logprobs) for one in requests} == {(1, 5)}
    assert len(requests) == 20


def test_a_batch_brings_what_a_live_run_does(tmp_path: Path) -> None:
    changes: dict[str, Any] = {"generate": {"labels": "text", "temperature": 0.5}}
    with ApiServer() as live:
        by_api = context(tmp_path / "live", teacher=api(live.base_url), **changes)
        generate(by_api)
    with BatchServer() as server:
        ctx = context(tmp_path / "batch", teacher=api(server.base_url), **changes)
        [name] = submit(ctx).batches
        assert sorted(map(repr, (line["body"] for line in server.lines(name)))) == sorted(
            map(repr, live.bodies)
        )
        server.finish(name)
        collect(ctx)
        generate(ctx)
    assert "20 requests, 20 already answered in the ledger, 0 left to ask" in said(ctx)

    def texts(one: Context) -> list[Any]:
        return [[row.completion, row.messages, row.meta["demos"]] for row in made_by(one)]

    assert texts(ctx) == texts(by_api)


def test_a_task_without_options_is_refused_before_anything_is_paid(tmp_path: Path) -> None:
    with ApiServer(script=speak) as server:
        ctx = context(tmp_path, teacher=api(server.base_url))
        lines = "".join(json.dumps(row) + "\n" for row in rows(without_options=True))
        (tmp_path / "queries.jsonl").write_text(lines, encoding="utf-8")
        with pytest.raises(UserError, match="has no options; give its rows options, or set"):
            generate(ctx)
        assert server.bodies == []
