"""What tables of an in-context report are made of.

A cell is a text and a note that stands beside it ("" for none). `escape` is applied to names and
labels from outside; all else is plain text that needs none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from limbeck.evals.in_context import lookup, words
from limbeck.evals.in_context.lookup import ROLES, Found, Point
from limbeck.evals.pages import wording
from limbeck.evals.pages.wording import Escape, visible

Cell = tuple[str, str]
Row = tuple[Cell, tuple[Cell, ...]]

NONE: Cell = ("–", "")
UNKNOWN: Cell = (wording.MISSING, "")
MODELS = tuple(role.capitalize() for role in ROLES)


@dataclass(frozen=True, slots=True)
class Table:
    """`head` names the columns, the first that of the rows' names; `fold` names what the table is
    folded into on a page, "" where it is always shown."""

    title: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    fold: str = ""


def measured(point: Point, role: str, metric: str = "accuracy", unit: str = "share") -> Cell:
    """A value with its interval; of several draws of demos the worst beside it."""
    entry = lookup.metric(point, role, metric)
    worst = wording.finite((entry or {}).get("worst"))
    draws = wording.finite(point.get("seeds")) or 1
    note = f"worst {words.share(worst)}" if worst is not None and draws > 1 else ""
    return words.ranged(entry, unit), note


def moved(entry: Mapping[str, Any] | None) -> Cell:
    """A difference of shares."""
    return wording.difference(entry, "share"), ""


def at_the_ends(found: Found, escape: Escape) -> Iterator[tuple[str, str, Point]]:
    """What a table without a row for every task is about, as the note of its rows, the selector,
    and the point of its curve's end: of the mean, or of each task where there is no mean."""
    for scope, several in lookup.scopes(found):
        for select, shots in lookup.ends(found):
            if point := lookup.at(several, select, shots):
                task = "" if scope is None else f"{scope}, "
                note = visible(f"{task}{words.with_demos(select, shots)}", one_line=True)
                yield escape(note), escape(visible(select, one_line=True)), point


def about(found: Found) -> str:
    """The first sentence of such a table's caption; "" where it goes without saying."""
    if not lookup.mean(found):
        return "By task, since the tasks share no condition. "
    if len(lookup.tasks(found)) == 1:
        return ""
    return f"{words.mean_of(found)}; what each task has is in report.json. "


def without_empty_columns(
    head: tuple[str, ...], rows: Iterable[Row]
) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """The head and rows of the columns in which anything stands."""
    made = tuple(rows)
    kept = {p for _, row in made for p, cell in enumerate(row) if cell not in (NONE, UNKNOWN)}
    names = tuple(name for place, name in enumerate(head[1:]) if place in kept)
    left = tuple((name, tuple(c for p, c in enumerate(row) if p in kept)) for name, row in made)
    return (head[0], *names), left
