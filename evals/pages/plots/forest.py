"""Geometry of the forest plot: what the student gained on each task, and what the teacher has on
base, one below the other.

One figure says both things that a reader must not tear apart: the gain in points with its
interval, which always exists, and how much there was to gain. Gap closed is the ratio of the two
marks, so its number stands beside the row, and needs no plot of its own: as a plot it cannot show
the tasks on which the teacher is not measurably better, or stretches its axis to infinity for them.

Tasks with one unit share a panel and its axis. Right is better, so that the axis of a unit where
less is better runs from right to left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from limbeck.evals.pages import pools, wording
from limbeck.evals.pages.plots.axes import Axis, around, minus, short, ticks
from limbeck.evals.pages.wording import Task

ROW = 52  # px, of a task
HEAD = 26  # px, of a kind's name
TOP = 20
FOOT = 44
ENDS = ("value", "low", "high")

Key = tuple[str, bool]


def forest(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A panel for every unit, in the order of the table; [] where nothing is known."""
    groups: dict[Key, list[tuple[str, list[Task]]]] = {}
    for label, tasks in wording.by_kind(pools.main_view(report)):
        by_unit: dict[Key, list[Task]] = {}
        for task in tasks:
            by_unit.setdefault(_key(task), []).append(task)
        pool = pools.of_kind(report, label)
        if pool and len(by_unit) == 1 and len(pool["names"]) > 1 and not pool["mixed"]:
            pool = {**pool, "task": f"Mean over {len(pool['names'])} tasks", "pooled": True}
            next(iter(by_unit.values())).append(pool)
        for key, several in by_unit.items():
            groups.setdefault(key, []).append((label, several))
    panels = [_panel(unit, higher, kinds) for (unit, higher), kinds in groups.items()]
    return [panel for panel in panels if panel is not None]


def _key(task: Task) -> Key:
    return str(task.get("unit") or ""), task.get("higher_is_better") is not False


def _panel(
    unit: str, higher: bool, kinds: Sequence[tuple[str, list[Task]]]
) -> dict[str, Any] | None:
    tasks = [task for _, several in kinds for task in several]
    moves = [task.get(key) or {} for task in tasks for key in _MARKS.values()]
    known = [
        end for move in moves for key in ENDS if (end := wording.finite(move.get(key))) is not None
    ]
    if not known:
        return None
    axis = around(known, flipped=not higher)
    rows, y = list[dict[str, Any]](), TOP
    for row in _rows(kinds, axis):
        rows.append({**row, "y": y})
        y += HEAD if row["head"] else ROW
    scale = 100 if unit == "share" else 1
    marks = ticks(axis.low * scale, axis.high * scale, about=6)
    said = {"share": "points", "": "of the score"}.get(unit, short(unit))
    return {
        "rows": rows,
        "top": TOP,
        "bottom": y,
        "height": y + FOOT,
        "zero": axis.place(0.0),
        "ticks": [(axis.place(mark / scale), _tick(mark, marks)) for mark in marks],
        "unit": said,
        "words": ". ".join(_told(row) for row in rows if not row["head"]),
    }


def _tick(mark: float, marks: Sequence[float]) -> str:
    step = marks[1] - marks[0] if len(marks) > 1 else 1
    digits = 0 if step >= 1 and step == round(step) else 1 if step >= 0.1 else 2
    return minus(f"{mark:+,.{digits}f}") if abs(mark) > step / 100 else "0"


_MARKS = {"student": "student_minus_base", "teacher": "teacher_minus_base"}


def _rows(kinds: Sequence[tuple[str, list[Task]]], axis: Axis) -> Iterator[dict[str, Any]]:
    for label, several in kinds:
        yield {"head": label}
        for task in several:
            row: dict[str, Any] = {
                "head": "",
                "label": wording.named(task.get("task")),
                "short": short(wording.named(task.get("task"))),
                "pooled": bool(task.get("pooled")),
                "words": _beside(task),
                "moved": wording.difference(task.get("student_minus_base"), task.get("unit")),
                "lead": wording.difference(task.get("teacher_minus_base"), task.get("unit")),
            }
            for role, key in _MARKS.items():
                row[role] = _span(task.get(key), axis)
            yield row


def _beside(task: Task) -> str:
    """Gap closed, short enough for a phone."""
    state = wording.gap_state(task)
    known = {"unbounded": "gap not measurable", "no_teacher": "no teacher score"}
    return known.get(state, "") if state in wording.SHARED else f"gap {wording.gap_cell(task)[0]}"


def _span(entry: Mapping[str, Any] | None, axis: Axis) -> dict[str, float] | None:
    """An interval from left to right, in percent of the width; None without a value."""
    value, low, high = (wording.finite((entry or {}).get(key)) for key in ENDS)
    if value is None:
        return None
    ends = sorted(axis.place(value if end is None else end) for end in (low, high))
    span = {"value": axis.place(value), "low": ends[0], "high": ends[1]}
    width = ends[1] - ends[0]
    # Of a diamond, which is drawn in a box of its own.
    span |= {
        "width": round(width, 3),
        "middle": round(100 * (span["value"] - ends[0]) / (width or 1), 2),
    }
    return span


def _told(row: Mapping[str, Any]) -> str:
    parts = [f"student − base {row['moved']}", f"teacher − base {row['lead']}", row["words"]]
    return f"{row['label']}: {', '.join(part for part in parts if part)}"
