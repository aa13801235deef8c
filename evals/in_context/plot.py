"""Geometry of the accuracy plots: accuracy against the number of demos, panel by panel.

x is in percent of a panel's width and y in px, so that text keeps its own size on a phone and on a
desk; polylines run to 1000 and are stretched by the browser. All panels have the same axes. The k
of the curves stand at even distances. The models stand a little beside each other, so that no
whisker hides another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from limbeck.evals.in_context import lookup, words
from limbeck.evals.in_context.lookup import ROLES, Found, Point
from limbeck.evals.pages import wording

BARS = {
    "random": "guessing",
    "majority": "majority",
    "knn_bm25": "kNN vote",
    "knn_dense": "kNN vote",
}
CLASSES = {"random": "guess", "majority": "majority", "knn_bm25": "vote", "knn_dense": "vote"}
LINE = 15  # px, of a label at a curve's end


class Size(NamedTuple):
    """Of a panel: px from above, percent from the left. Between `right` and 100 stand the labels
    of the lines, where it has any; `aside` is between two models."""

    height: int
    top: int
    bottom: int
    left: float
    right: float
    aside: float


class _End(NamedTuple):
    """Where a line ends that has a name."""

    name: str
    x: float
    y: float


LARGE = Size(height=300, top=10, bottom=270, left=10.0, right=80.0, aside=0.7)
SMALL = Size(height=170, top=8, bottom=144, left=18.0, right=98.0, aside=2.4)


def plots(found: Found) -> dict[str, Any] | None:
    """`main`, the large panel of the mean after the leading selector (None where there is no mean);
    `selectors`, the mean after each other one; `tasks`, each of several after the leading one.
    None where nothing was measured."""
    mean, several = lookup.mean(found), lookup.tasks(found)
    shots, names = lookup.shots_of(found), lookup.selectors(found) or [""]
    drawn = [*mean, *(point for task in several for point in lookup.points(task))]
    axis = _axis(drawn, several)
    if axis is None:
        return None
    bars = lookup.bars(several)
    title = f"{words.mean_of(found)}, " if len(several) > 1 else f"{lookup.name_of(several[0])}, "
    main = _panel(title + _by(names[0]), mean, names[0], shots, axis, bars, LARGE)
    others = [_panel(_by(n), mean, n, shots, axis, bars, SMALL) for n in names[1:]]
    by_task = [
        _panel(lookup.name_of(t), lookup.points(t), names[0], shots, axis, lookup.bars([t]), SMALL)
        for t in (several if len(several) > 1 or main is None else ())
    ]
    return {
        "main": main,
        "by": _by(names[0]),
        "selectors": [panel for panel in others if panel],
        "tasks": [panel for panel in by_task if panel],
        "bars": [(CLASSES[name], BARS[name]) for name in bars],
    }


def _by(select: str) -> str:
    name = wording.visible(select, one_line=True)
    return f"{name} demos" if name else "no demos"


def _panel(
    title: str,
    several: Sequence[Point],
    select: str,
    shots: Sequence[int],
    axis: tuple[float, float],
    bars: Mapping[str, float],
    size: Size,
) -> dict[str, Any] | None:
    """None where no model was measured."""
    points = lookup.curve(several, select)
    lines = [_line(points, role, place - 1, shots, axis, size) for place, role in enumerate(ROLES)]
    lines = [line for line in lines if line["marks"]]
    if not lines:
        return None
    rules: list[dict[str, Any]] = [
        {"name": BARS[name], "kind": CLASSES[name], "y": _down(value, axis, size)}
        for name, value in bars.items()
    ]
    ends = [_End(line["role"], *line["marks"][-1]) for line in lines]
    ends += [_End(rule["name"], size.right, rule["y"]) for rule in rules]
    told = [_told(points, line["role"]) for line in lines]
    told += [f"{BARS[name].capitalize()}: {words.share(value)}" for name, value in bars.items()]
    return {
        **size._asdict(),
        "title": title,
        "lines": lines,
        "bars": rules,
        "labels": _labels(ends, size),
        "y_ticks": [(_down(y, axis, size), f"{round(100 * y)}%") for y in _ticks(axis)],
        "x_ticks": [(_across(k, shots, size), wording.count(k)) for k in shots],
        "words": ". ".join(told),
    }


def _line(
    points: Sequence[Point],
    role: str,
    aside: int,
    shots: Sequence[int],
    axis: tuple[float, float],
    size: Size,
) -> dict[str, Any]:
    marks, whiskers = [], []
    for point in points:
        entry = lookup.metric(point, role)
        if entry is None:
            continue
        x = round(_across(lookup.shots(point), shots, size) + aside * size.aside, 3)
        marks.append((x, _down(entry["value"], axis, size)))
        ends = [wording.finite(entry.get(key)) for key in ("high", "low")]
        if ends[0] is not None and ends[1] is not None:
            whiskers.append((x, *(_down(end, axis, size) for end in ends if end is not None)))
    return {
        "role": role,
        "marks": marks,
        "whiskers": whiskers,
        "points": " ".join(f"{10 * x:.1f},{y:.1f}" for x, y in marks),
    }


def _across(k: int, shots: Sequence[int], size: Size) -> float:
    room = 0.07 * (size.right - size.left)
    left, right = size.left + room, size.right - room
    if len(shots) < 2:
        return round((left + right) / 2, 3)
    return round(left + (right - left) * shots.index(k) / (len(shots) - 1), 3)


def _down(share: float, axis: tuple[float, float], size: Size) -> float:
    low, high = axis
    return round(size.top + (size.bottom - size.top) * (high - share) / (high - low), 2)


def _axis(
    points: Sequence[Point], several: Sequence[Mapping[str, Any]]
) -> tuple[float, float] | None:
    """Whole tenths around all that is drawn, within 0 and 1."""
    entries = [lookup.metric(p, role) for p in points if not p.get("control") for role in ROLES]
    ends = [e.get(key) for e in entries if e is not None for key in ("value", "low", "high")]
    known = [end for one in ends if (end := wording.finite(one)) is not None]
    if not known:
        return None
    known += [bar for tasks in ([t] for t in several) for bar in lookup.bars(tasks).values()]
    low = max(0, math.floor(10 * min(known) + 1e-9))
    high = min(10, math.ceil(10 * max(known) - 1e-9))
    if high == low:
        low, high = (low - 1, low) if low else (0, 1)
    return low / 10, high / 10


def _ticks(axis: tuple[float, float]) -> list[float]:
    """Whole tenths, every one of a few and every second of more."""
    low, high = (round(10 * end) for end in axis)
    step = 1 if high - low <= 5 else 2
    return [tenth / 10 for tenth in range(-(-low // step) * step, high + 1, step)]


def _labels(ends: Sequence[_End], size: Size) -> list[dict[str, Any]]:
    """The names of the lines at their ends, moved up and down until none covers another."""
    ordered = sorted(ends, key=lambda end: end.y)
    places: list[float] = []
    for end in ordered:
        places.append(max(end.y, places[-1] + LINE) if places else end.y)
    limit = float(size.bottom)
    for place in reversed(range(len(places))):
        places[place] = min(places[place], limit)
        limit = places[place] - LINE
    return [{**end._asdict(), "at": round(at, 2)} for end, at in zip(ordered, places, strict=True)]


def _told(points: Sequence[Point], role: str) -> str:
    """A curve for those who do not see it."""
    shown = [
        f"{words.ranged(lookup.metric(point, role))} with {lookup.shots(point)}"
        for point in points
        if lookup.metric(point, role) is not None
    ]
    return f"{role.capitalize()}: {', '.join(shown)}"
