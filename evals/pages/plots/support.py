"""Geometry of gain by support: student minus base in each quartile of the similarity between an
item and the training row nearest to it, with what the teacher has on base there.

A student that learned to do the task gains in all quartiles; one that learned its training rows
gains where items resemble them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.evals.pages import pools, wording
from limbeck.evals.pages.plots.axes import Axis, around, minus, ticks
from limbeck.evals.pages.wording import Task

TOP, BOTTOM, HEIGHT = 8, 146, 190
LEFT, RIGHT = 17.0, 98.0
ASIDE = 3.0  # percent of the width, between the student's mark and the teacher's
ENDS = ("value", "low", "high")
MARKS = {"student": "student_minus_base", "teacher": "teacher_minus_base"}


def support(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A panel for every task that has quartiles; those of one unit have the same axis."""
    tasks = [t for t in pools.main_view(report) if (t.get("support") or {}).get("quartiles")]
    by_unit: dict[tuple[str, bool], list[Task]] = {}
    for task in tasks:
        key = str(task.get("unit") or ""), task.get("higher_is_better") is not False
        by_unit.setdefault(key, []).append(task)
    axes = {key: _axis(several, key[1]) for key, several in by_unit.items()}
    made = []
    for key, several in by_unit.items():
        axis = axes[key]
        if axis is not None:
            made += [_panel(task, axis) for task in several]
    return made


def _axis(tasks: Sequence[Task], higher: bool) -> Axis | None:
    known = [
        end
        for task in tasks
        for part in task["support"]["quartiles"]
        for name in MARKS.values()
        for key in ENDS
        if (end := wording.finite((part.get(name) or {}).get(key))) is not None
    ]
    return around(known, flipped=not higher) if known else None


def _panel(task: Task, axis: Axis) -> dict[str, Any]:
    parts: Sequence[Mapping[str, Any]] = task["support"]["quartiles"]
    scale = 100 if task.get("unit") == "share" else 1
    marks = ticks(axis.low * scale, axis.high * scale, about=5)
    return {
        "title": wording.named(task.get("task")),
        "height": HEIGHT,
        "left": LEFT,
        "right": RIGHT,
        "bottom": BOTTOM,
        "zero": _down(0.0, axis),
        "y_ticks": [(_down(mark / scale, axis), _tick(mark)) for mark in marks],
        "x_ticks": [(_across(i, len(parts)), between(part)) for i, part in enumerate(parts)],
        "marks": {role: _marks(parts, role, axis) for role in MARKS},
        "slope": slope(task),
        "words": ". ".join(_told(part, task.get("unit")) for part in parts),
    }


def _tick(mark: float) -> str:
    return minus(f"{mark:+g}") if mark else "0"


def _across(place: int, number: int) -> float:
    """The middle of a quartile, in percent of the width."""
    return round(LEFT + (RIGHT - LEFT) * (place + 0.5) / number, 3)


def _down(value: float, axis: Axis) -> float:
    part = (axis.high - value) / (axis.high - axis.low)
    part = 1 - part if axis.flipped else part
    return round(TOP + (BOTTOM - TOP) * part, 2)


def _marks(parts: Sequence[Mapping[str, Any]], role: str, axis: Axis) -> list[dict[str, float]]:
    made = []
    for place, part in enumerate(parts):
        value, low, high = (wording.finite((part.get(MARKS[role]) or {}).get(k)) for k in ENDS)
        if value is None:
            continue
        x = _across(place, len(parts)) + (ASIDE if role == "teacher" else -ASIDE)
        ends = [value if end is None else end for end in (low, high)]
        made.append(
            {
                "x": round(x, 3),
                "y": _down(value, axis),
                "low": _down(ends[0], axis),
                "high": _down(ends[1], axis),
            }
        )
    return made


def between(part: Mapping[str, Any]) -> str:
    """A quartile's range of similarity: ".12–.31"."""
    ends = [wording.finite(part.get(key)) for key in ("low", "high")]
    told = [wording.MISSING if end is None else f"{end:.2f}" for end in ends]
    return told[0] if told[0] == told[1] else "–".join(told)


def slope(task: Task) -> str:
    """ "+1.2 points [+0.3, +2.1] per 0.1 of similarity, p = 0.010"; "" where there is none."""
    found = (task.get("support") or {}).get("slope")
    told = wording.difference(found, task.get("unit"))
    if told == wording.MISSING:
        return ""
    p = wording.p_value(found)
    return f"{told} per 0.1 of similarity" + (f", {p}" if p else "")


def _told(part: Mapping[str, Any], unit: object) -> str:
    moved, lead = (wording.difference(part.get(MARKS[role]), unit) for role in MARKS)
    return f"Similarity {between(part)}: student − base {moved}, teacher − base {lead}"
