"""Does the gain sit where the training data was? Gains by an item's similarity to the data.

Imitation closes gaps near its data and little elsewhere (Gudibande et al. 2023): here that claim
is a slope with an interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limbeck.evals.statistics.joint import Joint, interval
from limbeck.evals.statistics.robust import Floats, mean_covariance, slope
from limbeck.evals.transfer import (
    LEVEL,
    checked,
    difference,
    mean_difference,
    t_p_value,
    t_quantile,
)

BINS = 4
FEWEST = 10  # items in a bin: below, an interval says nothing
STEP = 0.1  # of similarity, that the slope is given for


def support(
    similarity: ArrayLike,
    base: ArrayLike,
    student: ArrayLike,
    teacher: ArrayLike | None,
    *,
    clusters: Sequence[object] | None = None,
) -> dict[str, Any] | None:
    """report.json's `support` from paired scores (n,) and each item's similarity to the nearest
    training row (n,).

    "quartiles" are from the least similar up; each has the similarity of its first and last item,
    n, and its own paired intervals (None with a single cluster, gap and gap closed also where
    `teacher` is None). Items of one similarity are never parted, and a bin has at least 10 items:
    so there are fewer than four where values repeat or n is small.

    "slope" is the least-squares change of student - base per 0.1 of similarity, {"value", "low",
    "high", "p_value"}, with cluster-robust errors (CR2; HC2 without clusters): the spread of gains
    may differ along the way. None where it cannot be given. Similarity was not assigned by chance:
    easier items may be more similar. The slope says where the gain sits, not why.

    Returns None where all items are alike or fewer than two. Raises ValueError for scores that
    cannot be paired.
    """
    near, b, s = checked(similarity), checked(base), checked(student)
    t = None if teacher is None else checked(teacher)
    lengths = {len(one) for one in (near, b, s, *([] if t is None else [t]))}
    if len(lengths) > 1 or (clusters is not None and len(clusters) not in lengths):
        raise ValueError("similarity, scores and clusters are not of the same items")
    if len(set(near.tolist())) < 2:
        return None
    return {
        "quartiles": [
            _bin(places, near, b, s, t, _at(clusters, places)) for places in quartiles(near)
        ],
        "slope": _slope(near, s - b, clusters),
    }


def quartiles(values: Floats) -> list[NDArray[np.intp]]:
    """The places of values (n,) in up to four bins of about equal size, lowest first.

    A cut is made between two different values only, at the one nearest to the quarter, and none
    that would leave a bin of fewer than ten.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    cuts = np.flatnonzero(np.diff(ordered) > 0) + 1
    chosen = [0]
    for quarter in range(1, BINS):
        wanted = quarter * len(values) / BINS
        near = [cut for cut in cuts if cut - chosen[-1] >= FEWEST and len(values) - cut >= FEWEST]
        if near:
            best = int(min(near, key=lambda cut: (abs(cut - wanted), cut)))
            # The next quarter's cut is not this one's, wherever values repeat.
            if abs(best - wanted) <= len(values) / (2 * BINS):
                chosen.append(best)
    return [order[low:high] for low, high in zip(chosen, [*chosen[1:], len(values)], strict=True)]


def _bin(
    places: NDArray[np.intp],
    near: Floats,
    base: Floats,
    student: Floats,
    teacher: Floats | None,
    clusters: Sequence[object] | None,
) -> dict[str, Any]:
    b, s = base[places], student[places]
    row: dict[str, Any] = {
        "low": float(near[places].min()),
        "high": float(near[places].max()),
        "n": len(places),
        "student_minus_base": None,
        "teacher_minus_base": None,
        "gap_closed": None,
    }
    if len(places if clusters is None else set(clusters)) < 2:
        return row
    row["student_minus_base"] = interval(difference(b, s, clusters=clusters))
    if teacher is not None:
        pairs = np.stack([s - b, teacher[places] - b], axis=1)
        found = Joint(pairs.mean(axis=0), [mean_covariance(pairs, clusters)])
        row["teacher_minus_base"] = interval(found.gap())
        row["gap_closed"] = found.gap_closed()
    return row


def _slope(
    near: Floats, gain: Floats, clusters: Sequence[object] | None
) -> dict[str, float | None] | None:
    if len(near if clusters is None else set(clusters)) < 3:
        return None
    value, stderr, degrees = slope(near / STEP, gain, clusters)
    found = mean_difference(value, stderr**2, t_quantile(0.5 + LEVEL / 2, degrees))
    return {**interval(found), "p_value": t_p_value(value, stderr, degrees)}


def _at(clusters: Sequence[object] | None, places: NDArray[np.intp]) -> list[object] | None:
    return None if clusters is None else [clusters[place] for place in places]
