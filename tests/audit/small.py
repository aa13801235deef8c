"""A dataset small enough to count by hand, and its rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limbeck.audit.measure import measure
from limbeck.reading.forms import Row, read_row

ROWS: list[dict[str, Any]] = [
    {"instruction": "Is it good or bad?", "input": "Lovely!", "output": "Good."},
    {"instruction": "Is it good or bad?", "input": "Lovely!", "output": "bad"},
    {"instruction": "Is it good or bad?", "input": "Awful!", "output": "Bad"},
    {"instruction": "Write a poem about the sea.", "output": "The sea is blue 🌊\nand so am I"},
    {"instruction": "Write a poem about the sea.", "output": "The sea is blue 🌊\nand so am I"},
    {"instruction": "写一首关于大海的诗。", "output": "大海，你好"},
    {"instruction": "<script>alert('x')</script>", "input": "=1+1", "output": ""},
    {"instruction": "Écris.", "input": "", "output": "I'm sorry, but I can't help with that."},
]


def write_rows(path: Path, rows: list[dict[str, Any]] | None = None) -> Path:
    """The rows as JSON lines."""
    rows = ROWS if rows is None else rows
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


@dataclass
class Listed:
    """A source whose rows are in memory."""

    listed: list[Row]
    name: str = "数据.jsonl"
    about: str = "JSON lines, read as instruction, output"
    forms: Counter[str] = field(default_factory=Counter)
    columns: dict[str, str] = field(default_factory=dict)
    unreadable: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)
    licence: str = ""
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    answered: bool = True

    def rows(self) -> Iterator[Row]:
        return iter(self.listed)


def finding(rows: Iterable[dict[str, Any]] | Listed, key: str, **more: Any) -> dict[str, Any]:
    """One finding of these rows."""
    opened = rows if isinstance(rows, Listed) else source(rows)
    found = measure(opened, version="1", **more)["findings"]
    return next(one for one in found if one["key"] == key)


def source(rows: Iterable[dict[str, Any]] | None = None, **more: Any) -> Listed:
    """Rows as they stand in a file, opened."""
    read = [read_row(raw, place) for place, raw in enumerate(ROWS if rows is None else rows, 1)]
    forms = Counter(one.form for one in read)
    answered = any(one.answered for one in read)
    return Listed([row for one in read for row in one.rows], forms=forms, answered=answered, **more)
