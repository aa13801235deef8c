"""The tasks of an in-context evaluation: rows to be labelled, and the pool that demos are from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from limbeck.demos import Demo, by_task, read_demos
from limbeck.errors import DataError


@dataclass(frozen=True, slots=True)
class Task:
    """`labels` are the options that all rows and demos share, in the order of the first row; ()
    where rows have their own, as in multiple choice: a label is then a place among these."""

    name: str
    rows: tuple[Demo, ...]
    pool: tuple[Demo, ...]
    labels: tuple[str, ...]

    def target(self, row: Demo) -> int:
        """The place of the right label."""
        return (self.labels or row.options).index(row.output)


def read_tasks(rows: Path, demos: Path, *, limit: int | None = None) -> tuple[Task, ...]:
    """The tasks of a file of rows, at most `limit` rows of each, in file order.

    Raises DataError for a row without at least two options, and for a task that the pool has no
    demo of.
    """
    asked, pools = by_task(read_demos(rows)), by_task(read_demos(demos))
    made = []
    for name, found in asked.items():
        for row in found:
            if len(row.options) < 2:
                raise DataError(
                    f"{rows}: the row {row.id!r} of the task {name!r} has "
                    f"{len(row.options) or 'no'} options, and labels are scored against each "
                    "other; give every row its options",
                    path=rows,
                )
        if name not in pools:
            tasks = ", ".join(map(repr, pools))
            raise DataError(
                f"{demos} has no demo of the task {name!r} of {rows}: it has those of {tasks}",
                path=demos,
            )
        made.append(Task(name, found[:limit], pools[name], _shared([*found, *pools[name]])))
    return tuple(made)


def _shared(rows: Sequence[Demo]) -> tuple[str, ...]:
    first = rows[0].options
    return first if all(sorted(row.options) == sorted(first) for row in rows) else ()
