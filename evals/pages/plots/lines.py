"""Geometry of lines over rows, parameters or rounds: values with intervals, and levels beside them.

x is in percent of a panel's width and y in px, so that text keeps its own size on a phone and on a
desk; lines and bands run to 1000 and are stretched by the browser.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from limbeck.evals.pages import wording
from limbeck.evals.pages.plots.axes import ticks

LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 15.0, 97.0, 12, 196, 226
GAP_AXIS = (-1.0, 2.0)  # the gap closed beyond is drawn at the edge; the table has the number
LABEL = 14  # px, of a level's name
LOOKS = 3  # lines, bands and marks that the style sheet tells apart
NUMBERS = 10  # below a panel, at most
APART = 2.4  # percent at most, between the whiskers of two lines at one x

Mark = tuple[float, float, float, float]
"""x, value, low, high."""


class Line(NamedTuple):
    """`lead` is where the line comes from without a mark of its own: a point of the first line.
    `look` is how it is drawn, by default by its place."""

    name: str
    marks: Sequence[Mark]
    lead: Mark | None = None
    look: int | None = None


def panel(
    title: str,
    lines: Sequence[Line],
    rules: Sequence[tuple[str, float]],
    shown: Callable[[float], str],
    *,
    within: tuple[float, float] | None = None,
    steps: bool = False,
) -> dict[str, Any]:
    """One panel for `panel` of panel.html.j2. `rules` are levels with their names, which may be
    empty; what lies beyond `within` is drawn at its edge.

    With `steps` x is a number of whole steps, and intervals are whiskers, those of several lines
    beside each other; else x is logarithmic, and intervals are bands.
    """
    xs = sorted({mark[0] for line in lines for mark in line.marks})
    known = [end for line in lines for mark in line.marks for end in mark[1:]]
    axis = _axis([*known, *(value for _, value in rules)], within)
    scale = float if steps else math.log2
    apart = _apart(xs, len(lines)) if steps else 0.0

    def across(x: float, line: int = 0) -> float:
        aside = apart * (line - (len(lines) - 1) / 2)
        return round(_across(scale(x), scale(xs[0]), scale(xs[-1])) + aside, 3)

    def down(value: float) -> float:
        low, high = axis
        return round(BOTTOM - (BOTTOM - TOP) * (min(max(value, low), high) - low) / (high - low), 2)

    drawn = []
    for place, line in enumerate(lines):
        marks = [(across(x, place), down(value)) for x, value, _, _ in line.marks]
        lead = [] if line.lead is None else [(across(line.lead[0]), down(line.lead[1]))]
        ends = [(across(x, place), down(high), down(low)) for x, _, low, high in line.marks]
        upper, lower = [(x, y) for x, y, _ in ends], [(x, y) for x, _, y in reversed(ends)]
        drawn.append(
            {
                "name": wording.visible(line.name, one_line=True),
                "look": (place if line.look is None else line.look) % LOOKS,
                "marks": marks,
                "line": _points([*lead, *marks]),
                "band": "" if steps else _points(upper + lower),
                "whiskers": ends if steps else [],
            }
        )
    middle = (len(lines) - 1) / 2 * apart
    return {
        "title": title,
        "height": HEIGHT,
        "left": LEFT,
        "right": RIGHT,
        "bottom": BOTTOM,
        "lines": drawn,
        "keyed": len(drawn) > 1 or any(line.look for line in lines),
        "rules": _rules([(name, down(value)) for name, value in rules]),
        "x_ticks": [(round(across(x) + middle, 3), _short(x)) for x in xs[:: _every(len(xs))]],
        "y_ticks": [(down(y), shown(y)) for y in ticks(*axis)],
        "words": _words(lines, rules, shown),
    }


def percent(value: float) -> str:
    """ "−40%", for an axis."""
    return f"{100 * value:.0f}%".replace("-", "−")


def _rules(levels: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    """Levels with their names; of two too near for two lines of text the upper has both names."""
    made: list[dict[str, Any]] = []
    for name, y in sorted(levels, key=lambda level: level[1]):
        shown = wording.visible(name, one_line=True)
        labelled = next((rule for rule in reversed(made) if rule["name"]), None)
        if labelled is not None and y - labelled["y"] < LABEL:
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


def _apart(xs: Sequence[float], lines: int) -> float:
    """As far as leaves room between the steps, of which the lines have two thirds."""
    span = xs[-1] - xs[0]
    return min(APART, 2 / 3 * (RIGHT - LEFT - 10) / span / lines) if span else APART


def _across(x: float, first: float, last: float) -> float:
    left, right = LEFT + 5, RIGHT - 5
    if first == last:
        return (left + right) / 2
    return left + (right - left) * (x - first) / (last - first)


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{10 * x:.1f},{y:.1f}" for x, y in places)


def _every(count: int) -> int:
    """Of so many places every which one has room for its number, on a phone too."""
    return -(-count // NUMBERS)


def _short(x: float) -> str:
    """An axis has no room for 134,515,008."""
    for size, sign in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if x >= size:
            return f"{x / (1e3 if sign == 'k' else size):.3g}{sign}"
    return wording.count(x)


def _words(
    lines: Sequence[Line], rules: Sequence[tuple[str, float]], shown: Callable[[float], str]
) -> str:
    """The panel for those who do not see it."""
    told = [
        f"{wording.visible(line.name, one_line=True)}: "
        + ", ".join(f"{shown(value)} at {wording.count(x)}" for x, value, _, _ in line.marks)
        for line in lines
    ]
    named = [rule for rule in rules if rule[0]]
    told += [f"{wording.visible(name, one_line=True)} {shown(value)}" for name, value in named]
    return "; ".join(told)
