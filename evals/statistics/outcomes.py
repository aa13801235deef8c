"""What became of each answer, and how much of a gain is only that answers became readable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from limbeck.evals.statistics.joint import interval
from limbeck.evals.transfer import checked, difference

STATUSES = ("right", "wrong", "unparseable", "truncated", "refused", "failed")
UNREADABLE = frozenset({"unparseable", "truncated", "refused"})


def outcomes(items: Sequence[Mapping[str, Any]]) -> dict[str, int] | None:
    """How many of a role's items ended in each of `STATUSES`, all keys always there; None where
    the task's scores are not 0/1 (a status "scored"). Raises ValueError for another status."""
    statuses = [item["status"] for item in items]
    if "scored" in statuses:
        return None
    if unknown := [status for status in statuses if status not in STATUSES]:
        raise ValueError(f"an item's status is one of {', '.join(STATUSES)}, got {unknown[0]!r}")
    return {status: statuses.count(status) for status in STATUSES}


def format_gain(
    base: ArrayLike,
    student: ArrayLike,
    base_statuses: Sequence[str],
    student_statuses: Sequence[str],
    *,
    clusters: Sequence[object] | None = None,
) -> dict[str, dict[str, float | None]]:
    """student - base in two parts that sum to it: {"format": interval, "ability": interval}.

    `base` and `student` are paired scores (n,), the statuses theirs. "format" is the change on the
    items that either model left unreadable (unparseable, truncated or refused): what became
    readable and right, less what was right and is readable no more. "ability" is the change where
    both were read. So "format" is the most that format explains: base might have had some of
    these answers wrong in a readable form too, and the student have learned them. Raises ValueError
    for lengths that differ, or fewer than two items or clusters.
    """
    b, s = checked(base), checked(student)
    if not len(b) == len(s) == len(base_statuses) == len(student_statuses):
        raise ValueError("the models have different numbers of scores or statuses")
    lost = np.array(
        [
            one in UNREADABLE or other in UNREADABLE
            for one, other in zip(base_statuses, student_statuses, strict=True)
        ],
        dtype=bool,
    )
    parts = {"format": np.where(lost, s - b, 0.0), "ability": np.where(lost, 0.0, s - b)}
    none = np.zeros(len(b))
    return {
        name: interval(difference(none, part, clusters=clusters)) for name, part in parts.items()
    }
