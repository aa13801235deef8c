"""Geometry of the contrast of style and substance: one axis, a strip of dots for each.

The paper's claim (Gudibande et al. 2023) is that one of two numbers is near 100% and the other
near 0. A scatter of style against ability has no pairs to draw: a feature of style belongs to no
task, so that it would be one point. On one axis of gap closed each feature and each task is a dot,
the means with their intervals are a diamond, and the distance between the strips is the claim.
100% is the ceiling of both: the teacher's score, and a second sample of the teacher's answers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from limbeck.evals.pages import pools, wording
from limbeck.evals.pages.plots.axes import Axis, short

STRIP = 118  # px
TOP = 24
FOOT = 24
LIMITS = (-1.0, 2.0)  # what lies beyond is drawn as an arrow at the end
APART = 2.6  # percent of the width between two dots that do not cover each other
STEP = 10  # px, from a dot to the one above it
ROWS = 3  # dots above one another in the room between a strip's name and its diamond
CHARACTER = 1.8  # percent of the width that one takes on a phone
ENDS = ("value", "low", "high")


class _Dot(NamedTuple):
    name: str
    value: float
    words: str


def contrast(report: Mapping[str, Any]) -> dict[str, Any] | None:
    """None where there is nothing to set against each other: fewer than two strips with dots."""
    strips = [one for one in (_style(report), *_tasks(report)) if one["dots"] or one["mean"]]
    if len(strips) < 2:
        return None
    every = [dot.value for one in strips for dot in one["dots"]]
    every += [end for one in strips for end in _ends(one["mean"])]
    low = max(LIMITS[0], min([0.0, *every]) - 0.1)
    high = min(LIMITS[1], max([1.0, *every]) + 0.1)
    axis = Axis(low, high)
    step = 0.25 if high - low <= 1.6 else 0.5
    marks = [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
    drawn = [_strip(one, axis, TOP + STRIP * place) for place, one in enumerate(strips)]
    return {
        "title": "Style against substance" if report.get("style") else "Imitation against ability",
        "strips": drawn,
        "top": TOP,
        "bottom": TOP + STRIP * len(strips),
        "height": TOP + STRIP * len(strips) + FOOT,
        "zero": axis.place(0.0),
        "one": axis.place(1.0),
        "ticks": [(axis.place(m), f"{100 * m:.0f}%".replace("-", "−")) for m in marks],
        "words": ". ".join(one["told"] for one in drawn),
    }


def _style(report: Mapping[str, Any]) -> dict[str, Any]:
    style = report.get("style") or {}
    features = style.get("features") or []
    return _gathered("Style", "feature", features, style.get("closed"), "name")


def _tasks(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Imitation is between the two, and so it stands there. What was forgotten has no gap."""
    made = []
    for label, tasks in wording.by_kind(pools.main_view(report)):
        if label != wording.LABELS["forgetting"]:
            pool = pools.of_kind(report, label)
            mean = pool.get("gap_closed") if pool and len(pool["names"]) > 1 else None
            rows = [{"name": task.get("task"), "closed": _gap(task)} for task in tasks]
            made.append(_gathered(label, "task", rows, mean, "name"))
    return made


def _gap(task: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A teacher worse than base is no ceiling, and the way to it is no substance."""
    state = wording.gap_state(task)
    return None if state in (*wording.SHARED, "teacher_worse") else task.get("gap_closed")


def _gathered(
    label: str,
    noun: str,
    rows: Sequence[Mapping[str, Any]],
    mean: Mapping[str, Any] | None,
    name: str,
) -> dict[str, Any]:
    dots = []
    for row in rows:
        closed = row.get("closed") or {}
        value = wording.finite(closed.get("value"))
        if value is not None and closed.get("bounded", True):
            told = wording.named(row.get(name))
            dots.append(_Dot(told, value, wording.gap_text(closed)))
    left_out = len(rows) - len(dots)
    aside = f"{len(rows)} {noun}{'s' * (len(rows) != 1)}"
    aside += f", {left_out} not measurable" if left_out else ""
    return {
        "label": label,
        "aside": aside,
        "dots": dots,
        "mean": mean if mean and mean.get("bounded", True) and _ends(mean) else None,
        "open": bool(mean and not mean.get("bounded", True)),
    }


def _ends(entry: Mapping[str, Any] | None) -> list[float]:
    known = [wording.finite((entry or {}).get(key)) for key in ENDS]
    return [end for end in known if end is not None]


def _strip(one: Mapping[str, Any], axis: Axis, y: int) -> dict[str, Any]:
    dots: Sequence[_Dot] = sorted(one["dots"], key=lambda dot: (dot.value, dot.name))
    mean = one["mean"]
    words = wording.gap_text(mean) if mean else "mean not measurable" if one["open"] else ""
    told = ", ".join(f"{dot.name} {dot.words}" for dot in dots)
    return {
        "y": y,
        "label": one["label"],
        "aside": one["aside"],
        "words": words,
        "dots": _stacked(dots, axis, y + 62),
        "mean": _diamond(mean, axis) if mean else None,
        "named": _named(dots, axis),
        "told": f"{one['label']} ({one['aside']}): "
        + "; ".join(filter(None, [f"mean {words}" if words else "", told])),
    }


def _stacked(dots: Sequence[_Dot], axis: Axis, y: int) -> list[dict[str, Any]]:
    """Dots that would cover one another stand above one another, as far as there is room."""
    last = [-math.inf] * ROWS
    made = []
    for dot in dots:
        x = axis.place(dot.value)
        row = next((r for r in range(ROWS) if x - last[r] >= APART), last.index(min(last)))
        last[row] = x
        made.append(
            {
                "x": x,
                "y": y - STEP * row,
                "left": dot.value < axis.low,
                "right": dot.value > axis.high,
                "words": f"{dot.name} {dot.words}",
            }
        )
    return made


def _diamond(mean: Mapping[str, Any], axis: Axis) -> dict[str, float]:
    value, low, high = (wording.finite(mean.get(key)) for key in ENDS)
    centre = axis.place(value or 0.0)
    ends = [centre if end is None else axis.place(end) for end in (low, high)]
    width = ends[1] - ends[0]
    return {
        "low": ends[0],
        "width": round(width, 3),
        "middle": round(100 * (centre - ends[0]) / (width or 1), 2),
        "value": centre,
    }


def _named(dots: Sequence[_Dot], axis: Axis) -> list[dict[str, Any]]:
    """The names of the lowest and the highest dot; only the lowest where they would touch."""
    made: list[dict[str, Any]] = []
    end = -math.inf
    for dot in dict.fromkeys((*dots[:1], *dots[-1:])):
        x, text = axis.place(dot.value), short(dot.name)
        width = CHARACTER * len(text)
        anchor = "middle"
        if x - width / 2 < 0:
            anchor = "start"
        elif x + width / 2 > 100:
            anchor = "end"
        start = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
        if start > end:
            made.append({"x": x, "text": text, "anchor": anchor})
        end = start + width + CHARACTER
    return made
