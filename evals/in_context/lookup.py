"""Finding the numbers of an in-context report: which points it has, and which of them lead.

Everything may be missing, as in all that is read from a file: a task without points, a model
without a metric, no mean where tasks share no condition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.evals.in_context.conditions import AT_RANDOM
from limbeck.evals.pages import wording

Found = Mapping[str, Any]
"""The in-context part of a report: what `summary` makes, with baselines."""
Point = Mapping[str, Any]

ROLES = ("base", "student", "teacher")
VOTES = ("knn_bm25", "knn_dense")


def tasks(found: Found) -> list[Mapping[str, Any]]:
    return list(found.get("tasks") or [])


def name_of(task: Mapping[str, Any]) -> str:
    """One line that can be printed; escaping is the caller's."""
    return wording.visible(task.get("task") or "unnamed", one_line=True)


def points(holder: Found | None) -> list[Point]:
    """Those of a task, or of the mean."""
    return list((holder or {}).get("points") or [])


def mean(found: Found) -> list[Point]:
    return points(found.get("mean"))


def selectors(found: Found) -> list[str]:
    """In the report's order, but random first: it is what the others are held against."""
    every = [point for task in tasks(found) for point in points(task)]
    names = [str(p.get("select")) for p in every if p.get("select") and not p.get("control")]
    return sorted(dict.fromkeys(names), key=lambda name: name != AT_RANDOM)


def shots_of(found: Found) -> list[int]:
    """The k of the curves, from few to many."""
    every = [point for task in tasks(found) for point in points(task)]
    return sorted({shots(point) for point in every if not point.get("control")})


def most(found: Found) -> int:
    """The number of demos at the curve's end."""
    return max(shots_of(found), default=0)


def lead(found: Found) -> tuple[str, int]:
    """The selector and the number of demos that a verdict is about: random, at the curve's end;
    ("", 0) without demos."""
    end = most(found)
    return (next(iter(selectors(found)), ""), end) if end else ("", 0)


def ends(found: Found) -> list[tuple[str, int]]:
    """Every selector at the curve's end, the lead first."""
    end = most(found)
    return [(name, end) for name in selectors(found)] if end else [("", 0)]


def at(several: Sequence[Point], select: str, k: int, control: str | None = None) -> Point:
    """The point of a condition; {} where it is not there."""
    key = (select, k, control)
    return next((point for point in several if key_of(point) == key), {})


def key_of(point: Point) -> tuple[str, int, str | None]:
    """Selector, number of demos and control."""
    return str(point.get("select") or ""), shots(point), point.get("control") or None


def shots(point: Point) -> int:
    return int(wording.finite(point.get("shots")) or 0)


def curve(several: Sequence[Point], select: str) -> list[Point]:
    """The points of a selector, from few demos to many, after that without demos."""
    kept = [p for p in several if not p.get("control") and (p.get("select") or "") in ("", select)]
    return sorted(kept, key=shots)


def scopes(found: Found) -> list[tuple[str | None, list[Point]]]:
    """What a table without a row for every task is about: the mean (None), else each task."""
    if several := mean(found):
        return [(None, several)]
    return [(name_of(task), points(task)) for task in tasks(found)]


def metric(point: Point, role: str, name: str = "accuracy") -> Mapping[str, Any] | None:
    """A value with its interval; None where it was not measured."""
    entry = ((point.get("models") or {}).get(role) or {}).get(name)
    known = isinstance(entry, Mapping) and wording.finite(entry.get("value")) is not None
    return entry if known else None


def value(point: Point, role: str, name: str = "accuracy") -> float | None:
    """A metric's value, or a plain number of the point (`copied`, `followed`)."""
    entry = ((point.get("models") or {}).get(role) or {}).get(name)
    return wording.finite(entry.get("value") if isinstance(entry, Mapping) else entry)


def average(found: Found, key: tuple[str, int, str | None], role: str, name: str) -> float | None:
    """The plain mean over tasks of what the report has by task only; None where one lacks it."""
    each = [value(at(points(task), *key), role, name) for task in tasks(found)]
    known = [one for one in each if one is not None]
    return sum(known) / len(known) if known and len(known) == len(each) else None


def as_task(name: str, point: Point) -> dict[str, Any]:
    """A point as a row of the transfer table, whose rules on the gap it then follows."""
    return {
        "task": name,
        "unit": "share",
        **{role: metric(point, role) for role in ROLES},
        "student_minus_base": point.get("student_minus_base"),
        "gap_closed": point.get("gap_closed"),
    }


def baseline(task: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """{} where the task has none of that name."""
    every = task.get("baselines") or []
    return next((one for one in every if one.get("name") == name), {})


def bars(several: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Mean accuracy over the tasks without any language model: `random`, `majority` and, of the two
    kNN votes, the better; each only where all tasks have it."""
    found = {name: _mean_bar(several, name) for name in ("random", "majority", *VOTES)}
    known = {name: one for name, one in found.items() if one is not None}
    best = max((name for name in VOTES if name in known), key=lambda n: known[n], default=None)
    return {name: one for name, one in known.items() if name not in VOTES or name == best}


def best_vote(bars: Mapping[str, float]) -> str | None:
    """The vote among these."""
    return next((name for name in VOTES if name in bars), None)


def _mean_bar(several: Sequence[Mapping[str, Any]], name: str) -> float | None:
    each = [wording.finite((baseline(t, name).get("accuracy") or {}).get("value")) for t in several]
    known = [one for one in each if one is not None]
    return sum(known) / len(known) if known and len(known) == len(each) else None
