"""What a server says besides a text, through the real command: calls of tools, and reasoning."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from limbeck.testing.server import Answer, ApiServer, completion
from tests.engine import count, limbeck, records, write_recipe

CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "北京"}'},
}
THOUGHT = "Zwei und zwei – also 4."


def made(folder: Path, body: Any, more: str = "") -> tuple[dict[str, Any], int]:
    """The record of one answer, and how often it was asked for."""
    with ApiServer(script=lambda sent, number: Answer(body)) as server:
        recipe = write_recipe(folder, server.base_url, [{"prompt": "2+2?"}], more=more)
        limbeck(folder, "generate", str(recipe))
    return records(folder)[0], len(server.bodies)


@pytest.mark.parametrize(
    ("message", "finish"),
    [
        ({"tool_calls": [{**CALL, "index": 0}]}, "tool_calls"),
        ({"tool_calls": [CALL]}, "stop"),
        ({"function_call": CALL["function"]}, "function_call"),
    ],
)
def test_an_answer_of_tool_calls_is_kept_and_asked_for_once(
    tmp_path: Path, message: dict[str, Any], finish: str
) -> None:
    record, asked = made(tmp_path, completion(None, finish, **message))
    call = CALL if "tool_calls" in message else {k: CALL[k] for k in ("type", "function")}
    assert (record["completion"], record["meta"]["tool_calls"]) == ("", [call])
    assert (record["meta"]["finish_reason"], asked) == ("tool_calls", 1)
    assert "empty" not in limbeck(tmp_path, "filter", "runs/r")
    assert count(tmp_path) == 1


@pytest.mark.parametrize(
    "message",
    [
        {"reasoning_content": THOUGHT},
        {"reasoning": THOUGHT, "reasoning_content": THOUGHT},
        {"reasoning_details": [{"type": "reasoning.text", "text": THOUGHT}]},
        {"content": [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": "4"}]},
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]},
                {"type": "text", "text": "4"},
            ]
        },
    ],
)
def test_the_reasoning_stands_beside_the_completion(
    tmp_path: Path, message: dict[str, Any]
) -> None:
    body = completion("4", **message)
    record, asked = made(tmp_path, body)
    assert (record["completion"], record["meta"]["reasoning"], asked) == ("4", THOUGHT, 1)


@pytest.mark.parametrize(("finish", "reason"), [("length", "truncated"), ("stop", "empty")])
def test_a_thought_without_an_answer_is_paid_once(tmp_path: Path, finish: str, reason: str) -> None:
    body = completion(None, finish, reasoning=THOUGHT)
    with ApiServer(script=lambda sent, number: Answer(body)) as server:
        recipe = write_recipe(tmp_path, server.base_url, [{"prompt": "2+2?"}])
        out = limbeck(tmp_path, "generate", str(recipe))
    assert f"1 {reason}" in out
    assert len(server.bodies) == 1
    assert records(tmp_path)[0]["meta"]["reasoning"] == THOUGHT


def test_an_answer_without_either_has_the_record_that_it_had(tmp_path: Path) -> None:
    record, _ = made(tmp_path, completion("4", tool_calls=[], reasoning=None))
    assert set(record["meta"]) == {"finish_reason", "usage"}
    with sqlite3.connect(tmp_path / "ledger.sqlite") as link:
        ((key,),) = link.execute("SELECT key FROM replies").fetchall()
    assert key == record["provenance"]["request"]
