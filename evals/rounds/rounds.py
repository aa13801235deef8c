"""Every round of an adversarial loop against base, teacher, the round before and the control.

All students answered the same items, so all that is compared is paired by item. Intervals are over
items; there is one training seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.errors import UserError
from limbeck.evals.rounds.runs import ARMS, LOOP, Key, added, cost_to, held_out_score
from limbeck.evals.rounds.runs import RoundRun as RoundRun
from limbeck.evals.rounds.scores import (
    BASE,
    TEACHER,
    Scores,
    closed,
    mean_of,
    moved,
    of_teacher,
    pooled,
    scores_of,
)
from limbeck.evals.shared import means, shared_tasks
from limbeck.evals.statistics.holm import holm

SCHEMA = "limbeck.iterate/1"
NOT_ASKED = "not every round was asked it"


def rounds(
    name: str,
    version: str,
    runs: Sequence[RoundRun],
    *,
    base_held_out: Mapping[str, Any] | None,
    settings: Mapping[str, Any],
    stopped: str,
    stop_task: str | None,
    teacher: str,
    student: str,
    referee: str | None,
    seed: int,
) -> dict[str, Any]:
    """The content of iterate.json (schema "limbeck.iterate/1").

    `tasks` holds each task, after the mean over the tasks of a kind where they are two or more
    shares: base, teacher, and in `rounds` every round of every arm with its `score`,
    `student_minus_base`, `gap_closed`, `of_teacher` (its score over the teacher's), `from_before`
    (against the arm's round before) and `from_first`; in `against` the loop minus a control at the
    same round. `runs` holds what each round did and cost. p_holm is Holm's over an arm's rounds and
    all tasks, for the means over its rounds and all means. `left_out` says of which tasks nothing
    could be compared.

    Raises UserError where round 1 is missing, or a task's items differ from round to round.
    """
    grid = {run.key: run for run in runs}
    if len(grid) < len(runs):
        raise UserError("the loop has two runs of one round and arm; run limbeck iterate again")
    if (LOOP, 1) not in grid:
        raise UserError("the loop has no round 1; run limbeck iterate again")
    known = [arm for arm in ARMS if any(run.arm == arm for run in runs)]
    arms = [*known, *sorted({run.arm for run in runs} - set(known))]
    order = [grid[key] for key in sorted(grid, key=lambda key: (key[1], arms.index(key[0])))]
    tasks, left_out = _tasks(order, seed)
    return {
        "schema": SCHEMA,
        "name": name,
        "limbeck_version": version,
        "teacher": teacher,
        "student": student,
        "referee": referee,
        "seed": seed,
        "settings": dict(settings),
        "stop": _stop(order, stopped, stop_task),
        "arms": [
            {
                "arm": arm,
                "rounds": [run.number for run in order if run.arm == arm],
                "cost": added(c for run in order if run.arm == arm for c in run.cost.values()),
            }
            for arm in arms
        ],
        "base_held_out": None if base_held_out is None else dict(base_held_out),
        "runs": [_told(run, grid) for run in order],
        "tasks": tasks,
        "left_out": left_out,
    }


def _tasks(
    runs: Sequence[RoundRun], seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    wanted = shared_tasks([run.roles["student"] for run in runs])
    names = {task["task"] for task in wanted}
    left_out = [
        {"task": task["task"], "why": NOT_ASKED}
        for task in runs[0].roles["student"]["tasks"]
        if task["task"] not in names and task.get("view", "main") == "main"
    ]
    found: dict[str, tuple[dict[str, Any], Scores]] = {}
    for task in wanted:
        scores = scores_of(task["task"], runs)
        if isinstance(scores, str):
            left_out.append({"task": task["task"], "why": scores})
        else:
            found[task["task"]] = (task, scores)
    keys = [run.key for run in runs]
    single = [_entry(task, scores, keys, seed) for task, scores in found.values()]
    over = []
    for task, several in means([task for task, _ in found.values()]):
        scores = pooled({name: found[name][1] for name in several})
        over.append(_entry(task, scores, keys, seed, several))
    for family in (over, single):
        adjust(family)
    return [*over, *single], left_out


def _entry(
    task: Mapping[str, Any],
    scores: Scores,
    keys: Sequence[Key],
    seed: int,
    of: Sequence[str] = (),
) -> dict[str, Any]:
    unit, higher = task["unit"], task["higher_is_better"]
    has_teacher = TEACHER in scores.columns
    lead = moved(scores, BASE, TEACHER, seed) if has_teacher else None
    made = []
    for arm, number in keys:
        key = (arm, number)
        before: Key = (LOOP if number == 2 else arm, number - 1)
        own = {
            "arm": arm,
            "number": number,
            "score": mean_of(scores, key, unit),
            "student_minus_base": moved(scores, BASE, key, seed),
            "gap_closed": None if lead is None else closed(scores, key, lead, higher),
            "of_teacher": None,
            "from_before": moved(scores, before, key, seed) if before in keys else None,
            "from_first": moved(scores, (LOOP, 1), key, seed) if number > 1 else None,
        }
        if has_teacher and unit == "share" and higher:
            own["of_teacher"] = of_teacher(scores, key)
        made.append(own)
    against = [
        {"arm": arm, "number": number, **moved(scores, (arm, number), (LOOP, number), seed)}
        for arm, number in keys
        if arm != LOOP and (LOOP, number) in keys
    ]
    return {
        **task,
        "of": list(of),
        "n": len(scores.columns[BASE]),
        "asked": scores.asked,
        "clusters": len(set(scores.clusters)) if scores.clusters else None,
        "base": float(scores.columns[BASE].mean()),
        "teacher": float(scores.columns[TEACHER].mean()) if has_teacher else None,
        "teacher_minus_base": lead,
        "rounds": made,
        "against": against,
    }


def adjust(tasks: Sequence[Mapping[str, Any]]) -> None:
    """Sets Holm's p of every comparison, over the tasks and the rounds of an arm."""
    arms = dict.fromkeys(one["arm"] for task in tasks for one in task["rounds"])
    families = []
    for arm in arms:
        families.append([one for task in tasks for one in task["against"] if one["arm"] == arm])
        own = [one for task in tasks for one in task["rounds"] if one["arm"] == arm]
        names = ("student_minus_base", "from_before", "from_first")
        families += [[one[name] for one in own if one.get(name) is not None] for name in names]
    for family in families:
        adjusted = holm([one["p_value"] for one in family])
        for one, p_holm in zip(family, adjusted, strict=True):
            one["p_holm"] = p_holm


def _stop(runs: Sequence[RoundRun], stopped: str, task: str | None) -> dict[str, Any]:
    scores: list[dict[str, Any]] = [
        {"number": run.number, "score": held_out_score(run.roles, task)}
        for run in runs
        if run.arm == LOOP
    ]
    known = [one for one in scores if one["score"] is not None]
    best = (
        max(known, key=lambda one: one["score"])["number"] if known else None
    )  # the first of ties
    return {"why": stopped, "task": task, "scores": scores, "best": best}


def _told(run: RoundRun, grid: Mapping[Key, RoundRun]) -> dict[str, Any]:
    return {
        "arm": run.arm,
        "number": run.number,
        "run": run.name,
        "seeds": run.seeds,
        "rows": run.rows,
        "tokens": run.tokens,
        "discriminated": None if run.discriminated is None else dict(run.discriminated),
        "written": None if run.written is None else dict(run.written),
        "held_out": None if run.held_out is None else dict(run.held_out),
        "cost": {phase: dict(cost) for phase, cost in run.cost.items()},
        "added": added(run.cost.values()),
        "to_here": cost_to(grid, run.arm, run.number),
    }
