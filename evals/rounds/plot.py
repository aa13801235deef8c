"""The panels of a loop: a score, the gap closed, the hard share and the referee's points, all by
round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from limbeck.evals.pages import wording
from limbeck.evals.pages.plots.lines import GAP_AXIS, Line, Mark, panel, percent
from limbeck.evals.rounds import names
from limbeck.evals.rounds.runs import ARMS, LOOP

Found = Mapping[str, Any]

POINTS_AXIS = (0.0, 2.0)  # of the teacher's; what lies beyond is drawn at the edge


def task_panels(task: Found) -> list[dict[str, Any]]:
    """The score by round of every arm, with base and teacher as levels; the gap closed, where it
    can be told; and the loop less each control."""
    unit = task["unit"]

    def shown(value: float) -> str:
        return wording.score({"value": value}, unit)

    levels = [("base", task["base"])]
    levels += [] if task["teacher"] is None else [("teacher", task["teacher"])]
    made = [panel("Score by round", _lines(task["rounds"], "score"), levels, shown, steps=True)]
    if all((one["gap_closed"] or {}).get("bounded") for one in task["rounds"]):
        levels = [("base", 0.0), ("teacher", 1.0)]
        lines = _lines(task["rounds"], "gap_closed")
        made.append(
            panel("Gap closed by round", lines, levels, percent, within=GAP_AXIS, steps=True)
        )
    if lines := _lines(_whole(task["against"]), "whole"):

        def moved(value: float) -> str:
            return wording.amount(value, unit, signed=True).removesuffix(" points")

        title = "Loop − control by round" + (", in points" if unit == "share" else "")
        made.append(panel(title, lines, [("", 0.0)], moved, steps=True))
    return made


def _whole(entries: Iterable[Found]) -> list[Found]:
    return [{**entry, "whole": entry} for entry in entries]


def round_panels(found: Found) -> list[dict[str, Any]]:
    """The hard share, and what the referee gives on held-out prompts, where the loop has them."""
    hard = [
        {**run, "hard": run["discriminated"].get("hard_share")}
        for run in found["runs"]
        if run["discriminated"]
    ]
    made = []
    if lines := _lines(hard, "hard"):
        made.append(panel("Hard share by round", lines, [], percent, steps=True))
    scored = [
        {**run, "of": run["held_out"].get("relative")} for run in found["runs"] if run["held_out"]
    ]
    if lines := _lines(scored, "of"):
        base = wording.finite(((found["base_held_out"] or {}).get("relative") or {}).get("value"))
        levels = [("teacher", 1.0)] if base is None else [("base", base), ("teacher", 1.0)]
        title = "Student's points of the teacher's, by the referee"
        made.append(panel(title, lines, levels, percent, within=POINTS_AXIS, steps=True))
    return made


def _lines(runs: Iterable[Found], key: str) -> list[Line]:
    """A line for each arm, in order; a control comes from round 1, which is the loop's."""
    marks: dict[str, list[Mark]] = {}
    for run in runs:
        if (mark := _mark(run["number"], run[key])) is not None:
            marks.setdefault(str(run["arm"]), []).append(mark)
    first = next((mark for mark in marks.get(LOOP, []) if mark[0] == 1), None)
    return [
        Line(names.arm(arm), own, first if arm != LOOP and own[0][0] == 2 else None, _look(arm))
        for arm, own in marks.items()
    ]


def _look(arm: str) -> int | None:
    """The same in every panel, whether or not the loop is in it."""
    return ARMS.index(arm) if arm in ARMS else None


def _mark(number: int, entry: Found | None) -> Mark | None:
    """A value without an interval is a mark without a whisker."""
    value = wording.finite((entry or {}).get("value"))
    if entry is None or value is None:
        return None
    ends = [wording.finite(entry.get(key)) for key in ("low", "high")]
    low, high = (value if end is None else end for end in ends)
    return float(number), value, low, high
