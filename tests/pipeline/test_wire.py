"""What a server says besides a text, through the real command: calls of tools, and reasoning."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.ledger.entries import request_key
from limbeck.pipeline.format import from_row, to_row
from limbeck.protocols import Request
from limbeck.reading.special import record_row
from limbeck.record import Provenance, Record, user
from limbeck.seeds import seeds_of
from limbeck.testing.server import Answer, ApiServer, completion
from limbeck.trainers.example import PLAIN_TEMPLATE, encode
from limbeck.trainers.turns import _both, _conversation
from tests.engine import count, limbeck, records, write_recipe
from tests.tiny import make_tokenizer

CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "北京"}'},
}
KEY = "2408a677b508d7903260cc5f8b60f4260781cbda"
ID = "abb64b6a58105725c4dfff3d93d1a986"
SEED = "f68c53a0d5012230cada099847cc1632"
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


TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"minimum": 1e-9}}}]
CHAT = [
    {"role": "developer", "content": "Sé breve."},
    {"role": "user", "content": "天气?", "name": "Zoë"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "content": "18 °C", "tool_call_id": "c1"},
]


def test_tools_are_sent_as_given_and_stay_with_the_row(tmp_path: Path) -> None:
    fields: dict[str, Any] = {
        "tools": TOOLS,
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "response_format": {"type": "text"},
    }
    with ApiServer(script=lambda sent, number: Answer(completion(None, tool_calls=[CALL]))) as api:
        recipe = write_recipe(tmp_path, api.base_url, [{"messages": CHAT, **fields}])
        limbeck(tmp_path, "generate", str(recipe))
        (body,) = api.bodies
    assert {key: body[key] for key in ("messages", *fields)} == {"messages": CHAT, **fields}
    (row,) = records(tmp_path)
    record = Record.from_json(row)
    assert row["messages"][2]["tool_calls"] == [CALL]
    assert record.fields == fields
    assert from_row(to_row(record)) == record
    assert record_row(row, 1).rows[0].record == record.id
    path = "runs/r/generate/records.jsonl"
    for form in ("sharegpt", "alpaca"):
        export = ("export", path, "--format", form, "--to", "a.jsonl")
        assert "with a tool's turns or calls" in limbeck(tmp_path, *export, code=2)
    limbeck(tmp_path, "import", path, "--to", "back.jsonl")
    (seed,) = map(json.loads, (tmp_path / "back.jsonl").read_text(encoding="utf-8").splitlines())
    (again,) = seeds_of(seed)
    assert (again.messages, again.fields) == (record.messages, fields)
    assert again.answer.tool_calls == (CALL,)


@pytest.mark.parametrize(
    ("row", "more", "says"),
    [
        ({"messages": CHAT, "functions": []}, "", "functions is sent to no teacher"),
        ({"messages": [{"role": "user", "content": "a", "audio": {"id": "x"}}]}, "", "'audio'"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]},
            "",
            "only texts are sent",
        ),
        ({"prompt": "a", "tools": [5]}, "", "tools must be"),
        ({"prompt": "a", "tools": TOOLS}, ", template: raw", "set template to chat"),
        ({"instruction": "a", "tools": TOOLS}, ", generator: self_instruct", "does not send"),
    ],
)
def test_what_is_not_sent_is_said_before_anything_is_paid(
    tmp_path: Path, row: dict[str, Any], more: str, says: str
) -> None:
    with ApiServer() as server:
        recipe = write_recipe(tmp_path, server.base_url, [row])
        text = recipe.read_text(encoding="utf-8").replace("max_tokens: 32", "max_tokens: 32" + more)
        recipe.write_text(text.replace("max_tokens: 32, generator", "generator"), encoding="utf-8")
        code = 1 if '"messages"' in text else 2
        assert says in " ".join(limbeck(tmp_path, "generate", str(recipe), code=code).split())
    assert server.bodies == []


def test_a_template_that_leaves_tools_out_is_refused_and_one_that_has_them_learns_a_call() -> None:
    record = Record(
        (user("天气?"),), "", Provenance("answers"), meta={"tools": TOOLS, "tool_calls": [CALL]}
    )
    with pytest.raises(UserError, match="no place for tools"):
        encode(make_tokenizer(PLAIN_TEMPLATE), record, eos_ids=[0])
    template = (
        "{{ tools | tojson }}{% for m in messages %}{{ m.role }}:{{ m.content }}"
        "{% for c in m.tool_calls or [] %}{{ c.function | tojson }}{% endfor %}{% endfor %}"
        "{% if add_generation_prompt %}assistant:{% endif %}"
    )
    tokenizer = make_tokenizer(template)
    prompt, text = _both(tokenizer, *_conversation(record))
    assert text.removeprefix(prompt) == '{"name": "weather", "arguments": {"city": "北京"}}'


def test_keys_and_ids_are_those_of_before_there_were_tools() -> None:
    request = Request((user("Où?"),), seed=7)
    assert request_key({"endpoint": "e", "model": "m"}, request) == KEY
    assert Record((user("Où?"),), "là", Provenance("answers")).id == ID
    assert next(seeds_of({"prompt": "Où?"})).id == SEED


def test_every_row_of_the_file_gives_its_rows_equal_ones_too(tmp_path: Path) -> None:
    rows = [{"prompt": "Grüße?"}, {"prompt": "为什么?"}, {"prompt": "Grüße?"}, {"prompt": "Grüße?"}]
    with ApiServer() as server:
        recipe = write_recipe(tmp_path, server.base_url, rows)
        limbeck(tmp_path, "generate", str(recipe), "--set", "generate.paths=2")
        sent = [(body["messages"][-1]["content"], body["seed"]) for body in server.bodies]
        limbeck(tmp_path, "generate", str(recipe), "--set", "generate.paths=2")
        assert len(server.bodies) == 8, "asked again"
    assert len(set(sent)) == 8, "each is a sample of its own"
    made = records(tmp_path)
    assert [row["messages"][-1]["content"] for row in made] == [
        text for row in rows for text in [row["prompt"]] * 2
    ]
    assert len({row["id"] for row in made}) == 8


def test_the_calls_and_the_thought_of_a_seeds_own_answer_stay_beside_its_target(
    tmp_path: Path,
) -> None:
    said = {"role": "assistant", "content": None, "tool_calls": [CALL], "reasoning": THOUGHT}
    seed: dict[str, Any] = {
        "messages": [{"role": "user", "content": "天气?"}, said],
        "tools": TOOLS,
    }
    with ApiServer(script=lambda sent, number: Answer(completion("18 °C"))) as api:
        recipe = write_recipe(tmp_path, api.base_url, [seed])
        limbeck(tmp_path, "generate", str(recipe))
        (body,) = api.bodies
    assert body["messages"] == seed["messages"][:1]
    (row,) = records(tmp_path)
    assert "target" not in row
    assert (row["meta"]["target_tool_calls"], row["meta"]["target_reasoning"]) == ([CALL], THOUGHT)
    assert not row["meta"].keys() & {"tool_calls", "reasoning"}
