"""What several students are compared on: tasks that all were asked, items that all answered, and
means over tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limbeck.evals.statistics.clusters import clusters_of

Floats = NDArray[np.float64]
Items = Sequence[Mapping[str, Any]]


def shared_tasks(students: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The tasks of the main view that every student was asked (eval/student.json), imitation
    first; the `unit` of an accuracy is "share"."""
    names = set.intersection(*({t["task"] for t in role["tasks"]} for role in students))
    made = [
        {
            "task": task["task"],
            "kind": task["kind"],
            "metric": task["metric"],
            "unit": "share" if task["metric"].startswith("acc") else "",
            "higher_is_better": task["higher_is_better"],
        }
        for task in students[0]["tasks"]
        if task["task"] in names and task.get("view", "main") == "main"
    ]
    return sorted(made, key=lambda task: task["kind"] != "imitation")


def items_of(role: Mapping[str, Any], name: str) -> Items | None:
    """The items of a task in a role's result; None where it was not asked."""
    return next((task["items"] for task in role["tasks"] if task["task"] == name), None)


def same_items(every: Sequence[Items]) -> bool:
    """Whether all were asked the same, in the same order."""
    return all([i["doc"] for i in one] == [i["doc"] for i in every[0]] for one in every)


def answered(every: Sequence[Items], name: str) -> tuple[list[int], list[str] | None] | None:
    """The places of the items that everybody answered, and their clusters (`clusters_of`); None
    where they are fewer than two, or in one cluster: then there is no interval."""
    places = [p for p in range(len(every[0])) if all(one[p]["score"] is not None for one in every)]
    groups = clusters_of([every[0][place] for place in places], name)
    if len(places) < 2 or (groups is not None and len(set(groups)) < 2):
        return None
    return places, groups


def means(tasks: Sequence[Mapping[str, Any]]) -> list[tuple[dict[str, Any], list[str]]]:
    """A mean for each kind that has two shares or more: what it is, as a task, and of which."""
    made = []
    for kind in dict.fromkeys(task["kind"] for task in tasks):
        names = [
            task["task"]
            for task in tasks
            if task["kind"] == kind and task["unit"] == "share" and task["higher_is_better"]
        ]
        if len(names) > 1:
            mean = {
                "task": f"{kind}, mean of {len(names)} tasks",
                "kind": kind,
                "metric": "acc",
                "unit": "share",
                "higher_is_better": True,
            }
            made.append((mean, names))
    return made


def clusters_together(tasks: Mapping[str, tuple[int, list[str] | None]]) -> list[str] | None:
    """The clusters of several tasks, from how many items each has and their clusters, as those of
    one; None where no item shares its own."""
    groups = [
        f"{name}: {group}"
        for name, (n, own) in tasks.items()
        for group in own or map(str, range(n))
    ]
    return groups if len(set(groups)) < len(groups) else None


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


def weighed(tasks: Sequence[Floats]) -> Floats:
    """The same without moving any: the mean is the mean over tasks, and a score that is 0 stays
    so. Of differences this is what a sign-flip test takes: under no difference each item's own
    may have either sign."""
    total = sum(scores.shape[-1] for scores in tasks)
    return np.concatenate(
        [scores * (total / (len(tasks) * scores.shape[-1])) for scores in tasks], axis=-1
    )
