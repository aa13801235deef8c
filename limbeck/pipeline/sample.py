"""What a random sample says about the whole: totals with the jackknife, Student's t and Hall's
correction for skewness (1992), a share with Wilson's interval (1927). All intervals are 95% ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.wilson import wilson

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its 95% interval; `high` is infinite where nothing bounds it."""

    value: float
    low: float
    high: float

    def __add__(self, known: float) -> Interval:
        """The same with something known added."""
        return Interval(self.value + known, self.low + known, self.high + known)

    def times(self, factor: float) -> Interval:
        return Interval(self.value * factor, self.low * factor, self.high * factor)

    def to_json(self) -> dict[str, Any]:
        """Infinite bounds are null."""
        rows = (("value", self.value), ("low", self.low), ("high", self.high))
        return {name: value if math.isfinite(value) else None for name, value in rows}


def unseen_total(
    predicted: float, without: Sequence[float], residuals: Sequence[float], unseen: int
) -> Interval:
    """The total of `unseen` units that a sample of the same population predicts.

    `without` has the prediction once without each sampled unit (the jackknife: honest for ratios
    too, where one large unit weighs much), `residuals` the units' own deviations: the unseen ones
    scatter as they do, which makes the spread the classical one with the finite population
    correction. Lengths of answers are skewed, and a sample that missed the long ones does not
    know it: the upper side is the longer one. It is not negative. Raises ValueError for fewer
    than two sampled units.
    """
    n = len(residuals)
    if n < 2:
        raise ValueError(f"a spread needs at least two sampled units, got {n}")
    ahead = unseen / n
    moved = [predicted - value for value in without]
    square = math.fsum(m * m for m in moved)
    if square == 0:
        return Interval(predicted, predicted, predicted)
    of_units = math.fsum(r * r for r in residuals) / (n - 1) * unseen
    spread = math.sqrt(square * (n - 1) / n + of_units)
    skew = math.fsum(m**3 for m in moved) / n / (square / n) ** 1.5
    # Of the error: the prediction's skew over root n, less that of the unseen units' own sum.
    skew *= (ahead - 1) / math.sqrt(unseen * (ahead + 1))
    quantile = t_quantile(n - 1)
    low = predicted - spread * _unskewed(quantile, skew)
    high = predicted - spread * _unskewed(-quantile, skew)
    return Interval(predicted, max(0.0, low), high)


def _unskewed(quantile: float, skew: float) -> float:
    """The quantile of a studentised mean whose error is skewed: the inverse of Hall's cubic."""
    if abs(skew) < 1e-6:
        return quantile
    return (math.cbrt(1 + skew * (quantile - skew / 6)) - 1) * 3 / skew


def share(hits: int, n: int) -> Interval:
    """`hits` of `n` as a share, with Wilson's interval."""
    return Interval(hits / n, *wilson(hits, n))


def t_quantile(degrees: int) -> float:
    """Where 95% of Student's t lie within, two-sided; no scipy, which is in an extra.

    The distribution has a finite sum for whole degrees of freedom (Abramowitz and Stegun,
    26.7.3 and 26.7.4); the quantile is found by halving.
    """
    low, high = 0.0, 13.0  # one degree of freedom has 12.7
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, degrees) < LEVEL else (low, middle)
    return high


def _within(t: float, degrees: int) -> float:
    """The probability of |T| <= t."""
    angle = math.atan(t / math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term = total = cosine if odd else 1.0
    for step in range(2 + odd, degrees, 2):
        term *= cosine * cosine * (step - 1) / step
        total += term
    if not odd:
        return sine * total
    return 2 / math.pi * (angle + (sine * total if degrees > 1 else 0.0))
