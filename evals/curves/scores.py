"""The scores of a curve's runs, task by task, paired by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limbeck.errors import UserError
from limbeck.evals.statistics.clusters import clusters_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CurveRun:
    """One student of the study: `student` names its model, `rows` and `seed` what it was trained
    with; `examples` and `tokens` what the training made of these; `roles` the three results of its
    eval stage."""

    name: str
    student: str
    rows: int
    seed: int
    examples: int
    tokens: int
    roles: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Scores:
    """One task: `students` by name are (rows, seeds, items), `bases` and `teacher` (items,)."""

    students: Mapping[str, Floats]
    bases: Mapping[str, Floats]
    teacher: Floats | None
    clusters: list[str] | None


def _items(role: Mapping[str, Any], name: str) -> list[Mapping[str, Any]] | None:
    return next((task["items"] for task in role["tasks"] if task["task"] == name), None)


def scores_of(
    name: str,
    grid: Mapping[tuple[str, int, int], CurveRun],
    students: Sequence[str],
    rows: Sequence[int],
    seeds: Sequence[int],
) -> Scores | None:
    """The task's scores over the items that everybody answered; None for fewer than two of them."""
    first = grid[students[0], rows[0], seeds[0]]
    by_run = {key: _items(run.roles["student"], name) or [] for key, run in grid.items()}
    bases = {s: _items(grid[s, rows[0], seeds[0]].roles["base"], name) or [] for s in students}
    teacher = _items(first.roles["teacher"], name)
    every = [*by_run.values(), *bases.values(), *([] if teacher is None else [teacher])]
    if any([i["doc"] for i in one] != [i["doc"] for i in every[0]] for one in every):
        raise UserError(
            f"the runs of the curve were evaluated on different items of {name}; their tests "
            "differ. Run limbeck curve again with the recipe as it is now"
        )
    places = [
        place
        for place in range(len(every[0]))
        if all(one[place]["score"] is not None for one in every)
    ]
    groups = clusters_of([every[0][place] for place in places], name)
    if len(places) < 2 or (groups is not None and len(set(groups)) < 2):
        return None

    def column(items: Sequence[Mapping[str, Any]]) -> Floats:
        return np.array([items[place]["score"] for place in places], dtype=np.float64)

    return Scores(
        {
            s: np.array([[column(by_run[s, count, seed]) for seed in seeds] for count in rows])
            for s in students
        },
        {s: column(bases[s]) for s in students},
        None if teacher is None else column(teacher),
        groups,
    )


def together(tasks: Sequence[Floats]) -> Floats:
    """Scores of several tasks (..., n of each) as those of one (..., n of all).

    Its mean is the mean over tasks, which weigh the same; and since each task is moved to that
    mean, what varies over its items is what varies within tasks: the variance of its mean is that
    of a mean of independent strata.
    """
    total = sum(scores.shape[-1] for scores in tasks)
    means = [scores.mean(axis=-1, keepdims=True) for scores in tasks]
    middle = np.mean(means, axis=0)
    return np.concatenate(
        [
            middle + (scores - mean) * (total / (len(tasks) * scores.shape[-1]))
            for scores, mean in zip(tasks, means, strict=True)
        ],
        axis=-1,
    )
