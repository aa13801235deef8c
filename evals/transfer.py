"""How much of the gap between base and teacher a student closed, with honest error bars.

Every estimate pairs the three models on identical items. The gap closed is a ratio, so its
interval is Fieller's (1954): where the teacher is not measurably better than the base the
interval is unbounded, and no number is printed for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from limbeck.errors import MissingExtra
from limbeck.evals.statistics.robust import Floats, cluster_sums, mean_covariance

LEVEL = 0.95
POWER_FACTOR = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
DISCORDANT = 0.2  # the share of items on which two models differ, assumed before a run
FLIPS = 10_000
FLIPS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean paired difference with its 95% interval."""

    value: float
    low: float
    high: float
    stderr: float


@dataclass(frozen=True, slots=True)
class GapClosed:
    """(student - base) / (teacher - base); 0 is the base, 1 the teacher; never clipped.

    `bounded` is False where the teacher is not measurably better than the base: then low and
    high are infinite. `p_value` is of student against base, two-sided and paired.
    """

    value: float
    low: float
    high: float
    bounded: bool
    student_minus_base: Difference
    teacher_minus_base: Difference
    p_value: float
    n: int


def gap_closed(
    base: ArrayLike,
    student: ArrayLike,
    teacher: ArrayLike,
    *,
    clusters: Sequence[object] | None = None,
    seed: int = 0,
) -> GapClosed:
    """The gap closed from per-item scores (n,), the same items in the same order.

    `clusters` names each item's cluster (a passage, a subject): whole clusters vary together
    (`limbeck.evals.statistics.robust`).
    Raises ValueError for arrays of different lengths, fewer than two items, or a score that is
    no finite number.
    """
    b, s, t = checked(base), checked(student), checked(teacher)
    if not len(b) == len(s) == len(t):
        raise ValueError(f"the models have {len(b)}, {len(s)} and {len(t)} scores, not the same")
    if len(b) < 2:
        raise ValueError(f"at least two items are needed, got {len(b)}")
    gain, gap = s - b, t - b
    covariance, degrees = mean_covariance(np.stack([gain, gap], axis=1), clusters)
    quantile = t_quantile(0.5 + LEVEL / 2, degrees)
    low, high = fieller(gain.mean(), gap.mean(), covariance, quantile)
    bounded = math.isfinite(low)
    return GapClosed(
        value=float(gain.mean() / gap.mean()) if gap.mean() != 0 else math.nan,
        low=low,
        high=high,
        bounded=bounded,
        student_minus_base=mean_difference(gain.mean(), covariance[0, 0], quantile),
        teacher_minus_base=mean_difference(gap.mean(), covariance[1, 1], quantile),
        p_value=paired_p_value(b, s, clusters=clusters, seed=seed),
        n=len(b),
    )


def difference(
    one: ArrayLike, two: ArrayLike, *, clusters: Sequence[object] | None = None
) -> Difference:
    """Mean of `two - one` over paired items, with its interval. Raises ValueError."""
    one, two = _pair(one, two)
    moved = two - one
    covariance, degrees = mean_covariance(moved[:, None], clusters)
    return mean_difference(moved.mean(), covariance[0, 0], t_quantile(0.5 + LEVEL / 2, degrees))


def standard_error(scores: ArrayLike, *, clusters: Sequence[object] | None = None) -> float:
    """The standard error of the mean of scores (n,); NaN for fewer than two (clusters)."""
    values = checked(scores)
    if len(values if clusters is None else set(clusters)) < 2:
        return math.nan
    covariance, _ = mean_covariance(values[:, None], clusters)
    return math.sqrt(float(covariance[0, 0]))


