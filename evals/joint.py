"""Intervals of a gain, a gap and their ratio where the variance is a sum of independent parts.

Tasks are such parts of a pooled number; training seeds and items are of a number over several
seeds. Each part has degrees of freedom of its own, and how much it weighs in `gain - g gap` depends
on g: so the ratio's interval is Fieller's (1954) set of all g that a t-test does not reject, with
Satterthwaite's degrees of freedom anew at every g. At g without bound that test is the gap's own:
the ratio is bounded exactly where the interval of the gap excludes 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from limbeck.evals.robust import Floats, satterthwaite
from limbeck.evals.transfer import (
    LEVEL,
    Difference,
    GapClosed,
    mean_difference,
    t_p_value,
    t_quantile,
)

Part = tuple[Floats, float]  # a covariance (2, 2) of gain and gap, its degrees of freedom

_HALVINGS = 60


class Joint:
    """A gain and a gap (2,) with their covariance (2, 2) and the parts that its error is made of.

    `total` is given where it is not the sum of the parts.
    """

    def __init__(self, means: Floats, parts: Sequence[Part], total: Floats | None = None) -> None:
        self._means = means
        self._parts = parts
        self._total = sum(one for one, _ in parts) if total is None else total

    def difference(self, place: int) -> Difference:
        """The gain (0) or the gap (1) with its interval."""
        value, variance, quantile = self._along(np.eye(2)[place])
        return mean_difference(value, variance, quantile)

    def p_value(self) -> float:
        """Two-sided t-test of no gain."""
        one = np.eye(2)[0]
        variance = self._variance(one)
        return t_p_value(float(self._means[0]), math.sqrt(variance), self._degrees(one))

    def gap_closed(self) -> dict[str, Any]:
        """gain / gap as {"value", "low", "high", "bounded"}; low and high are None without bound,
        value too where the gap is 0."""
        gain, gap = (float(mean) for mean in self._means)
        if gap == 0:
            return {"value": None, "low": None, "high": None, "bounded": False}
        value = gain / gap
        _, variance, quantile = self._along(np.array([0.0, 1.0]))
        if gap**2 <= quantile**2 * variance:
            return {"value": value, "low": None, "high": None, "bounded": False}
        low, high = (self._end(value, side) for side in (-1, 1))
        return {"value": value, "low": low, "high": high, "bounded": True}

    def _end(self, value: float, side: int) -> float:
        step = math.sqrt(self._variance(np.array([1.0, -value]))) / abs(float(self._means[1]))
        if step == 0:
            return value
        inside, outside = 0.0, step
        while not self._rejected(value + side * outside):
            inside, outside = outside, 2 * outside
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            if self._rejected(value + side * middle):
                outside = middle
            else:
                inside = middle
        return value + side * outside

    def _rejected(self, ratio: float) -> bool:
        found, variance, quantile = self._along(np.array([1.0, -ratio]))
        return found**2 > quantile**2 * variance

    def _along(self, direction: Floats) -> tuple[float, float, float]:
        quantile = t_quantile(0.5 + LEVEL / 2, self._degrees(direction))
        return float(direction @ self._means), self._variance(direction), quantile

    def _variance(self, direction: Floats) -> float:
        return max(0.0, float(direction @ self._total @ direction))

    def _degrees(self, direction: Floats) -> float:
        parts = [(float(direction @ one @ direction), degrees) for one, degrees in self._parts]
        return satterthwaite(self._variance(direction), parts)


def interval(found: Difference) -> dict[str, float | None]:
    """{"value", "low", "high"} of report.json: None where there is no finite number."""
    return {key: finite(getattr(found, key)) for key in ("value", "low", "high")}


def gap_row(found: GapClosed) -> dict[str, Any]:
    """{"value", "low", "high", "bounded"} of report.json."""
    return {
        "value": finite(found.value),
        "low": finite(found.low),
        "high": finite(found.high),
        "bounded": found.bounded,
    }


def finite(value: float) -> float | None:
    """The number, or None where it is NaN or infinite."""
    return float(value) if math.isfinite(value) else None
