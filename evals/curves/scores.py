"""The scores of a curve's runs, task by task, paired by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from limbeck.errors import UserError
from limbeck.evals.shared import Floats, Items, answered, items_of, same_items


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


def scores_of(
    name: str,
    grid: Mapping[tuple[str, int, int], CurveRun],
    students: Sequence[str],
    rows: Sequence[int],
    seeds: Sequence[int],
) -> Scores | None:
    """The task's scores over the items that everybody answered; None for fewer than two of them."""
    first = grid[students[0], rows[0], seeds[0]]
    by_run = {key: items_of(run.roles["student"], name) or [] for key, run in grid.items()}
    bases = {s: items_of(grid[s, rows[0], seeds[0]].roles["base"], name) or [] for s in students}
    teacher = items_of(first.roles["teacher"], name)
    every = [*by_run.values(), *bases.values(), *([] if teacher is None else [teacher])]
    if not same_items(every):
        raise UserError(
            f"the runs of the curve were evaluated on different items of {name}; their tests "
            "differ. Run limbeck curve again with the recipe as it is now"
        )
    found = answered(every, name)
    if found is None:
        return None
    places, groups = found

    def column(items: Items) -> Floats:
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
