"""One row of the report: a task, its models on the same items, and all that is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from limbeck.errors import UserError
from limbeck.evals.statistics.clusters import clusters_of
from limbeck.evals.statistics.flips import flips
from limbeck.evals.statistics.joint import finite, gap_row, interval
from limbeck.evals.statistics.outcomes import format_gain, outcomes
from limbeck.evals.statistics.power import before
from limbeck.evals.statistics.support import support
from limbeck.evals.transfer import (
    difference,
    gap_closed,
    paired_p_value,
    smallest_detectable,
    standard_error,
)

ROLES = ("base", "student", "teacher")
ABOUT = {
    "imitation_nll": (
        "negative log-likelihood of the teacher's own completions of held-out prompts",
        "nats per token",
    ),
    "imitation_rouge_l": (
        "ROUGE-L of the greedy answer to the teacher's completion of held-out prompts; the "
        "teacher's own column is its greedy answer against its sampled one",
        "",
    ),
}

Role = Mapping[str, Any]
Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Paired:
    """The items of a task that every model answered, in one order.

    `places` are theirs among all items that were asked, `dropped` how many were left out.
    """

    name: str
    tasks: Mapping[str, Mapping[str, Any]]
    places: list[int]
    dropped: int
    clusters: list[str] | None

    @property
    def scores(self) -> dict[str, Any]:
        """(n,) of every model; nothing, where no item is left."""
        if not self.places:
            return {}
        return {role: np.array([i["score"] for i in self.of(role)], float) for role in self.tasks}

    def of(self, role: str) -> list[Item]:
        items = self.tasks[role]["items"]
        return [items[place] for place in self.places]

    @property
    def comparable(self) -> bool:
        """Whether base and student can be compared, with an interval."""
        groups = self.clusters
        enough = len(self.places) >= 2 and not (groups and len(set(groups)) < 2)
        return enough and {"base", "student"} <= set(self.tasks)

    @property
    def binary(self) -> bool:
        values = [score for role in self.scores.values() for score in role]
        return set(np.unique(values)) <= {0.0, 1.0}


def paired(
    name: str, roles: Mapping[str, Role], *, without: frozenset[int] = frozenset()
) -> Paired:
    """A task's items, but for those at the places `without`. Raises UserError where the models
    were asked different ones."""
    found = {
        role: task
        for role in ROLES
        if role in roles
        and (task := next((t for t in roles[role]["tasks"] if t["task"] == name), None))
    }
    keys = {role: [(i["id"], i["doc"]) for i in task["items"]] for role, task in found.items()}
    first = next(iter(keys.values()))
    if any(other != first for other in keys.values()):
        raise UserError(
            f"the models were evaluated on different items of {name}; run limbeck eval again"
        )
    wanted = [place for place in range(len(first)) if place not in without]
    complete = [
        place
        for place in wanted
        if all(task["items"][place]["score"] is not None for task in found.values())
    ]
    items = next(iter(found.values()))["items"]
    groups = clusters_of([items[place] for place in complete], name)
    return Paired(name, found, complete, len(wanted) - len(complete), groups)


def task_row(
    pair: Paired,
    *,
    chance: float | None = None,
    seed: int = 0,
    choice: str = "",
    asked: Sequence[Mapping[str, Any]] = (),
    similarity: Sequence[float] | None = None,
) -> dict[str, Any]:
    """The row of report.json's `tasks`. `asked` are the task's items in words, `similarity` each
    one's to the nearest training row; `choice` says how multiple choice was asked."""
    first = next(iter(pair.tasks.values()))
    is_share = pair.binary and first["kind"] != "imitation"
    about, unit = ABOUT.get(pair.name, (choice, "share" if is_share else ""))
    n, groups = len(pair.places), pair.clusters
    row: dict[str, Any] = {
        "task": pair.name,
        "kind": first["kind"],
        "view": first.get("view", "main"),
        "metric": first["metric"],
        "about": about,
        "unit": unit,
        "higher_is_better": first["higher_is_better"],
        "n": n,
        "dropped": pair.dropped,
        "clusters": len(set(groups)) if groups else None,
        "chance": chance,
        "student_minus_base": None,
        "teacher_minus_base": None,
        "gap_closed": None,
        "smallest_detectable": None,
        "smallest_detectable_before": before(n + pair.dropped, binary=is_share) if n else None,
        "outcomes": None,
        "readable": None,
        "flips": None,
        "support": None,
    }
    scores = pair.scores
    for role in ROLES:
        row[role] = (
            None
            if role not in scores
            else {
                "value": float(np.mean(scores[role])),
                "stderr": finite(standard_error(scores[role], clusters=groups)),
            }
        )
    if not pair.comparable:
        return row
    base, student, teacher = scores["base"], scores["student"], scores.get("teacher")
    moved = difference(base, student, clusters=groups)
    p_value = paired_p_value(base, student, clusters=groups, seed=seed)
    row["student_minus_base"] = {**interval(moved), "p_value": p_value, "p_holm": None}
    if moved.stderr:  # where no item moved, no spread was seen
        row["smallest_detectable"] = smallest_detectable(n, moved.stderr)
    if teacher is not None:
        gap = gap_closed(base, student, teacher, clusters=groups, seed=seed)
        row["teacher_minus_base"] = interval(gap.teacher_minus_base)
        row["gap_closed"] = gap_row(gap)
    if similarity is not None:
        near = [similarity[place] for place in pair.places]
        row["support"] = support(near, base, student, teacher, clusters=groups)
    # Where less is better 1 is no right answer: nothing is acquired, copied or readable.
    is_right = is_share and first["higher_is_better"]
    return row | (_endings(pair, asked, seed) if is_right else {})


def _endings(pair: Paired, asked: Sequence[Mapping[str, Any]], seed: int) -> dict[str, Any]:
    """How items ended, what became readable, and what flipped, of scores that are 0 or 1."""
    ended = {role: outcomes(task["items"]) for role, task in pair.tasks.items()}
    scores, items = pair.scores, {role: pair.of(role) for role in pair.tasks}
    options = [len(asked[place]["options"]) or None for place in pair.places] if asked else None
    found: dict[str, Any] = {"outcomes": {role: ended.get(role) for role in ROLES}}
    found["readable"] = format_gain(
        scores["base"],
        scores["student"],
        [item["status"] for item in items["base"]],
        [item["status"] for item in items["student"]],
        clusters=pair.clusters,
    )
    if "teacher" in scores:
        found["flips"] = flips(
            scores["base"],
            scores["student"],
            scores["teacher"],
            {role: [item["answer"] for item in items[role]] for role in ROLES},
            options=options,
            clusters=pair.clusters,
            seed=seed,
        )
    return found


def few_shot(name: str, base: Role, shown: Role | None) -> dict[str, Any] | None:
    """What base scores after worked examples, {"shots", "n", "value", "stderr", "minus_base"}: what
    the form alone is worth. None where it was not asked."""
    if shown is None or all(task["task"] != name for task in shown["tasks"]):
        return None
    pair = paired(name, {"base": base, "student": shown})
    if not pair.comparable:
        return None
    before, after = pair.scores["base"], pair.scores["student"]
    moved = difference(before, after, clusters=pair.clusters)
    return {
        "shots": shown["shots"],
        "n": len(pair.places),
        "value": float(after.mean()),
        "stderr": finite(standard_error(after, clusters=pair.clusters)),
        "minus_base": {
            **interval(moved),
            "p_value": paired_p_value(before, after, clusters=pair.clusters),
        },
    }
