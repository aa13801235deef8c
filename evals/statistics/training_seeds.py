"""What several training seeds say of a student that one seed cannot.

Seeds and items are crossed: every seed's student answers every item. The error of the mean then
comes from both, and the interval says what other items *and* other training seeds would have given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from limbeck.evals.statistics.joint import Joint, Part, interval
from limbeck.evals.statistics.robust import Floats, cluster_weights, mean_covariance
from limbeck.evals.transfer import LEVEL, checked, chi_square_quantile

Run = tuple[ArrayLike, ArrayLike, ArrayLike | None]


def training_seeds(
    runs: Sequence[Run], *, clusters: Sequence[object] | None = None
) -> dict[str, Any]:
    """The gain over training seeds, from one (base, student, teacher) of scores (n,) for each seed,
    on the same items in the same order. The teacher is None for all runs or for none.

    Returns {"seeds", "n", "gains" (one for each seed), "student_minus_base" with its p_value,
    "teacher_minus_base", "gap_closed", "sd"}; sd is the standard deviation of `gains`, on these
    items, with its interval (chi-square: of few seeds it is wide, and that is the truth).

    With so few seeds no bootstrap holds what it promises: of three, a ninth of the draws hold one
    seed only, and the pigeonhole bootstrap (Owen 2007) covers 81% where three seeds matter, 89%
    with five. The interval is Howe's instead (`joint.py`), over the variance of
    `two_way`. By simulation (benchmarks/RESULTS.md) it covers 93 to 95% where seeds matter, and
    more where they do not: 98 to 99% with three, 96% with five. It pays in width: t is 4.3 with
    three seeds and not 1.96, and 12.7 with two, which is all that two can tell. Raises ValueError
    for fewer than two runs, and for scores that cannot be paired.
    """
    if len(runs) < 2:
        raise ValueError(f"training seeds take at least two runs, got {len(runs)}")
    without = [teacher is None for _, _, teacher in runs]
    if any(without) != all(without):
        raise ValueError("some runs have a teacher's scores and some have none")
    pairs = np.stack([_pairs(*run) for run in _same_length(runs)])
    joint = Joint(pairs.mean(axis=(0, 1)), two_way(pairs, clusters), "howe")
    gains = pairs[:, :, 0].mean(axis=1)
    return {
        "seeds": len(runs),
        "n": pairs.shape[1],
        "gains": [float(gain) for gain in gains],
        "student_minus_base": {**interval(joint.gain()), "p_value": joint.p_value()},
        "teacher_minus_base": None if all(without) else interval(joint.gap()),
        "gap_closed": None if all(without) else joint.gap_closed(),
        "sd": _spread(gains),
    }


def two_way(values: Floats, clusters: Sequence[object] | None) -> list[Part]:
    """The covariance (k, k) of the mean of values (seeds, items, k) in its parts, with their
    degrees of freedom: items (or clusters), and seeds where there are two or more.

    The variance is seeds + items - both: what an item does under one seed alone is in the first two
    terms, so it is taken off once (the random-effects analysis of variance; with clusters,
    Cameron, Gelbach and Miller 2011). It is taken off the items, of which there are many, and never
    below nothing. Taken off the few seeds it would leave nothing of them in every second run, and
    intervals that cover 85 to 95%.
    """
    seeds, n, _ = values.shape
    by_item, by_seed = values.mean(axis=0), values.mean(axis=1)
    items, degrees = mean_covariance(by_item, clusters)
    if seeds == 1:
        return [(items, degrees)]
    off = by_seed - by_seed.mean(axis=0)
    over_seeds = off.T @ off / (seeds * (seeds - 1))
    residuals = values - by_item - off[:, None, :]
    index, weights = cluster_weights(n, clusters)
    sums = np.zeros((len(weights), seeds, values.shape[2]))
    np.add.at(sums, index, residuals.transpose(1, 0, 2))
    sums *= weights[:, None, None]
    both = np.einsum("gsk,gsl->kl", sums, sums) / (seeds * (seeds - 1))
    sizes, directions = np.linalg.eigh(items - both)
    rest = (directions * np.maximum(sizes, 0)) @ directions.T
    return [(rest, degrees), (over_seeds, seeds - 1.0)]


def _same_length(runs: Sequence[Run]) -> list[tuple[Floats, Floats, Floats]]:
    found = [
        (checked(base), checked(student), checked(base if teacher is None else teacher))
        for base, student, teacher in runs
    ]
    lengths = sorted({len(scores) for run in found for scores in run})
    if len(lengths) > 1:
        raise ValueError(f"the runs have scores of {lengths[0]} and {lengths[-1]} items")
    return found


def _pairs(base: Floats, student: Floats, teacher: Floats) -> Floats:
    return np.stack([student - base, teacher - base], axis=1)


def _spread(gains: Floats) -> dict[str, float]:
    degrees = len(gains) - 1
    sd = float(gains.std(ddof=1))
    low, high = (
        sd * math.sqrt(degrees / chi_square_quantile(p, degrees))
        for p in (0.5 + LEVEL / 2, 0.5 - LEVEL / 2)
    )
    return {"value": sd, "low": low, "high": high}