def paired_p_value(
    one: ArrayLike,
    two: ArrayLike,
    *,
    clusters: Sequence[object] | None = None,
    seed: int = 0,
) -> float:
    """Two-sided p of no difference: exact McNemar for 0/1 scores without clusters, else a
    sign-flip test over items (or clusters) with 10,000 seeded draws, counting the one seen."""
    a, b = _pair(one, two)
    moved = b - a
    if clusters is None and set(np.unique(np.concatenate([a, b]))) <= {0.0, 1.0}:
        return mcnemar(int((moved > 0).sum()), int((moved < 0).sum()))
    sums = moved if clusters is None else cluster_sums(moved[:, None], clusters)[:, 0]
    sums = sums[sums != 0]
    if not len(sums):
        return 1.0
    random = np.random.default_rng(seed)
    seen = abs(sums.sum()) * (1 - 1e-12)
    as_far = 0
    for _ in range(FLIPS // FLIPS_AT_ONCE):  # 10,000 x 14,000 items at once would be gigabytes
        draws = random.choice([-1.0, 1.0], size=(FLIPS_AT_ONCE, len(sums)))
        as_far += int((np.abs(draws @ sums) >= seen).sum())
    return (1 + as_far) / (FLIPS + 1)


def mcnemar(won: int, lost: int) -> float:
    """Exact two-sided McNemar: won and lost are the discordant pairs."""
    total = won + lost
    if total == 0:
        return 1.0
    tail = ways = 1  # of k losses, from 0 on: whole numbers, so that nothing is rounded
    for k in range(min(won, lost)):
        ways = ways * (total - k) // (k + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << total))


def smallest_detectable(n: int, stderr: float | None = None) -> float:
    """The smallest difference found with 80% power at 5%: from the paired standard error where
    it is known, else for 0/1 scores with a fifth of the items discordant."""
    spread = math.sqrt(DISCORDANT / n) if stderr is None else stderr
    return POWER_FACTOR * spread


def t_quantile(p: float, degrees: float) -> float:
    """Student's t quantile. Raises ValueError for less than one degree of freedom."""
    if degrees < 1:
        raise ValueError(f"at least one degree of freedom is needed, got {degrees}")
    return float(_special().stdtrit(degrees, p))


def t_p_value(value: float, stderr: float, degrees: float) -> float:
    """Two-sided p of `value` being 0; 1 where neither it nor its error is anything else."""
    if stderr == 0:
        return 1.0 if value == 0 else 0.0
    return float(2 * _special().stdtr(degrees, -abs(value) / stderr))


def chi_square_quantile(p: float, degrees: float) -> float:
    """The chi-square quantile."""
    return float(_special().chdtri(degrees, 1 - p))


def _special() -> Any:
    try:
        import scipy.special
    except ImportError as error:
        raise MissingExtra("scipy", "eval") from error
    return scipy.special


def fieller(gain: float, gap: float, covariance: Floats, quantile: float) -> tuple[float, float]:
    """Fieller's interval of gain / gap, given their covariance (2, 2): the g with
    (gain - g gap)^2 <= q^2 var(gain - g gap); infinite where gap may be 0."""
    (v_gain, v_both), (_, v_gap) = covariance
    q2 = quantile**2
    a = gap**2 - q2 * v_gap
    if a <= 0:
        return -math.inf, math.inf
    b = gain * gap - q2 * v_both
    c = gain**2 - q2 * v_gain
    root = math.sqrt(max(0.0, b * b - a * c))
    return float((b - root) / a), float((b + root) / a)


def mean_difference(mean: float, variance: float, quantile: float) -> Difference:
    """A mean with the interval of `quantile` standard errors to each side."""
    stderr = math.sqrt(max(0.0, float(variance)))
    mean = float(mean)
    return Difference(mean, mean - quantile * stderr, mean + quantile * stderr, stderr)


def _pair(one: ArrayLike, two: ArrayLike) -> tuple[Floats, Floats]:
    a, b = checked(one), checked(two)
    if len(a) != len(b):
        raise ValueError(f"the models have {len(a)} and {len(b)} scores, not the same")
    return a, b


def checked(scores: ArrayLike) -> Floats:
    """Scores as floats (n,). Raises ValueError for another shape, or what is no finite number."""
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"scores must be one number per item, got an array {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("a score is no finite number; leave that item out for all three models")
    return values
