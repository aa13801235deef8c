"""The panels of a curve: a score, or the gap closed, against rows or parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.pages import wording
from limbeck.evals.pages.plots.lines import GAP_AXIS, Line, Mark, panel, percent


def panels(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The task's panels: the score, the gap closed where it is measurable at every point, and the
    score by parameters where there are several students."""
    unit = task["unit"]

    def shown(value: float) -> str:
        return wording.score({"value": value}, unit)

    curves = task["curves"]
    scores = [Line(c["student"], [_of(p["rows"], p["score"]) for p in c["points"]]) for c in curves]
    bases = [(f"base {c['student']}" if len(curves) > 1 else "base", c["base"]) for c in curves]
    teacher = [] if task["teacher"] is None else [("teacher", task["teacher"])]
    made = [panel("Score by rows", scores, [*bases, *teacher], shown)]
    closed = [
        Line(c["student"], [_of(p["rows"], p["gap_closed"]) for p in c["points"]])
        for c in curves
        if all((p["gap_closed"] or {}).get("bounded") for p in c["points"])
    ]
    if closed:
        rules = [("base", 0.0), ("teacher", 1.0)]
        made.append(panel("Gap closed by rows", closed, rules, percent, within=GAP_AXIS))
    sizes = task["sizes"]
    if sizes is not None:
        points = [_of(p["parameters"], p["score"]) for p in sizes["points"]]
        title = f"Score by parameters, {wording.count(sizes['rows'])} rows"
        made.append(panel(title, [Line("students", points)], teacher, shown))
    return made


def _of(x: float, entry: Mapping[str, Any]) -> Mark:
    return float(x), entry["value"], entry["low"], entry["high"]
