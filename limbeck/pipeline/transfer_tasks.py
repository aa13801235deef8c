"""The tasks that runs of lm-eval have in common, paired item by item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.errors import UserError
from limbeck.evals.lm_eval_files.pairing import (
    NoScore,
    Paired,
    Samples,
    check_asked_alike,
    pair,
    read_task,
)
from limbeck.evals.lm_eval_files.samples import Run

Tasks = dict[str, tuple[dict[str, Samples], Paired]]


def pair_all(
    runs: Mapping[str, Run],
    filter_: str | None,
    metric: str | None,
    cluster: str | None,
    notes: list[str],
) -> Tasks:
    """Every task that base and student share, in the base's order of names; in `notes` what was
    left out, and why."""
    names = sorted({name for run in runs.values() for name in run.tasks})
    shared = [name for name in names if all(name in runs[r].tasks for r in ("base", "student"))]
    for name in names:
        here = [role for role, run in runs.items() if name in run.tasks]
        if name not in shared:
            notes.append(f"{name} was left out: only {' and '.join(here)} ran it")
    if not shared:
        raise UserError("base and student have no task in common; run lm_eval on the same tasks")
    tasks: Tasks = {}
    unusable: list[str] = []
    for name in shared:
        present = {role: run.tasks[name] for role, run in runs.items() if name in run.tasks}
        check_asked_alike(present)
        samples = {role: read_task(run, cluster) for role, run in present.items()}
        try:
            paired = pair(samples, filter_=filter_, metric=metric)
        except NoScore as error:
            unusable.append(str(error))
            continue
        if metric not in (None, paired.metric):
            notes.append(f"{name} has no metric {metric}, and is scored by {paired.metric}")
        if filter_ not in (None, paired.filter):
            notes.append(f"{name} has no filter {filter_}, and is scored under {paired.filter}")
        tasks[name] = (samples, paired)
    if not tasks:
        raise UserError("; ".join(unusable))
    notes += [f"Left out: {reason}" for reason in unusable]
    _check_names(tasks, filter_, metric, cluster)
    return tasks


def _check_names(
    tasks: Tasks, filter_: str | None, metric: str | None, cluster: str | None
) -> None:
    """Raises UserError for a name that no task knows: it would change nothing, silently."""
    filters = {name: list(samples["base"].filters) for name, (samples, _) in tasks.items()}
    if filter_ is not None and all(paired.filter != filter_ for _, paired in tasks.values()):
        told = "; ".join(f"{name} has {', '.join(found)}" for name, found in filters.items())
        raise UserError(f"no task has the filter {filter_!r}: {told}")
    if metric is not None and all(paired.metric != metric for _, paired in tasks.values()):
        told = "; ".join(
            f"{name} has {', '.join(samples['base'].metrics[paired.filter])}"
            for name, (samples, paired) in tasks.items()
        )
        raise UserError(f"no task has the metric {metric!r}: {told}")
    if cluster is not None and not any(
        one.cluster for _, paired in tasks.values() for one in paired.items["base"]
    ):
        raise UserError(f"no doc has the field {cluster!r}, which --cluster names")


def items_of(paired: Paired) -> list[dict[str, Any]]:
    """The items as eval/items.json has them; equal questions have ids of their own."""
    seen: dict[str, int] = {}
    items = []
    for one in paired.items["base"]:
        seen[one.id] = seen.get(one.id, 0) + 1
        items.append(
            {
                "id": one.id if seen[one.id] == 1 else f"{one.id} ({seen[one.id]})",
                "doc": one.doc,
                "question": one.question,
                "options": list(one.options),
                "target": one.target,
                "cluster": one.cluster,
            }
        )
    return items
