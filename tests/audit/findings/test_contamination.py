"""Items that rows hold, by rule and by file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.audit.findings import contamination
from limbeck.errors import DataError
from tests.audit.small import finding

QUESTIONS = [
    "Anna has 12 apples and buys 30 more apples at the market. How many apples has Anna now?",
    "A train of 7 wagons with 20 seats each is half full. How many people sit in the train?",
    "小明有12个苹果，又买了30个。他现在有多少个苹果？",
]


def items(path: Path, questions: list[str]) -> Path:
    path.parent.mkdir(exist_ok=True)
    rows = [json.dumps({"id": f"q{n}", "question": text}) for n, text in enumerate(questions)]
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def rows(*asked: str) -> list[dict[str, Any]]:
    return [{"instruction": text, "output": "42"} for text in asked]


def test_items_are_counted_once_by_their_strictest_rule(tmp_path: Path) -> None:
    named = items(tmp_path / "maths.jsonl", QUESTIONS)
    asked = rows(
        QUESTIONS[0].replace("12", "13").replace("30", "31"),
        QUESTIONS[0],
        QUESTIONS[0].upper(),
        QUESTIONS[2],
        "What is the capital of France?",
    )
    found = finding(asked, "contamination", against=[named])
    assert (found["count"], found["of"], found["unit"], found["level"]) == (
        2,
        3,
        "items",
        "problem",
    )
    assert ["maths", "2 of 3 (66.7%)"] in found["details"]
    first, second = found["examples"]
    assert first["places"] == [2]
    assert first["note"].startswith("maths, item 1: word for word")
    assert second["places"] == [4]
    clean = finding(asked[4:], "contamination", against=[named])
    assert (clean["count"], clean["level"]) == (0, "good")


def test_an_item_in_an_input_or_an_output_is_found(tmp_path: Path) -> None:
    named = items(tmp_path / "maths.jsonl", QUESTIONS)
    asked = [
        {"instruction": "Solve it.", "input": QUESTIONS[0], "output": "42"},
        {"instruction": "Ask something.", "output": QUESTIONS[1]},
    ]
    assert finding(asked, "contamination", against=[named])["count"] == 2


def test_parts_of_the_rows_say_what_all_at_once_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = [
        items(tmp_path / "a" / "t.jsonl", QUESTIONS[:2]),
        items(tmp_path / "b" / "t.jsonl", QUESTIONS),
    ]
    asked = rows(*(f"{QUESTIONS[n % 3]} {'x' * (n % 2)}".strip() for n in range(10)))
    one = finding(asked, "contamination", against=named)
    monkeypatch.setattr(contamination, "PART", 3)
    assert finding(asked, "contamination", against=named) == one
    assert one["count"] == 5
    assert [label for label, _ in one["details"][:2]] == ["a/t", "b/t"]


def test_without_a_benchmark_nothing_is_known() -> None:
    found = finding(rows("Q"), "contamination")
    assert (found["level"], found["why"]) == ("unknown", "no evaluation was named")


def test_a_file_that_cannot_be_read_is_told_before_the_rows_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="maths"):
        finding(rows("Q"), "contamination", against=[tmp_path / "maths.jsonl"])
