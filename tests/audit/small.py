"""A dataset small enough to count by hand, and its rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
