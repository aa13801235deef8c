"""Demos from rows and from records; a row that cannot be used is named with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.demos import Demo, by_task, read_demos
from limbeck.errors import DataError, UserError
from limbeck.seeds import seeds_of

ROW = {"task": "咖啡", "id": "a", "input": "Très bon ☕", "output": "好", "options": ["好", "坏"]}


def demo_file(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "demos.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_row_is_a_demo(tmp_path: Path) -> None:
    path = demo_file(tmp_path, ROW, ROW | {"id": 7, "options": None}, ROW | {"id": "c"})
    first, second, third = read_demos(path)
    assert first == Demo("a", "咖啡", "Très bon ☕", "好", ("好", "坏"))
    assert second == Demo("7", "咖啡", "Très bon ☕", "好", ())
    assert third.id == "c"


def test_options_may_be_missing(tmp_path: Path) -> None:
    row = {key: value for key, value in ROW.items() if key != "options"}
    assert read_demos(demo_file(tmp_path, row))[0].options == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"output": "Gut"}, "the output 'Gut' is none of the options '好', '坏'"),
        ({"output": "好 "}, "the output '好 ' is none of the options '好', '坏'"),
        ({"input": " \n"}, "input is empty"),
        ({"output": ""}, "output is empty"),
        ({"id": ""}, "id is empty"),
        ({"id": True}, "id must be text, got True"),
        ({"input": 3}, "input must be text, got 3"),
        ({"options": ["好", "坏", "好"]}, "the option '好' is repeated"),
        ({"options": ["好", "坏", "坏 "]}, "the option '坏 ' is repeated"),
        ({"options": ["好", ""]}, "an option is empty"),
        ({"options": ["好", 2]}, "an option must be text, got 2"),
        ({"options": "好坏"}, "options must be a list of texts, got '好坏'"),
        ({"input": "\ud83d"}, "input holds half a character (a lone surrogate)"),
        ({"id": "a"}, "line 1 has the id 'a', too"),
    ],
)
def test_a_bad_row_is_named_with_its_line(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    path = demo_file(tmp_path, ROW, ROW | {"id": "b"}, ROW | {"id": "c"} | change)
    with pytest.raises(DataError) as caught:
        read_demos(path)
    assert str(caught.value).startswith(f"{path}, line 3: {reason}")
    assert (caught.value.path, caught.value.line) == (path, 3)


@pytest.mark.parametrize("key", ["task", "id", "input", "output"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    row = {name: value for name, value in ROW.items() if name != key}
    with pytest.raises(DataError, match=rf"line 1: the key '{key}' is missing"):
        read_demos(demo_file(tmp_path, row))


def test_a_file_without_demos_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no demos"):
        read_demos(demo_file(tmp_path))
    with pytest.raises(DataError, match="cannot read"):
        read_demos(tmp_path / "missing.jsonl")


def test_a_seed_record_is_a_demo() -> None:
    row = {"prompt": "好吗？", "target": "好", "options": ["好", "坏"], "task": "t"}
    (record,) = seeds_of(row)
    assert Demo.of_record(record) == Demo(record.id, "t", "好吗？", "好", ("好", "坏"))


def test_a_record_with_an_input_of_its_own_is_asked_that() -> None:
    (with_input,) = seeds_of({"instruction": "Translate.", "input": "chat", "output": "cat"})
    (without,) = seeds_of({"instruction": "Greet.", "input": "", "output": "Hello"})
    assert Demo.of_record(with_input).input == "chat"
    assert Demo.of_record(without).input == "Greet."


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"prompt": "Why?"}, "'Why\\?'.* has no target"),
        ({"prompt": "Why?", "target": "c", "options": ["a", "b"]}, "cannot be a demo: the output"),
    ],
)
def test_a_record_that_is_no_demo_is_named(row: dict[str, Any], reason: str) -> None:
    (record,) = seeds_of(row)
    with pytest.raises(UserError, match=reason):
        Demo.of_record(record)


def test_pools_are_by_task_in_order() -> None:
    demos = [Demo(name, task, "x", "y") for name, task in (("1", "b"), ("2", "a"), ("3", "b"))]
    pools = by_task(demos)
    assert list(pools) == ["b", "a"]
    assert [demo.id for demo in pools["b"]] == ["1", "3"]
