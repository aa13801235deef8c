"""Geometry of the curves: a score, or the gap closed, against rows or parameters.

x is logarithmic, in percent of a panel's width, and y in px, so that text keeps its own size on a
phone and on a desk; lines and bands run to 1000 and are stretched by the browser.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from limbeck.evals.pages import wording
from limbeck.evals.pages.plots.axes import ticks

LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 15.0, 97.0, 12, 196, 226
GAP_AXIS = (-1.0, 2.0)  # the gap closed beyond is drawn at the edge; the table has the number
LINE = 14  # px, of a level's name
LOOKS = 3  # lines, bands and marks that the style sheet tells apart

Mark = tuple[float, float, float, float]
"""x, value, low, high."""


def panels(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The task's panels: the score, the gap closed where it is measurable at every point, and the
    score by parameters where there are several students."""
    unit = task["unit"]

    def shown(value: float) -> str:
        return wording.score({"value": value}, unit)

    curves = task["curves"]
    scores = [(c["student"], [_of(p["rows"], p["score"]) for p in c["points"]]) for c in curves]
    bases = [(f"base {c['student']}" if len(curves) > 1 else "base", c["base"]) for c in curves]
    teacher = [] if task["teacher"] is None else [("teacher", task["teacher"])]
    made = [_panel("Score by rows", scores, [*bases, *teacher], shown, None)]
    closed = [
        (c["student"], [_of(p["rows"], p["gap_closed"]) for p in c["points"]])
        for c in curves
        if all((p["gap_closed"] or {}).get("bounded") for p in c["points"])
    ]
    if closed:
        rules = [("base", 0.0), ("teacher", 1.0)]
        made.append(_panel("Gap closed by rows", closed, rules, _percent, GAP_AXIS))
    sizes = task["sizes"]
    if sizes is not None:
        points = [_of(p["parameters"], p["score"]) for p in sizes["points"]]
        title = f"Score by parameters, {wording.count(sizes['rows'])} rows"
        made.append(_panel(title, [("students", points)], teacher, shown, None))
    return made


def _of(x: float, entry: Mapping[str, Any]) -> Mark:
    return float(x), entry["value"], entry["low"], entry["high"]


def _percent(value: float) -> str:
    return f"{100 * value:.0f}%".replace("-", "−")


def _panel(
    title: str,
    lines: Sequence[tuple[str, Sequence[Mark]]],
    rules: Sequence[tuple[str, float]],
    shown: Callable[[float], str],
    within: tuple[float, float] | None,
) -> dict[str, Any]:
    xs = sorted({mark[0] for _, marks in lines for mark in marks})
    known = [end for _, marks in lines for mark in marks for end in mark[1:]]
    axis = _axis([*known, *(value for _, value in rules)], within)

    def across(x: float) -> float:
        return _across(x, xs)

    def down(value: float) -> float:
        low, high = axis
        return round(BOTTOM - (BOTTOM - TOP) * (min(max(value, low), high) - low) / (high - low), 2)

    drawn = [
        {
            "name": wording.visible(name, one_line=True),
            "look": place % LOOKS,
            "marks": [(across(x), down(value)) for x, value, _, _ in marks],
            "line": _points([(across(x), down(value)) for x, value, _, _ in marks]),
            "band": _points(
                [(across(x), down(high)) for x, _, _, high in marks]
                + [(across(x), down(low)) for x, _, low, _ in reversed(marks)]
            ),
        }
        for place, (name, marks) in enumerate(lines)
    ]
    return {
        "title": title,
        "height": HEIGHT,
        "left": LEFT,
        "right": RIGHT,
        "bottom": BOTTOM,
        "lines": drawn,
        "rules": _rules([(name, down(value)) for name, value in rules]),
        "x_ticks": [(across(x), _short(x)) for x in xs],
        "y_ticks": [(down(y), shown(y)) for y in ticks(*axis)],
        "words": _words(lines, rules, shown),
    }


def _rules(levels: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    """Levels with their names; of two too near for two lines of text the upper has both names."""
    made: list[dict[str, Any]] = []
    for name, y in sorted(levels, key=lambda level: level[1]):
        shown = wording.visible(name, one_line=True)
        labelled = next((rule for rule in reversed(made) if rule["name"]), None)
        if labelled is not None and y - labelled["y"] < LINE:
            labelled["name"] += f", {shown}"
            shown = ""
        made.append({"name": shown, "y": y})
    return made


def _axis(values: Sequence[float], within: tuple[float, float] | None) -> tuple[float, float]:
    low, high = min(values), max(values)
    if within is not None:
        low, high = max(low, within[0]), min(high, within[1])
    room = 0.08 * (high - low) if high > low else max(0.05, abs(high) / 20)
    return low - room, high + room


def _across(x: float, xs: Sequence[float]) -> float:
    left, right = LEFT + 5, RIGHT - 5
    first, last = math.log2(xs[0]), math.log2(xs[-1])
    if first == last:
        return (left + right) / 2
    return round(left + (right - left) * (math.log2(x) - first) / (last - first), 3)


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{10 * x:.1f},{y:.1f}" for x, y in places)


def _short(x: float) -> str:
    """An axis has no room for 134,515,008."""
    for size, sign in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if x >= size:
            return f"{x / (1e3 if sign == 'k' else size):.3g}{sign}"
    return wording.count(x)


def _words(
    lines: Sequence[tuple[str, Sequence[Mark]]],
    rules: Sequence[tuple[str, float]],
    shown: Callable[[float], str],
) -> str:
    """The panel for those who do not see it."""
    told = [
        f"{wording.visible(name, one_line=True)}: "
        + ", ".join(f"{shown(value)} at {wording.count(x)}" for x, value, _, _ in marks)
        for name, marks in lines
    ]
    told += [f"{wording.visible(name, one_line=True)} {shown(value)}" for name, value in rules]
    return "; ".join(told)
