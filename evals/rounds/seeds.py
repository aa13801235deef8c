"""Several loops that differ in their seeds alone: what holds over all of them.

One loop's interval is over items: it takes as given what was drawn, sampled and trained once.
Over loops it is over items *and* seeds (`limbeck.evals.statistics.training_seeds`), so it says
what other seeds would have shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.evals.rounds.rounds import NOT_ASKED, adjust
from limbeck.evals.rounds.runs import LOOP, Key, RoundRun
from limbeck.evals.rounds.scores import BASE, NO_GAP, TEACHER, Scores, pooled, scores_of_all
from limbeck.evals.shared import Floats, means, shared_tasks
from limbeck.evals.statistics.training_seeds import training_seeds

SCHEMA = "limbeck.loops/1"


@dataclass(frozen=True, slots=True)
class SeededLoop:
    """One loop: `seed` is the recipe's, `training_seed` that of its students' training."""

    name: str
    seed: int
    training_seed: int
    stopped: str
    runs: Sequence[RoundRun]


def over_seeds(
    loops: Sequence[SeededLoop], settings: Mapping[str, Any], version: str
) -> dict[str, Any]:
    """The loops as one (schema "limbeck.loops/1"), over the rounds that all of them have.

    `tasks` has each task, after the mean over the tasks of a kind where they are two or more
    shares. In its `rounds` is every round of every arm: `score`, the mean over loops with the
    lowest and the highest of them, which `loops` lists; `student_minus_base`, `from_before`
    (against the arm's round before) and `gap_closed` (not `bounded` where the teacher is not
    measurably better than the base), with intervals over items and loops. In `against` is the loop
    minus a control at the same round, paired within each loop (`loops`), and `sd`, by how much it
    differs from loop to loop. p_holm is Holm's over an arm's rounds and all tasks, for means over
    all means. `missing` are the rounds that not all loops have.

    Raises ValueError for fewer than two loops, UserError where a task's items differ.
    """
    has = [{run.key for run in loop.runs} for loop in loops]
    keys = [run.key for run in loops[0].runs if all(run.key in own for own in has)]
    rows = [[run for run in loop.runs if run.key in keys] for loop in loops]
    tasks, left_out = _tasks(rows, keys)
    arms = dict.fromkeys(arm for arm, _ in keys)
    return {
        "schema": SCHEMA,
        "limbeck_version": version,
        "settings": dict(settings),
        "loops": [
            {
                "name": loop.name,
                "seed": loop.seed,
                "training_seed": loop.training_seed,
                "rounds": max(number for arm, number in own if arm == LOOP),
                "stopped": loop.stopped,
            }
            for loop, own in zip(loops, has, strict=True)
        ],
        "arms": [
            {"arm": arm, "rounds": [number for own, number in keys if own == arm]} for arm in arms
        ],
        "missing": [
            {"arm": arm, "number": number} for arm, number in sorted(set().union(*has) - set(keys))
        ],
        "tasks": tasks,
        "left_out": left_out,
    }


def _tasks(
    loops: Sequence[Sequence[RoundRun]], keys: Sequence[Key]
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    wanted = shared_tasks([run.roles["student"] for runs in loops for run in runs])
    names = {task["task"] for task in wanted}
    asked = dict.fromkeys(
        task["task"]
        for runs in loops
        for task in runs[0].roles["student"]["tasks"]
        if task.get("view", "main") == "main"
    )
    left_out = [{"task": name, "why": NOT_ASKED} for name in asked if name not in names]
    found: dict[str, tuple[dict[str, Any], list[Scores]]] = {}
    for task in wanted:
        scores = scores_of_all(task["task"], loops)
        if isinstance(scores, str):
            left_out.append({"task": task["task"], "why": scores})
        else:
            found[task["task"]] = (task, scores)
    single = [_entry(task, scores, keys) for task, scores in found.values()]
    over = [
        _entry(task, _means(several, found, len(loops)), keys, several)
        for task, several in means([task for task, _ in found.values()])
    ]
    for family in (over, single):
        adjust(family)
    return [*over, *single], left_out


def _means(
    names: Sequence[str], found: Mapping[str, tuple[Any, Sequence[Scores]]], loops: int
) -> list[Scores]:
    """The mean over tasks, of each loop."""
    return [pooled({name: found[name][1][place] for name in names}) for place in range(loops)]


def _entry(
    task: Mapping[str, Any], loops: Sequence[Scores], keys: Sequence[Key], of: Sequence[str] = ()
) -> dict[str, Any]:
    first = loops[0]
    has_teacher = all(TEACHER in one.columns for one in loops)
    lead = _over(loops, BASE, TEACHER) if has_teacher else None
    ahead = lead is not None and (lead["low"] > 0 if task["higher_is_better"] else lead["high"] < 0)
    made = []
    for arm, number in keys:
        key = (arm, number)
        before: Key = (LOOP if number == 2 else arm, number - 1)
        scores = [float(one.columns[key].mean()) for one in loops]
        over = training_seeds(
            [(one.columns[BASE], one.columns[key], _teacher(one, has_teacher)) for one in loops],
            clusters=first.clusters,
        )
        made.append(
            {
                "arm": arm,
                "number": number,
                "score": _spread(scores),
                "loops": scores,
                "student_minus_base": _tested(over["student_minus_base"]),
                "gap_closed": over["gap_closed"] if ahead or not has_teacher else dict(NO_GAP),
                "from_before": _over(loops, before, key) if before in keys else None,
            }
        )
    return {
        **task,
        "of": list(of),
        "n": len(first.columns[BASE]),
        "asked": first.asked,
        "clusters": len(set(first.clusters)) if first.clusters else None,
        "base": _mean(loops, BASE),
        "teacher": _mean(loops, TEACHER) if has_teacher else None,
        "teacher_minus_base": lead,
        "rounds": made,
        "against": [
            {"arm": arm, "number": number, **_over(loops, (arm, number), (LOOP, number))}
            for arm, number in keys
            if arm != LOOP and (LOOP, number) in keys
        ],
    }


def _over(loops: Sequence[Scores], one: Key, two: Key) -> dict[str, Any]:
    """two - one, paired by item within each loop: its mean over them, and theirs."""
    found = training_seeds(
        [(scores.columns[one], scores.columns[two], None) for scores in loops],
        clusters=loops[0].clusters,
    )
    return {
        **_tested(found["student_minus_base"]),
        "loops": found["gains"],
        "sd": found["sd"],
    }


def _tested(moved: Mapping[str, Any]) -> dict[str, Any]:
    """With the p that Holm's is made of. Where neither items nor loops spread there is nothing to
    test by: two items that moved alike in two loops are no proof."""
    is_still = moved["low"] == moved["high"]
    return {**moved, "p_value": 1.0 if is_still else moved["p_value"], "p_holm": None}


def _teacher(scores: Scores, wanted: bool) -> Floats | None:
    return scores.columns[TEACHER] if wanted else None


def _mean(loops: Sequence[Scores], key: Key) -> float:
    return _spread([float(one.columns[key].mean()) for one in loops])["value"]


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"value": sum(values) / len(values), "low": min(values), "high": max(values)}
