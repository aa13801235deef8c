"""How much of the way from base to a second sample of the teacher a student has gone.

closed = (d(base) - d(student)) / (d(base) - d(second sample)), where d is the mean distance to
the teacher's answers; 0 is base, 1 is what the teacher itself reaches. Never clipped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from limbeck.evals.style.distances import Measured
from limbeck.evals.style.features import Floats
from limbeck.evals.transfer import LEVEL, fieller, t_quantile

DECIMALS = 10
NOTHING = {"value": None, "low": None, "high": None, "bounded": False}


def closed(base: Floats, student: Floats, again: Floats) -> dict[str, Any]:
    """From distances per prompt (n,): `value`, `low`, `high` (Fieller's, prompts drawn together)
    and `bounded`.

    Unbounded, without ends, where base is not measurably farther from the teacher than its second
    sample is. All None for fewer than two prompts, and `value` is None where the two are as far.
    """
    n = len(base)
    if n < 2:
        return dict(NOTHING)
    gain, gap = base - student, base - again
    covariance = np.cov(gain, gap) / n
    low, high = fieller(gain.mean(), gap.mean(), covariance, t_quantile(0.5 + LEVEL / 2, n - 1))
    bounded = bool(math.isfinite(low) and gap.mean() > 0)
    value = gain.mean() / gap.mean() if gap.mean() else None
    return {
        "value": rounded(value),
        "low": rounded(low) if bounded else None,
        "high": rounded(high) if bounded else None,
        "bounded": bounded,
    }


def closed_overall(features: Sequence[Measured]) -> dict[str, Any]:
    """The same over all features that count: the sum of gains over the sum of gaps, each in units
    of its feature's `spread`; never a mean of ratios, of which one with a gap near 0 decides all.
    The units are taken as given: they are no part of what varies in the interval."""
    counted = [(one.distances, spread(one)) for one in features if one.counts]
    sums = [
        sum((d[role] / unit for d, unit in counted if unit), np.zeros(1))
        for role in ("base", "student", "teacher_again")
    ]
    if not any(unit for _, unit in counted):
        return dict(NOTHING)
    return closed(*sums)


def spread(feature: Measured) -> float:
    """The unit of a feature's distances: their standard deviation over base's and the second
    sample's prompts together; 0 where all are the same.

    The student is no part of it, so that students of one teacher compare. The gap between base and
    second sample is: two groups of equal size are at most 2 standard deviations of both together
    apart, so no feature counts for more than 2, and one without a gap counts for its noise alone.
    """
    both = np.concatenate([feature.distances["base"], feature.distances["teacher_again"]])
    deviation = float(both.std())
    return deviation if deviation > 1e-9 else 0.0


def rounded(value: float | None) -> float | None:
    """None for what is no finite number."""
    return (
        None if value is None or not math.isfinite(value) else round(float(value), DECIMALS) + 0.0
    )
