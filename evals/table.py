"""The transfer table for a terminal: as wide as its content, the last column in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from limbeck.evals import wording


def transfer_table(report: Mapping[str, Any]) -> RenderableType:
    """The verdict and the table, ready to be printed."""
    table = Table(title="Transfer", title_justify="left", pad_edge=False)
    table.add_column("task", no_wrap=True)
    for role in ("base", "student", "teacher"):
        table.add_column(role, justify="right", no_wrap=True)
    table.add_column("gap closed", justify="right")
    table.add_column("n", justify="right", no_wrap=True)
    for task in report["tasks"]:
        cells = [wording.score(task[role], task["unit"]) for role in ("base", "student", "teacher")]
        words, _ = wording.gap_cell(task)
        table.add_row(
            Text(wording.visible(task["task"])), *map(Text, cells), Text(words), str(task["n"])
        )
    return Group(table, *(Text(line) for line in wording.verdict(report)))
