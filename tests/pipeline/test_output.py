"""A stage's results: files that appear whole or not at all, and sums of what went in."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from limbeck.pipeline.output import output, reply_row
from limbeck.protocols import AskFailure, Reply, Usage
from limbeck.record import Verdict
from limbeck.testing import record
from tests.engine import rows


class Context(SimpleNamespace):
    """As much of a run as an output needs."""

    def __init__(self) -> None:
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.said: list[str] = []
        super().__init__(
            run=SimpleNamespace(log=lambda event, **more: self.logged.append((event, more))),
            reporter=SimpleNamespace(say=self.said.append),
        )


def test_everything_goes_to_its_file_and_its_sum(tmp_path: Path) -> None:
    context: Any = Context()
    row, draft = record("Ça va 🙂"), record("坏")
    with output(context, tmp_path, drafts=True) as out:
        out.emit(row)
        out.draft(draft, Verdict(draft.id, "rules", False, None, "empty"))
        out.answered(Reply("Ça va 🙂", usage=Usage(3, 4)))
        out.answered(Reply("", usage=Usage(2, 0)))
        out.fail(AskFailure("seed 一", 0, "timeout", "too slow"))
        out.count("read", 0)
        out.count("kept")
        out.count("read", 2)
        out.say("that is all")
        assert list(tmp_path.glob("*.jsonl")) == [], "nothing is there before all of it is"
    assert rows(tmp_path / "records.jsonl") == [row.to_json()]
    [stored] = rows(tmp_path / "drafts.jsonl")
    assert stored["record"] == draft.to_json()
    assert stored["verdict"]["reason"] == "empty"
    [failure] = rows(tmp_path / "failures.jsonl")
    assert (failure["seed"], failure["reason"]) == ("seed 一", "timeout")
    assert (out.calls, out.tally["records"]) == (3, 1)
    assert (out.tally["prompt_tokens"], out.tally["completion_tokens"]) == (5, 4)
    assert out.useless == {"empty": 1}
    assert list(out.funnel.items()) == [("read", 2), ("kept", 1)]
    assert context.said == ["generate: that is all"]
    assert [event for event, _ in context.logged] == ["request_failed", "said"]


def test_a_stop_leaves_no_file(tmp_path: Path) -> None:
    context: Any = Context()

    def stopped() -> None:
        with output(context, tmp_path, drafts=False) as out:
            assert out.files == ["records.jsonl", "failures.jsonl"]
            out.emit(record("x"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert list(tmp_path.glob("*.jsonl")) == []


def test_replies_that_were_used_are_written_in_their_order(tmp_path: Path) -> None:
    context: Any = Context()
    with output(context, tmp_path, drafts=True, replies=True) as out:
        assert out.files == ["records.jsonl", "failures.jsonl", "drafts.jsonl", "replies.jsonl"]
        out.answered(Reply("好 🙂", usage=Usage(3, 4, 2), key="b"))
        out.fail(AskFailure("s", 0, "timeout", "too slow"))
        out.answered(Reply("", usage=Usage(2, 0), key="a"))
    assert rows(tmp_path / "replies.jsonl") == [
        {"key": "b", "prompt_tokens": 3, "completion_tokens": 4, "who": "teacher"},
        {"key": "a", "prompt_tokens": 2, "completion_tokens": 0, "who": "teacher"},
    ]
    row = reply_row(Reply("9", usage=Usage(5, 1), key="c"), "referee")
    assert row == {"key": "c", "prompt_tokens": 5, "completion_tokens": 1, "who": "referee"}
