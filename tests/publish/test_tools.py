"""Tools, calls of them and reasoning in a published folder, and back again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.publish.folder import publish
from limbeck.publish.read import rows_of
from limbeck.publish.rows import from_published
from limbeck.publish.verify import verify
from limbeck.record import Message, Provenance, Record, to_messages, user
from limbeck.said import template_turn
from limbeck.seeds import seeds_of
from limbeck.store import write_jsonl
from tests.engine import limbeck
from tests.publish.runs import YES, run_of

TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"minimum": 1e-9}}}]
DATA = "data/train-00000-of-00001.parquet"


def call(arguments: str) -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": arguments}}


def made(
    said: str = "", thought: str = "", arguments: str = '{"city":"北京", "days": 3}'
) -> list[Record]:
    """A row with calls on both sides, one with a thought alone, one with tools alone, and a plain
    one."""
    turns = (
        Message("developer", "Sé breve."),
        user("天气?"),
        Message("assistant", "", tool_calls=(call("{}"),), reasoning="Hm."),
        Message("tool", "18 °C", tool_call_id="c1"),
    )
    about = Provenance("answers", "fake:t", "", "f" * 40)
    calls = {"tools": TOOLS, "tool_calls": [call(arguments)], "finish_reason": "tool_calls"}
    return [
        Record(turns, said, about, meta=calls),
        Record((user("كم؟"),), "4", about, meta={"reasoning": thought or "Zwei und zwei."}),
        Record((user("Où?"),), "Là.", about, meta={"tools": TOOLS}),
        Record((user("hola"),), "sí", about),
    ]


def published(folder: Path, records: list[Record], **sections: Any) -> list[dict[str, Any]]:
    sections = {"filters": [], "format": {"valid": 0, "test": 0}} | sections
    publish(run_of(folder, records, **sections), folder / "d", YES)
    return list(rows_of(folder / "d" / DATA))


def test_a_published_folder_gives_the_same_records_back(tmp_path: Path) -> None:
    records = made()
    rows = published(tmp_path, records)
    assert [from_published(row) for row in rows] == records
    turns = [json.loads(turn) for turn in (*rows[0]["prompt"], *rows[0]["completion"])]
    given = {"name": "weather", "arguments": {"city": "北京", "days": 3}}
    assert turns[2]["tool_calls"][0]["function"]["arguments"] == {}
    assert turns[3] == {"role": "tool", "content": "18 °C", "tool_call_id": "c1"}
    assert turns[4]["tool_calls"] == [{**call(""), "function": given}]
    assert [json.loads(turn) for turn in rows[1]["completion"]] == [
        {"role": "assistant", "content": "4", "reasoning_content": "Zwei und zwei."}
    ]
    assert json.loads(rows[3]["prompt"][0]) == {"role": "user", "content": "hola"}
    assert [row["tools"] and json.loads(row["tools"]) for row in rows] == [TOOLS, None] * 2
    assert verify(tmp_path / "d").mismatches == []
    limbeck(tmp_path, "import", "d", "--to", "back.jsonl")
    lines = map(json.loads, (tmp_path / "back.jsonl").read_text(encoding="utf-8").splitlines())
    for line, record in zip(lines, records, strict=True):
        (seed,) = seeds_of(line)
        again = (seed.messages, seed.fields, replace(seed.answer, content=seed.target or ""))
        assert again == (record.messages, record.fields, record.answer)


def test_a_set_of_plain_chats_has_the_columns_that_it_had(tmp_path: Path) -> None:
    (row,) = published(tmp_path, made()[3:])
    assert row["prompt"] == [{"role": "user", "content": "hola"}]
    assert row["completion"] == [{"role": "assistant", "content": "sí"}]
    assert "tools" not in row


def test_arguments_that_are_no_json_stay_as_they_are(tmp_path: Path) -> None:
    for at, text in enumerate(("{not", '{"n": 123456789012345678901234}')):
        (row,) = published(tmp_path / str(at), made(arguments=text)[:1])
        (turn,) = map(json.loads, row["completion"])
        assert turn["tool_calls"] == [call(text)]


@pytest.mark.parametrize("where", ["call", "thought"])
def test_a_key_in_a_call_or_a_thought_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv("MY_API_KEY", 'geh"eim-und-lang')
    text = 'X geh"eim-und-lang'
    records = made(thought=text) if where == "thought" else made(arguments=json.dumps({"k": text}))
    with pytest.raises(UserError, match=r"would hold the value of \$MY_API_KEY"):
        published(tmp_path, records)


def exported(folder: Path, form: str, to: str, records: list[Record]) -> tuple[str, list[Any]]:
    write_jsonl(folder / "records.jsonl", (record.to_json() for record in records))
    out = limbeck(folder, "export", "records.jsonl", "--format", form, "--to", to)
    if to.endswith("parquet"):
        return out, list(rows_of(folder / to))
    return out, [json.loads(line) for line in (folder / to).read_text("utf-8").splitlines()]


@pytest.mark.parametrize("form", ["messages", "prompt_completion"])
@pytest.mark.parametrize("to", ["a.jsonl", "a.parquet"])
def test_an_export_of_turns_has_calls_tools_and_reasoning(
    tmp_path: Path, form: str, to: str
) -> None:
    records = made()
    _, rows = exported(tmp_path, form, to, records)
    for row, record in zip(rows, records, strict=True):
        turns = row["messages"] if form == "messages" else [*row["prompt"], *row["completion"]]
        read = to_messages([json.loads(t) if isinstance(t, str) else t for t in turns])
        tools = row.get("tools") and json.loads(row["tools"])
        wanted = [m.to_json() for m in (*record.messages, record.answer)]
        assert [*map(template_turn, (m.to_json() for m in read))] == [*map(template_turn, wanted)]
        assert tools == record.fields.get("tools")


@pytest.mark.parametrize("form", ["alpaca", "sharegpt"])
def test_what_a_form_has_no_place_for_is_counted(tmp_path: Path, form: str) -> None:
    out, rows = exported(tmp_path, form, "a.jsonl", made())
    said = " ".join(out.split())
    assert len(rows) == 2
    for part in ("1 rows with a tool's turns or calls", "1 rows with tools", "1 rows have reason"):
        assert part in said
