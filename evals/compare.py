"""Students of several runs beside each other, paired item by item with the first one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from limbeck.errors import UserError
from limbeck.evals.clusters import clusters_of
from limbeck.evals.transfer import Difference, difference, paired_p_value, standard_error

Role = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """One run on one task: its mean score, and how far that is from the first run's."""

    name: str
    score: float
    stderr: float
    minus_first: Difference | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One task: `n` items in `clusters` groups that vary together, all runs in their order."""

    task: str
    metric: str
    n: int
    clusters: int
    standings: tuple[Standing, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(roles: Mapping[str, Role], *, seed: int = 0) -> list[Comparison]:
    """The tasks that all models were asked, from their results by name (eval/student.json).

    Items are those that every model answered. Intervals and p-values take whole clusters, as the
    report's do (`clusters_of`); where all items are one cluster there are none. Raises UserError
    for fewer than two models, and for no task in common or other items or limits under one name.
    """
    if len(roles) < 2:
        raise UserError(f"comparing takes at least two runs, got {len(roles)}")
    tasks = {name: {task["task"]: task for task in role["tasks"]} for name, role in roles.items()}
    first = next(iter(tasks.values()))
    shared = [name for name in first if all(name in found for found in tasks.values())]
    if not shared:
        raise UserError("the runs were not evaluated on any task in common")
    _same_limits(roles)
    return [
        _task(task, {name: found[task] for name, found in tasks.items()}, seed) for task in shared
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


def _task(name: str, found: Mapping[str, Mapping[str, Any]], seed: int) -> Comparison:
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
    standings = []
    for place, (run, own) in enumerate(scores.items()):
        error = standard_error(own, clusters=groups)
        if place == 0 or alone:
            standings.append(Standing(run, float(own.mean()), error, None, None))
            continue
        moved = difference(base, own, clusters=groups)
        p_value = paired_p_value(base, own, clusters=groups, seed=seed)
        standings.append(Standing(run, float(own.mean()), error, moved, p_value))
    metric = str(next(iter(found.values()))["metric"])
    count = len(set(groups)) if groups else len(complete)
    return Comparison(name, metric, len(complete), count, tuple(standings))
