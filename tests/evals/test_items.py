"""Multiple-choice items: what is read, and what is refused with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError
from limbeck.evals.items import Item, read_items

GOOD = {"id": "q1", "question": "Which?", "options": ["a", "b", "c"], "answer": 2, "topic": "t"}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_row_becomes_an_item(tmp_path: Path) -> None:
    path = write(tmp_path / "items.jsonl", GOOD)
    assert read_items(path) == [Item("q1", "Which?", ("a", "b", "c"), 2, "t")]


def test_the_answer_may_be_the_option_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "items.jsonl", GOOD | {"answer": "b"})
    assert read_items(path)[0].answer == 1


def test_without_an_id_the_place_is_the_id(tmp_path: Path) -> None:
    bare = {key: GOOD[key] for key in ("question", "options", "answer")}
    items = read_items(write(tmp_path / "items.jsonl", bare, GOOD, bare))
    assert [item.id for item in items] == ["0", "q1", "2"]
    assert items[0].topic == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"options": ["one"]}, "options must be 2 to 26 texts"),
        ({"options": [str(number) for number in range(27)]}, "options must be 2 to 26 texts"),
        ({"options": "abc"}, "options must be"),
        ({"options": ["a", 3]}, "options must be"),
        ({"options": ["a", " "]}, "options must be"),
        ({"options": ["a", "b", "a"]}, "two options are the same"),
        ({"answer": 3}, "answer must be the place of an option, from 0, got 3"),
        ({"answer": -1}, "got -1"),
        ({"answer": True}, "got True"),
        ({"answer": 1.0}, "got 1.0"),
        ({"answer": "d"}, "got 'd'"),
        ({"answer": None}, "got None"),
        ({"question": ""}, "question must be a text"),
        ({"question": ["Which?"]}, "question must be a text"),
    ],
)
def test_a_row_that_is_no_item_is_refused_with_its_line(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    path = write(tmp_path / "items.jsonl", GOOD, GOOD | change)
    with pytest.raises(DataError) as caught:
        read_items(path)
    assert reason in str(caught.value)
    assert str(caught.value).startswith(f"{path}, line 2: ")
    assert (caught.value.path, caught.value.line) == (path, 2)


@pytest.mark.parametrize("key", ["question", "options", "answer"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    row = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(DataError, match=f"line 1: the key '{key}' is missing"):
        read_items(write(tmp_path / "items.jsonl", row))


def test_a_file_without_items_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no items"):
        read_items(write(tmp_path / "items.jsonl"))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        read_items(tmp_path / "none.jsonl")


def test_the_items_that_come_with_limbeck_are_read() -> None:
    folder = Path(__file__).parents[2] / "datasets" / "evals"
    for path in folder.glob("*.jsonl"):
        items = read_items(path)
        assert len({item.id for item in items}) == len(items)
