"""Geometry of the training curve.

x of the lines runs to 1000 and is stretched by the browser; x of the marks is in percent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.evals.pages import wording
from limbeck.evals.pages.plots.axes import ticks

POINTS = 400
HEIGHT = 240


def curve(points: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """None where no loss was written down."""
    series = {
        key: [
            (step, loss)
            for point in points
            if (step := wording.finite(point.get("step"))) is not None
            and (loss := wording.finite(point.get(key))) is not None
        ]
        for key in ("train_loss", "valid_loss")
    }
    every = [pair for line in series.values() for pair in line]
    if not every:
        return None
    xs, ys = _axis([x for x, _ in every]), _axis([y for _, y in every], pad=0.06)
    lines = {key: _thin(line) for key, line in series.items()}
    return {
        "height": HEIGHT,
        "lines": {key: _points(line, xs, ys) for key, line in lines.items()},
        "marks": {
            key: [(_across(x, xs), _down(y, ys)) for x, y in line] if len(line) <= 30 else []
            for key, line in lines.items()
        },
        "x_ticks": [(_across(x, xs), wording.count(x)) for x in ticks(*xs) if x == int(x)],
        "y_ticks": [(_down(y, ys), wording.fixed(y, 2)) for y in ticks(*ys)],
        "words": _curve_words(series),
    }


def _thin(line: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most some hundred points, the last one always among them."""
    stride = max(1, math.ceil(len(line) / POINTS))
    return line[::-1][::stride][::-1]


def _axis(values: Sequence[float], pad: float = 0.0) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * pad if high > low else max(0.5, abs(high) / 100)
    return low - room, high + room


def _across(x: float, axis: tuple[float, float]) -> float:
    """Percent of the width; the left tenth is kept for the labels of the loss."""
    return round(11 + 86 * (x - axis[0]) / (axis[1] - axis[0]), 3)


def _down(y: float, axis: tuple[float, float]) -> float:
    return round(8 + (HEIGHT - 38) * (axis[1] - y) / (axis[1] - axis[0]), 2)


def _points(
    line: Sequence[tuple[float, float]], xs: tuple[float, float], ys: tuple[float, float]
) -> str:
    return " ".join(f"{10 * _across(x, xs):.1f},{_down(y, ys):.1f}" for x, y in line)


def _curve_words(series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """What the curve shows, for those who do not see it."""
    names = {"train_loss": "Training loss", "valid_loss": "Validation loss"}
    parts = [
        f"{names[key]} from {line[0][1]:.2f} at step {line[0][0]:.0f} "
        f"to {line[-1][1]:.2f} at step {line[-1][0]:.0f}"
        for key, line in series.items()
        if line
    ]
    return "; ".join(parts) + "."
