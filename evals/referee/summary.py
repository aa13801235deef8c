"""What a referee's scores say together: means, how often the order decided, what was left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limbeck.evals.referee.ask import Scored
from limbeck.evals.referee.question import HIGHEST, LOWEST
from limbeck.evals.transfer import fieller
from limbeck.student_t import t_quantile
from limbeck.wilson import wilson

UPPER = 0.975  # of a two-sided interval of 95%

Found = dict[str, float | None]
Floats = NDArray[np.float64]


def summary(rows: Sequence[Scored]) -> dict[str, Any]:
    """The scores of the pairs that were read in both orders; the others count in nothing else.

    `n` are those read; `failed` those with a call without a reply, `unparsed` the rest;
    `asked_again` counts orders, of all pairs. Each of the others is {value, low, high}, null where
    there is none, with a 95% interval over pairs:

    - `flip_rate`: the share of pairs whose orders differ in who is better (Wilson's interval);
    - `tie_rate`: the share of pairs in which both orders are ties, each giving both answers the
      same score (Wilson's interval); such a pair has no gap and cannot flip, so that beside many
      ties a low flip rate says nothing;
    - `first_place`: the mean of what the first place adds to a score (Student's t);
    - `teacher`, `student`: the mean scores (Student's t, held within the scale);
    - `relative`: the student's mean score by the teacher's, as in Lion, whose pairs are these
      same ones (Fieller's interval, from Student's t, held within what the scale allows).

    Means of one pair have no interval, nor has a quotient whose interval is unbounded.
    """
    read = [row for row in rows if row.teacher is not None]
    failed = sum(bool(row.failed) for row in rows)
    scores = np.array([[row.student, row.teacher] for row in read], dtype=np.float64)
    student, teacher = scores.reshape(-1, 2).T
    return {
        "n": len(read),
        "unparsed": len(rows) - len(read) - failed,
        "failed": failed,
        "asked_again": sum(row.asked_again for row in rows),
        "flip_rate": _share(sum(bool(row.flipped) for row in read), len(read)),
        "tie_rate": _share(sum(bool(row.tied) for row in read), len(read)),
        "first_place": _mean(np.array([row.first_place for row in read], dtype=np.float64)),
        "teacher": _within(_mean(teacher), LOWEST, HIGHEST),
        "student": _within(_mean(student), LOWEST, HIGHEST),
        "relative": _within(_relative(student, teacher), LOWEST / HIGHEST, HIGHEST / LOWEST),
    }


def _share(hits: int, n: int) -> Found:
    if n == 0:
        return _found(None)
    return _found(hits / n, *wilson(hits, n))


def _mean(values: Floats) -> Found:
    n = len(values)
    if n == 0:
        return _found(None)
    value = float(values.mean())
    if n == 1:
        return _found(value)
    half = t_quantile(UPPER, n - 1) * float(values.std(ddof=1)) / math.sqrt(n)
    return _found(value, value - half, value + half)


def _relative(student: Floats, teacher: Floats) -> Found:
    n = len(student)
    if n == 0:
        return _found(None)
    one, other = float(student.mean()), float(teacher.mean())
    if n == 1:
        return _found(one / other)
    covariance = np.cov(np.stack([student, teacher]), ddof=1) / n
    low, high = fieller(one, other, covariance, t_quantile(UPPER, n - 1))
    if math.isinf(low):
        return _found(one / other)
    return _found(one / other, low, high)


def _within(found: Found, least: float, most: float) -> Found:
    """With an interval that ends where the values do."""
    low, high = found["low"], found["high"]
    if low is None or high is None:
        return found
    return found | {"low": max(low, least), "high": min(high, most)}


def _found(value: float | None, low: float | None = None, high: float | None = None) -> Found:
    return {"value": value, "low": low, "high": high}
