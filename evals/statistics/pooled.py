"""One gap closed over several tasks: the ratio of mean differences, never a mean of ratios.

A task whose gap happens to be near 0 would decide a mean of ratios alone. Tasks are fixed: the
intervals say what other items of these tasks would have given, and nothing about other tasks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from limbeck.evals.statistics.joint import Joint, Part, interval
from limbeck.evals.statistics.robust import Floats, mean_covariance
from limbeck.evals.transfer import checked

Moments = tuple[Floats, Part, int]  # mean gain and gap (2,), their covariance, n
Scores = tuple[ArrayLike, ArrayLike, ArrayLike | None]


def pooled(
    tasks: Mapping[str, Scores],
    *,
    clusters: Mapping[str, Sequence[object] | None] | None = None,
    lower_is_better: Collection[str] = (),
) -> dict[str, Any]:
    """The gain, the gap and the gap closed over tasks, from (base, student, teacher) scores (n,)
    each, paired within a task; every task weighs the same, whatever its n.

    `clusters` names each item's cluster within its task; tasks in `lower_is_better` are negated.
    Returns {"tasks", "n", "student_minus_base", "teacher_minus_base", "gap_closed", "with_teacher",
    "left_out"} as in report.json. A task whose teacher is None counts in the gain only: the gap,
    the gap closed and `left_out` (the gap closed without each task in turn) are of the tasks in
    `with_teacher`, and None where there are none.

    The covariance of the two means is the sum of those of the tasks' means over the square of how
    many tasks there are; degrees of freedom are Satterthwaite's (`joint.py`). The least
    of the tasks' would be right too but far too wide: one task of six clusters among large ones
    adds little variance and would set them all. By simulation it
    covers 95 to 98% (benchmarks/RESULTS.md).

    Pool scores of one unit, of tasks that share no items: a mean over nats and shares means
    nothing, and items in two tasks would be taken for twice as many. Raises ValueError for no
    tasks, and for scores that cannot be paired or have no interval, with the task's name.
    """
    if not tasks:
        raise ValueError("pooling takes at least one task")
    found = {
        name: _moments(name, scores, (clusters or {}).get(name), name in lower_is_better)
        for name, scores in tasks.items()
    }
    compared = [name for name, scores in tasks.items() if scores[2] is not None]
    over_all, over_compared = _joint(found, list(found)), None
    if compared:
        over_compared = _joint(found, compared)
    return {
        "tasks": list(tasks),
        "n": sum(n for _, _, n in found.values()),
        "student_minus_base": interval(over_all.gain()),
        "teacher_minus_base": interval(over_compared.gap()) if over_compared else None,
        "gap_closed": over_compared.gap_closed() if over_compared else None,
        "with_teacher": compared,
        "left_out": [
            {"task": name, "gap_closed": _joint(found, others).gap_closed()}
            for name in compared
            if (others := [other for other in compared if other != name])
        ],
    }


def _moments(
    name: str, scores: Scores, clusters: Sequence[object] | None, negated: bool
) -> Moments:
    try:
        base, student = checked(scores[0]), checked(scores[1])
        teacher = base if scores[2] is None else checked(scores[2])
        if not len(base) == len(student) == len(teacher):
            raise ValueError("the models have different numbers of scores")
        pairs = np.stack([student - base, teacher - base], axis=1) * (-1 if negated else 1)
        covariance = mean_covariance(pairs, clusters)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return pairs.mean(axis=0), covariance, len(pairs)


def _joint(found: Mapping[str, Moments], names: Sequence[str]) -> Joint:
    means = np.mean([found[name][0] for name in names], axis=0)
    parts = [found[name][1] for name in names]
    return Joint(means, [(one / len(names) ** 2, degrees) for one, degrees in parts])
