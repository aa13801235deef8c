"""Which answers turned from wrong to right and back, and which errors are the teacher's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from limbeck.evals.statistics.joint import interval
from limbeck.evals.statistics.robust import Floats
from limbeck.evals.transfer import checked, difference, paired_p_value
from limbeck.text import folded

Answers = Sequence[str | None]

ROLES = ("base", "student", "teacher")


def flips(
    base: ArrayLike,
    student: ArrayLike,
    teacher: ArrayLike,
    answers: Mapping[str, Answers] | None = None,
    *,
    options: Sequence[int | None] | None = None,
    clusters: Sequence[object] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Counts over n items from 0/1 scores (n,), as report.json's `flips`.

    - acquired: base wrong, teacher right, student right; of those base has wrong and teacher right.
    - forgotten: base right, student wrong; of those that base has right.
    - past_teacher: teacher wrong, student right; of those that the teacher has wrong.
    - copied: of the items whose teacher's wrong answer could be read, how often the student gives
      that very answer (`count`, `rate`), and how often base does (`base_rate`); their paired
      `difference` with its `p_value`. An answer that could not be read equals none.
    - copied["both_wrong"]: the same, of those items that base and student both have wrong with an
      answer that could be read; None where there are none.

    `copied` alone also grows when the student errs more often, or when its answers became readable
    where base's were not: either makes wrong answers that may happen to be the teacher's. Among
    items both have wrong and readable neither can; only `both_wrong` shows that the teacher drew
    the student to *its* error. It leaves out items that base had right, where copying also happens:
    report both, and claim copying where `both_wrong` shows it.

    `answers` hold for "base", "student" and "teacher" what was read from each output, None where
    nothing could be; they are compared `folded`. `options` is how many options each item has. With
    two there is one wrong answer, and giving it says nothing of where it comes from: such items do
    not enter `copied`. Without `options` a task in which the models gave at most two different
    answers counts as one of two. `copied` is None without answers, or where no item is left;
    intervals and p are None for a single item or cluster.

    Raises ValueError for scores that are not 0/1, and for lengths that differ.
    """
    scores = [checked(one) for one in (base, student, teacher)]
    if len({len(one) for one in scores}) > 1:
        raise ValueError("the models have different numbers of scores")
    if any(not np.isin(one, (0.0, 1.0)).all() for one in scores):
        raise ValueError("flips are of scores that are 0 or 1")
    b, s, t = (one == 1 for one in scores)
    return {
        "n": len(b),
        "acquired": _share(s, ~b & t),
        "forgotten": _share(~s, b),
        "past_teacher": _share(s, ~t),
        "copied": None if answers is None else _copied(b, s, t, answers, options, clusters, seed),
    }


def _share(found: Any, of: Any) -> dict[str, int]:
    return {"count": int((found & of).sum()), "of": int(of.sum())}


def _copied(
    b: Any,
    s: Any,
    t: Any,
    answers: Mapping[str, Answers],
    options: Sequence[int | None] | None,
    clusters: Sequence[object] | None,
    seed: int,
) -> dict[str, Any] | None:
    n = len(b)
    said = {
        role: [_read(text) for text in answers[role]] for role in ("base", "student", "teacher")
    }
    for name, column in (*said.items(), ("options", options), ("clusters", clusters)):
        if column is not None and len(column) != n:
            raise ValueError(f"{n} items have {len(column)} of {name}")
    if options is not None:
        several = np.array([count is None or count > 2 for count in options], dtype=bool)
    else:
        several = np.full(n, len({text for texts in said.values() for text in texts if text}) > 2)
    read = {role: np.array([bool(text) for text in texts]) for role, texts in said.items()}
    same = {
        role: np.array(
            [bool(x) and x == y for x, y in zip(said[role], said["teacher"], strict=True)]
        )
        for role in ("base", "student")
    }
    places = np.flatnonzero(~t & read["teacher"] & several)
    if not len(places):
        return None
    wrong = ~b & ~s & read["base"] & read["student"]
    both = [place for place in places if wrong[place]]
    rates = [_rates(same, of, clusters, seed) for of in (places, both)]
    return {**rates[0], "both_wrong": rates[1] if both else None}


def _rates(
    same: Mapping[str, Any], of: Any, clusters: Sequence[object] | None, seed: int
) -> dict[str, Any]:
    base, student = (np.asarray(same[role][of], dtype=float) for role in ("base", "student"))
    groups = None if clusters is None else [clusters[place] for place in of]
    row: dict[str, Any] = {
        "of": len(base),
        "count": int(student.sum()),
        "rate": _mean(student),
        "base_rate": _mean(base),
        "difference": None,
        "p_value": None,
    }
    if len(range(len(base)) if groups is None else set(groups)) >= 2:
        row["difference"] = interval(difference(base, student, clusters=groups))
        row["p_value"] = paired_p_value(base, student, clusters=groups, seed=seed)
    return row


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None


def _read(text: str | None) -> str:
    return "" if text is None else folded(text)
