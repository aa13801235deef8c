"""Intervals of a gain, a gap and their ratio where the variance is a sum of independent parts.

Tasks are such parts of a pooled number; training seeds and items are of a number over several
seeds. Each part has degrees of freedom of its own, and how much it weighs in `gain - g gap` depends
on g: so the ratio's interval is Fieller's (1954) set of all g that a test does not reject, and the
test is made anew at every g. At g without bound it is the gap's own: the ratio is bounded exactly
where the interval of the gap excludes 0.

Two rules say how far off is too far. "satterthwaite" (1946) gives the whole variance one number of
degrees of freedom; it is right where many parts are added, as tasks are. "howe" (1974) adds the
squares of the parts' own half-widths. It is wider, and needed where a part has two or three degrees
of freedom, as training seeds have: their variance is then often estimated far too small, and
Satterthwaite takes it at its word (it covers 92% with three seeds that matter, Howe 94%).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from limbeck.evals.statistics.robust import Floats, satterthwaite
from limbeck.evals.transfer import LEVEL, Difference, GapClosed, t_quantile

Part = tuple[Floats, float]  # a covariance (2, 2) of gain and gap, its degrees of freedom
Direction = tuple[float, float]

_HALVINGS = 40
_GAIN, _GAP = (1.0, 0.0), (0.0, 1.0)


class Joint:
    """A gain and a gap whose error is the sum of independent parts, under one of the two rules."""

    def __init__(
        self,
        means: Floats | tuple[float, float],
        parts: Sequence[Part],
        rule: Literal["satterthwaite", "howe"] = "satterthwaite",
    ) -> None:
        self._gain, self._gap = float(means[0]), float(means[1])
        self._parts = [
            (float(own[0, 0]), float(own[0, 1]), float(own[1, 1]), degrees)
            for own, degrees in parts
        ]
        self._adds = rule == "howe"

    def gain(self) -> Difference:
        """The gain with its interval."""
        return self._difference(self._gain, _GAIN)

    def gap(self) -> Difference:
        """The gap with its interval."""
        return self._difference(self._gap, _GAP)

    def p_value(self) -> float:
        """Two-sided p of no gain: 1 less the level of the interval that just ends at 0."""
        if self._gain == 0:
            return 1.0
        low, high = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if self._gain**2 > self._reach(_GAIN, 1 - middle):
                high = middle
            else:
                low = middle
        return high

    def gap_closed(self) -> dict[str, Any]:
        """gain / gap as {"value", "low", "high", "bounded"}; low and high are None without bound,
        value too where the gap is 0."""
        if self._gap == 0:
            return {"value": None, "low": None, "high": None, "bounded": False}
        value = self._gain / self._gap
        if self._gap**2 <= self._reach(_GAP):
            return {"value": value, "low": None, "high": None, "bounded": False}
        low, high = (self._end(value, side) for side in (-1, 1))
        return {"value": value, "low": low, "high": high, "bounded": True}

    def _end(self, value: float, side: int) -> float:
        spread = sum(variance for variance, _ in self._along((1.0, -value)))
        step = math.sqrt(spread) / abs(self._gap)
        if step <= 1e-12 * (1 + abs(value)):  # rounding: gain and gap are the same everywhere
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
        return (self._gain - ratio * self._gap) ** 2 > self._reach((1.0, -ratio))

    def _reach(self, direction: Direction, level: float = LEVEL) -> float:
        """The square of the interval's half-width."""
        parts, p = self._along(direction), 0.5 + level / 2
        if self._adds:
            return sum(variance * t_quantile(p, degrees) ** 2 for variance, degrees in parts)
        total = sum(variance for variance, _ in parts)
        return total * t_quantile(p, satterthwaite(total, parts)) ** 2

    def _along(self, direction: Direction) -> list[tuple[float, float]]:
        one, other = direction
        return [
            (max(0.0, one * one * a + 2 * one * other * b + other * other * c), degrees)
            for a, b, c, degrees in self._parts
        ]

    def _difference(self, value: float, direction: Direction) -> Difference:
        half = math.sqrt(self._reach(direction))
        stderr = math.sqrt(sum(variance for variance, _ in self._along(direction)))
        return Difference(value, value - half, value + half, stderr)


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
