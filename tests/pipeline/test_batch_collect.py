"""Result files into the ledger: every line has its own end, and none is stored twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.ledger import Ledger
from limbeck.pipeline.batch import collect, status, submit
from limbeck.testing import Answer, BatchServer, completion
from limbeck.testing.server import error_body
from tests.pipeline.batches import (
    PROMPTS,
    Killed,
    asked,
    context,
    counts,
    first,
    said,
)

ENDS: list[tuple[Answer | bool | None, str]] = [
    (Answer(completion("cou", "length")), "truncated"),
    (Answer(error_body("violence", "content_filter"), 400), "refused"),
    (Answer(error_body("slow down", "rate_limit_exceeded"), 429), "rate_limited"),
    (Answer(error_body("too long", "context_length_exceeded"), 400), "bad_request"),
    (Answer({"choices": []}), "malformed"),
    (None, ""),
]


def test_every_line_ends_as_it_would_have_live(tmp_path: Path) -> None:
    ends = dict(zip(PROMPTS, ENDS, strict=True))
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        [name] = submit(ctx).batches
        keys = {
            text: line["custom_id"] for text, line in zip(PROMPTS, server.lines(name), strict=True)
        }
        server.finish(name, lambda line: ends[line["body"]["messages"][-1]["content"]][0])
        done = collect(ctx)
        assert dict(done.batches[name].failed) == {
            "bad_request": 1, "malformed": 1, "rate_limited": 1,
        }  # fmt: skip
        assert "rate_limited, for example: batch batch_000000: slow down" in said(ctx)
        with Ledger(ctx.ledger) as ledger:
            for text, (_, reason) in ends.items():
                reply, failure = ledger.get(keys[text]), ledger.failure(keys[text])
                found = reply.reason if reply else failure.reason if failure else ""
                assert found == reason, text
        # A request that was refused as bad stays so; the others can be asked again.
        assert done.missing == 3
        assert asked(server, submit(ctx).batches[0]) == [PROMPTS[2], PROMPTS[4], PROMPTS[5]]


def test_a_line_that_cannot_be_read_hurts_no_other(tmp_path: Path) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        [name] = submit(ctx).batches
        server.finish(name)
        file = server.batches[name]["output_file_id"]
        lines = server.files[file].splitlines(keepends=True)
        cut = json.loads(lines[0])["custom_id"]
        lines[0] = lines[0][: len(lines[0]) - 9] + b"\n"
        stranger = json.loads(lines[1]) | {"custom_id": "é"}
        more = [b"\xff\xfe{\n", b"\n", json.dumps(stranger).encode() + b"\n", lines[1]]
        server.files[file] = b"".join([*lines[:3], *more, *lines[3:]])
        tally = collect(ctx).batches[name]
        assert (tally.answered, dict(tally.failed), tally.unknown) == (5, {"malformed": 1}, 3)
        with Ledger(ctx.ledger) as ledger:
            failure = ledger.failure(cut)
        assert failure is not None
        assert failure.reason == "malformed"
        assert failure.wasted.completion_tokens == 300, "it was answered, so it may be billed"


def test_a_collect_that_is_killed_is_done_again_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        [name] = submit(ctx).batches
        server.finish(name, first(4), status="expired")

        def killed(*_: Any) -> None:
            raise Killed

        status(ctx)
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "set_batch_status", killed)
            with pytest.raises(Killed):
                collect(ctx)
        assert counts(ctx) == (4, 2)
        tally = collect(ctx).batches[name]
        assert (tally.answered, tally.repeated, dict(tally.failed)) == (0, 4, {"timeout": 2})
        assert counts(ctx) == (4, 2)


def test_a_result_file_that_is_gone_leaves_its_requests_missing(tmp_path: Path) -> None:
    with BatchServer() as server:
        ctx = context(tmp_path, server.base_url)
        [name] = submit(ctx).batches
        server.finish(name, first(4), status="expired")
        del server.files[server.batches[name]["output_file_id"]]
        done = collect(ctx)
        assert (done.batches[name].gone, done.missing) == (1, 6)
        assert "not on the server any more" in said(ctx)
