"""The scores of all rounds and arms on one task, paired by item, and what two of them differ by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from limbeck.errors import UserError
from limbeck.evals.rounds.runs import Key, RoundRun
from limbeck.evals.shared import (
    Floats,
    Items,
    answered,
    clusters_together,
    items_of,
    same_items,
    together,
    weighed,
)
from limbeck.evals.statistics.clusters import IMITATION
from limbeck.evals.statistics.robust import mean_covariance
from limbeck.evals.statistics.share import share
from limbeck.evals.transfer import (
    LEVEL,
    difference,
    fieller,
    paired_p_value,
    smallest_detectable,
    t_quantile,
)

BASE: Key = ("base", 0)
TEACHER: Key = ("teacher", 0)
DIFFER = "its items are not the same in every round"
FEW = "fewer than two items were answered by all"
NO_GAP = {"value": None, "low": None, "high": None, "bounded": False}


@dataclass(frozen=True, slots=True)
class Scores:
    """One task, or the mean over several: (items,) by arm and round, `BASE` and maybe `TEACHER`.

    Of several, `columns` are moved to the mean over tasks (`together`), and `tested` are not
    (`weighed`): intervals are of the first, sign-flip tests of the second. `asked` counts the items
    that were asked, of which only those that everybody answered are here.
    """

    columns: Mapping[Key, Floats]
    tested: Mapping[Key, Floats]
    clusters: list[str] | None
    asked: int


def scores_of(name: str, runs: Sequence[RoundRun]) -> Scores | str:
    """The task's scores over the items that everybody answered, or why there are none. Raises
    UserError where the rounds were asked different items; of an imitation task, whose items are
    what the teacher wrote, that is only why."""
    found = scores_of_all(name, [runs])
    return found if isinstance(found, str) else found[0]


def scores_of_all(name: str, loops: Sequence[Sequence[RoundRun]]) -> list[Scores] | str:
    """The task's scores of each loop, over the items that everybody of all loops answered; as
    `scores_of`."""
    items = [_items(name, runs) for runs in loops]
    every = [one for own in items for one in own.values()]
    if not same_items(every):
        if name.startswith(IMITATION):
            return DIFFER
        raise UserError(
            f"the rounds were evaluated on different items of {name}; their tests differ. Run "
            "limbeck iterate again with the recipe as it is now"
        )
    found = answered(every, name)
    if found is None:
        return FEW
    places, groups = found
    made = []
    for own in items:
        columns = {
            key: np.array([one[p]["score"] for p in places], float) for key, one in own.items()
        }
        made.append(Scores(columns, columns, groups, len(every[0])))
    return made


def _items(name: str, runs: Sequence[RoundRun]) -> dict[Key, Items]:
    """The task's items of every student, of the base and, where it was asked, of the teacher."""
    items: dict[Key, Items] = {run.key: items_of(run.roles["student"], name) or [] for run in runs}
    items[BASE] = items_of(runs[0].roles["base"], name) or []
    teacher = items_of(runs[0].roles["teacher"], name) if "teacher" in runs[0].roles else None
    return items if teacher is None else items | {TEACHER: teacher}


def pooled(tasks: Mapping[str, Scores]) -> Scores:
    """The mean over tasks, which weigh the same; with a teacher where all of them have one."""
    parts = list(tasks.values())
    keys = [key for key in parts[0].columns if all(key in part.columns for part in parts)]
    sizes = {name: (len(one.columns[BASE]), one.clusters) for name, one in tasks.items()}
    return Scores(
        {key: together([part.columns[key] for part in parts]) for key in keys},
        {key: weighed([part.columns[key] for part in parts]) for key in keys},
        clusters_together(sizes),
        sum(part.asked for part in parts),
    )


def mean_of(scores: Scores, key: Key, unit: str) -> dict[str, float]:
    """A mean score and its 95% interval: of right and wrong answers that of `share`, else Student's
    t, a share's held within 0 and 1."""
    own = scores.columns[key]
    if set(np.unique(own)) <= {0.0, 1.0}:
        return share(own, scores.clusters)
    value = float(own.mean())
    covariance, degrees = mean_covariance(own[:, None], scores.clusters)
    half = t_quantile(0.5 + LEVEL / 2, degrees) * float(covariance[0, 0]) ** 0.5
    low, high = value - half, value + half
    if unit == "share":
        low, high = max(0.0, low), min(1.0, high)
    return {"value": value, "low": low, "high": high}


def moved(scores: Scores, one: Key, two: Key, seed: int) -> dict[str, Any]:
    """two - one, paired by item: {"value", "low", "high", "p_value", "p_holm" (None yet),
    "smallest_detectable"}, which is None where no item moved: then no spread was seen."""
    found = difference(scores.columns[one], scores.columns[two], clusters=scores.clusters)
    p_value = paired_p_value(
        scores.tested[one], scores.tested[two], clusters=scores.clusters, seed=seed
    )
    n = len(scores.columns[one])
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "p_value": p_value,
        "p_holm": None,
        "smallest_detectable": smallest_detectable(n, found.stderr) if found.stderr else None,
    }


def closed(scores: Scores, key: Key, lead: Mapping[str, Any], higher: bool) -> dict[str, Any]:
    """The gap closed by this student, with Fieller's interval. Not `bounded` where the teacher is
    not measurably better than the base (`lead`, teacher - base): there is no gap to close then."""
    better = lead["low"] > 0 if higher else lead["high"] < 0
    if not better:
        return dict(NO_GAP)
    base = scores.columns[BASE]
    return _ratio(scores, scores.columns[key] - base, scores.columns[TEACHER] - base)


def of_teacher(scores: Scores, key: Key) -> dict[str, Any]:
    """The student's score over the teacher's, with Fieller's interval: what a referee's share of
    the teacher's points is to be held against."""
    return _ratio(scores, scores.columns[key], scores.columns[TEACHER])


def _ratio(scores: Scores, upper: Floats, lower: Floats) -> dict[str, Any]:
    covariance, degrees = mean_covariance(np.stack([upper, lower], axis=1), scores.clusters)
    over = float(lower.mean())
    low, high = fieller(upper.mean(), over, covariance, t_quantile(0.5 + LEVEL / 2, degrees))
    if over == 0 or not np.isfinite(low):
        return dict(NO_GAP)
    return {"value": float(upper.mean()) / over, "low": low, "high": high, "bounded": True}
