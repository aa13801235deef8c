"""The tables for a terminal, as wide as their content: transfer, with the last column in words, and
in-context ability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from limbeck.evals.in_context.tables import curve
from limbeck.evals.pages import findings, pools, rows
from limbeck.evals.pages.verdict import verdict
from limbeck.evals.pages.wording import visible


def transfer_table(report: Mapping[str, Any]) -> RenderableType:
    """The tables of what was measured and the verdict, ready to be printed."""
    found = report.get("in_context")
    tables = [] if found and not report["tasks"] else [_transfer(report)]
    tables += _in_context(found) if found else []
    reading = findings.reading(report)
    lines = [*verdict(report), *([reading] if reading else [])]
    return Group(*tables, *map(Text, lines))


def _transfer(report: Mapping[str, Any]) -> Table:
    """A row a task and a mean; what is left without flagged items is on the page alone."""
    table = Table(title="Transfer", title_justify="left", pad_edge=False)
    adjusted = any(findings.adjusted(task) for task in pools.main_view(report))
    table.add_column("task", no_wrap=True)
    for role in rows.ROLES:
        table.add_column(role, justify="right", no_wrap=True)
    table.add_column("student − base", justify="right")
    table.add_column("p (Holm)" if adjusted else "p", justify="right")
    table.add_column("gap closed", justify="right")
    table.add_column("n", justify="right", no_wrap=True)
    for _, several in rows.groups(report):
        for row in several:
            if row.kind != "clean":
                cells = (*row.scores, row.change, row.p, row.gap, row.n)
                table.add_row(Text(visible(row.name, one_line=True)), *map(Text, cells))
    return table


def _in_context(found: Mapping[str, Any]) -> list[Table]:
    """The mean without demos and at the end of every curve; nothing where there is no mean."""
    shown = curve(found, whole=False)
    if not shown.rows:
        return []
    table = Table(title=f"In context: {shown.title}", title_justify="left", pad_edge=False)
    for place, name in enumerate(shown.head):
        table.add_column(name.lower(), justify="right" if place else "left")
    for (name, _), cells in shown.rows:
        table.add_row(Text(name), *(Text(text) for text, _ in cells))
    return [table]
