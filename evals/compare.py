"""Students of several runs beside each other, paired item by item with the first one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from limbeck.errors import UserError
from limbeck.evals.statistics.clusters import IMITATION, clusters_of
from limbeck.evals.statistics.holm import holm
from limbeck.evals.transfer import (
    Difference,
    difference,
    gap_closed,
    paired_p_value,
    standard_error,
)

Role = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ends:
    """The results of the base and of the teacher that all runs are measured by, and the names of
    the runs whose students started from this base."""

    base: Role
    teacher: Role
    runs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Closed:
    """The gap closed over `n` items, with Fieller's interval; `low` and `high` are None where it
    is not bounded: there the teacher is not measurably better than the base."""

    value: float | None
    low: float | None
    high: float | None
    bounded: bool
    n: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One run on one task: its mean score, how far that is from the first run's, and the gap
    closed. `p_holm` is its p-value over all tasks (Holm 1979)."""

    name: str
    score: float
    stderr: float
    minus_first: Difference | None
    p_value: float | None
    p_holm: float | None = None
    gap_closed: Closed | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One task: `n` items in `clusters` groups that vary together, all runs in their order. The
    `unit` is "share" where all scores are 0 or 1."""

    task: str
    metric: str
    n: int
    clusters: int
    standings: tuple[Standing, ...]
    unit: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(
    roles: Mapping[str, Role], *, ends: Ends | None = None, seed: int = 0
) -> list[Comparison]:
    """The tasks that all models were asked, from their results by name (eval/student.json).

    Items are those that every model answered. Intervals and p-values take whole clusters, as the
    report's do (`clusters_of`); where all items are one cluster there are none. With `ends` every
    run that began from that base also gets the gap it closed. Imitation tasks whose items differ
    are left out (`apart` names them): teachers that differ wrote other completions. Raises
    UserError for fewer than two models, for no task in common, and for other items or limits.
    """
    if len(roles) < 2:
        raise UserError(f"comparing takes at least two runs, got {len(roles)}")
    tasks = {name: _by_name(role) for name, role in roles.items()}
    shared = [name for name in _shared(tasks) if name not in apart(roles)]
    if not shared:
        raise UserError("the runs were not evaluated on any task in common")
    _same_limits(roles)
    if ends is not None:
        _same_limits({next(iter(roles)): next(iter(roles.values())), "its base": ends.base})
    found = [
        _task(task, {name: own[task] for name, own in tasks.items()}, ends, seed) for task in shared
    ]
    return _adjusted(found)


def apart(roles: Mapping[str, Role]) -> list[str]:
    """The imitation tasks that all models were asked, with other items each."""
    tasks = {name: _by_name(role) for name, role in roles.items()}
    return [
        name
        for name in _shared(tasks)
        if name.startswith(IMITATION) and len({_asked(own[name]) for own in tasks.values()}) > 1
    ]


def _by_name(role: Role) -> dict[str, Mapping[str, Any]]:
    return {task["task"]: task for task in role["tasks"]}


def _shared(tasks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    first = next(iter(tasks.values()))
    return [name for name in first if all(name in found for found in tasks.values())]


def _asked(task: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(item["doc"] for item in task["items"])


def _adjusted(found: Sequence[Comparison]) -> list[Comparison]:
    """With the p-values of every run adjusted over the tasks that have one."""
    columns = [
        holm([task.standings[place].p_value for task in found])
        for place in range(len(found[0].standings))
    ]
    return [
        replace(
            task,
            standings=tuple(
                replace(standing, p_holm=column[n])
                for standing, column in zip(task.standings, columns, strict=True)
            ),
        )
        for n, task in enumerate(found)
    ]


def _same_limits(roles: Mapping[str, Role]) -> None:
    keys = ("form", "prompt", "max_tokens", "version", "lm_eval")
    (first, one), *others = roles.items()
    for name, other in others:
        apart = [
            f"{key} {one['protocol'][key]} and {other['protocol'][key]}"
            for key in keys
            if one["protocol"][key] != other["protocol"][key]
        ]
        if apart:
            raise UserError(
                f"{first} and {name} were evaluated in different ways: {'; '.join(apart)}"
            )


def _task(
    name: str, found: Mapping[str, Mapping[str, Any]], ends: Ends | None, seed: int
) -> Comparison:
    ids = {run: [item["doc"] for item in task["items"]] for run, task in found.items()}
    first = next(iter(ids.values()))
    for run, asked in ids.items():
        if asked != first:
            raise UserError(f"{run} was evaluated on other items of {name} than the first run")
    columns = {run: [item["score"] for item in task["items"]] for run, task in found.items()}
    complete = [
        place for place in range(len(first)) if all(c[place] is not None for c in columns.values())
    ]
    if len(complete) < 2:
        raise UserError(f"fewer than two items of {name} were answered by every run")
    scores = {run: np.array([c[p] for p in complete], float) for run, c in columns.items()}
    items = next(iter(found.values()))["items"]
    groups = clusters_of([items[place] for place in complete], name)
    alone = groups is not None and len(set(groups)) < 2
    base = next(iter(scores.values()))
    closed = {} if ends is None else _closed(name, found, ends, seed)
    standings = []
    for place, (run, own) in enumerate(scores.items()):
        error = standard_error(own, clusters=groups)
        if place == 0 or alone:
            standings.append(
                Standing(run, float(own.mean()), error, None, None, gap_closed=closed.get(run))
            )
            continue
        moved = difference(base, own, clusters=groups)
        p_value = paired_p_value(base, own, clusters=groups, seed=seed)
        standings.append(
            Standing(run, float(own.mean()), error, moved, p_value, gap_closed=closed.get(run))
        )
    metric = str(next(iter(found.values()))["metric"])
    count = len(set(groups)) if groups else len(complete)
    binary = all(set(np.unique(own)) <= {0.0, 1.0} for own in scores.values())
    unit = "share" if binary and not name.startswith(IMITATION) else ""
    return Comparison(name, metric, len(complete), count, tuple(standings), unit)


def _closed(
    name: str, found: Mapping[str, Mapping[str, Any]], ends: Ends, seed: int
) -> dict[str, Closed]:
    """The gap closed by each run that began from the base, over the items that the two ends and all
    runs answered; none where an end was not asked these items."""
    of = [_by_name(end).get(name) for end in (ends.base, ends.teacher)]
    first = next(iter(found.values()))
    if any(end is None or _asked(end) != _asked(first) for end in of):
        return {}
    every = [end for end in of if end is not None] + list(found.values())
    columns = [[item["score"] for item in task["items"]] for task in every]
    places = [n for n, scores in enumerate(zip(*columns, strict=True)) if None not in scores]
    groups = clusters_of([first["items"][n] for n in places], name)
    if len(places) < 2 or (groups is not None and len(set(groups)) < 2):
        return {}
    base, teacher, *students = (np.array([c[n] for n in places], float) for c in columns)
    made = {}
    for run, student in zip(found, students, strict=True):
        if run in ends.runs:
            gap = gap_closed(base, student, teacher, clusters=groups, seed=seed)
            value, low, high = map(_finite, (gap.value, gap.low, gap.high))
            made[run] = Closed(value, low, high, gap.bounded, gap.n)
    return made


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
