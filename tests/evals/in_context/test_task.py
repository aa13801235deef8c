"""Rows and pools of in-context tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError
from limbeck.evals.in_context.task import read_tasks


def file(path: Path, *rows: tuple[str, str, str, list[str]]) -> Path:
    lines: list[Any] = [
        {"task": task, "id": f"{path.stem}{n}", "input": text, "output": output, "options": options}
        for n, (task, text, output, options) in enumerate(rows)
    ]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return path


def test_tasks_come_in_the_order_of_the_rows_and_a_limit_is_for_each(tmp_path: Path) -> None:
    ab, own = ["a", "b"], ["ja 😀", "nein"]
    rows = file(
        tmp_path / "rows.jsonl",
        ("天气", "下雨吗", "b", ab),
        ("m", "one", "ja 😀", own),
        ("天气", "晴", "a", ab),
        ("天气", "雾", "a", ab),
    )
    demos = file(tmp_path / "demos.jsonl", ("m", "x", "nein", own), ("天气", "y", "a", ["b", "a"]))
    weather, m = read_tasks(rows, demos, limit=2)
    assert (weather.name, m.name) == ("天气", "m")
    assert [row.input for row in weather.rows] == ["下雨吗", "晴"]
    assert [demo.input for demo in weather.pool] == ["y"]
    assert weather.labels == ("a", "b")  # in the rows' order, the same set in another order or not
    assert [weather.target(row) for row in weather.rows] == [1, 0]


def test_rows_with_options_of_their_own_share_no_labels(tmp_path: Path) -> None:
    rows = file(tmp_path / "rows.jsonl", ("c", "1", "b", ["a", "b"]), ("c", "2", "d", ["d", "e"]))
    (task,) = read_tasks(rows, rows)
    assert task.labels == ()
    assert [task.target(row) for row in task.rows] == [1, 0]


def test_what_cannot_be_asked_is_told_with_its_file(tmp_path: Path) -> None:
    rows = file(tmp_path / "rows.jsonl", ("t", "1", "b", ["a", "b"]))
    other = file(tmp_path / "other.jsonl", ("u", "1", "b", ["a", "b"]))
    free = file(tmp_path / "free.jsonl", ("t", "1", "b", []))
    with pytest.raises(DataError, match=r"other.jsonl has no demo of the task 't'.* those of 'u'"):
        read_tasks(rows, other)
    with pytest.raises(DataError, match=r"free.jsonl: the row 'free0' .* has no options"):
        read_tasks(free, rows)
