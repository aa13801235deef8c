"""Scores against the number of training rows, and against the student's size: what more of either
brings.

Every student answered the same items, so all that is compared is paired by item; seeds of the
training are crossed with items, as `limbeck.evals.statistics.training_seeds` has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from limbeck.errors import UserError
from limbeck.evals.curves.scores import CurveRun as CurveRun
from limbeck.evals.curves.scores import Scores, scores_of
from limbeck.evals.shared import Floats, clusters_together, means, shared_tasks, together
from limbeck.evals.statistics.slope import log_slope
from limbeck.evals.statistics.training_seeds import training_seeds
from limbeck.evals.transfer import difference, gap_closed, paired_p_value

SCHEMA = "limbeck.curve/1"


def curve(name: str, version: str, runs: Sequence[CurveRun]) -> dict[str, Any]:
    """The content of curve.json (schema "limbeck.curve/1"), from one run for each student, number
    of rows and seed.

    `tasks` holds for each task, and for the mean over the tasks of a kind where they are two or
    more shares: `curves`, one a student, with a point for every number of rows (`score`, its mean
    over seeds and the lowest and highest of them; `student_minus_base` and `gap_closed`, with
    intervals over items and seeds) and `per_doubling`, the slope on log2(rows); and `sizes`, the
    same against parameters at the most rows, None for one student. Raises UserError where a run is
    missing, or where not all were asked the same items.
    """
    rows = sorted({run.rows for run in runs})
    seeds = sorted({run.seed for run in runs})
    students = list(dict.fromkeys(run.student for run in runs))
    grid = {(run.student, run.rows, run.seed): run for run in runs}
    lacking = [
        f"{student} with {count} rows and seed {seed}"
        for student in students
        for count in rows
        for seed in seeds
        if (student, count, seed) not in grid
    ]
    if lacking:
        raise UserError(f"the curve has no run of {lacking[0]}; run limbeck curve again")
    sizes = {s: grid[s, rows[0], seeds[0]].roles["student"]["parameters"] for s in students}
    tasks, found = [], {}
    for task in shared_tasks([run.roles["student"] for run in runs]):
        scores = scores_of(task["task"], grid, students, rows, seeds)
        if scores is not None:
            found[task["task"]] = (task, scores)
            tasks.append(_entry(task, scores, rows, sizes))
    return {
        "schema": SCHEMA,
        "name": name,
        "limbeck_version": version,
        "teacher": runs[0].roles["teacher"].get("about"),
        "rows": rows,
        "seeds": seeds,
        "students": [{"student": s, "parameters": sizes[s]} for s in students],
        "runs": [_told(run) for run in runs],
        "tasks": [*_pooled(found, rows, sizes), *tasks],
    }


def _entry(
    task: Mapping[str, Any],
    scores: Scores,
    rows: Sequence[int],
    sizes: Mapping[str, int | None],
    of: Sequence[str] = (),
) -> dict[str, Any]:
    n = len(next(iter(scores.bases.values())))
    curves = []
    for student, base in scores.bases.items():
        own = scores.students[student]
        points = [
            {"rows": count, **_point(base, own[place], scores)} for place, count in enumerate(rows)
        ]
        curves.append(
            {
                "student": student,
                "base": float(base.mean()),
                "points": points,
                "per_doubling": _slope(rows, own, scores.clusters),
            }
        )
    return {
        **task,
        "of": list(of),
        "n": n,
        "clusters": len(set(scores.clusters)) if scores.clusters else None,
        "teacher": None if scores.teacher is None else float(scores.teacher.mean()),
        "curves": curves,
        "sizes": _sizes(scores, rows, sizes),
    }


def _point(base: Floats, students: Floats, scores: Scores) -> dict[str, Any]:
    """One number of rows: students are (seeds, items)."""
    means = students.mean(axis=1)
    point: dict[str, Any] = {
        "score": {
            "value": float(means.mean()),
            "low": float(means.min()),
            "high": float(means.max()),
            "seeds": [float(mean) for mean in means],
        }
    }
    teacher, groups = scores.teacher, scores.clusters
    if len(students) > 1:
        found = training_seeds([(base, one, teacher) for one in students], clusters=groups)
        moved, gap = found["student_minus_base"], found["gap_closed"]
    else:
        alone = difference(base, students[0], clusters=groups)
        p_value = paired_p_value(base, students[0], clusters=groups)
        moved = {"value": alone.value, "low": alone.low, "high": alone.high, "p_value": p_value}
        gap = None
        if teacher is not None:
            closed = gap_closed(base, students[0], teacher, clusters=groups)
            ends = {key: getattr(closed, key) for key in ("value", "low", "high")}
            gap = {key: value if np.isfinite(value) else None for key, value in ends.items()}
            gap["bounded"] = closed.bounded
    return {**point, "student_minus_base": moved, "gap_closed": gap}


def _slope(
    sizes: Sequence[float], scores: Floats, clusters: list[str] | None
) -> dict[str, float | None] | None:
    return log_slope(sizes, scores, clusters=clusters) if len(set(sizes)) > 1 else None


def _sizes(
    scores: Scores, rows: Sequence[int], sizes: Mapping[str, int | None]
) -> dict[str, Any] | None:
    """The students beside each other, trained on the most rows, from the smallest to the largest;
    None for one, or where a size is not known."""
    known = {student: size for student, size in sizes.items() if size}
    if len(known) < 2 or len(known) < len(sizes):
        return None
    order = sorted(known, key=lambda student: known[student])
    most = np.array([scores.students[student][-1] for student in order])
    means = most.mean(axis=2)
    return {
        "rows": rows[-1],
        "points": [
            {
                "student": student,
                "parameters": known[student],
                "base": float(scores.bases[student].mean()),
                "score": {
                    "value": float(own.mean()),
                    "low": float(own.min()),
                    "high": float(own.max()),
                    "seeds": [float(mean) for mean in own],
                },
            }
            for student, own in zip(order, means, strict=True)
        ],
        "per_doubling": _slope([known[s] for s in order], most, scores.clusters),
    }


def _pooled(
    found: Mapping[str, tuple[Mapping[str, Any], Scores]],
    rows: Sequence[int],
    sizes: Mapping[str, int | None],
) -> list[dict[str, Any]]:
    """For each kind with two shares or more the mean over its tasks."""
    entries = []
    for task, names in means([task for task, _ in found.values()]):
        parts = [found[name][1] for name in names]
        teachers = [part.teacher for part in parts if part.teacher is not None]
        n = {name: len(next(iter(found[name][1].bases.values()))) for name in names}
        scores = Scores(
            {s: together([part.students[s] for part in parts]) for s in sizes},
            {s: together([part.bases[s] for part in parts]) for s in sizes},
            together(teachers) if len(teachers) == len(parts) else None,
            clusters_together({name: (n[name], found[name][1].clusters) for name in names}),
        )
        entries.append(_entry(task, scores, rows, sizes, names))
    return entries


def _told(run: CurveRun) -> dict[str, Any]:
    scores = {}
    for task in run.roles["student"]["tasks"]:
        answered = [item["score"] for item in task["items"] if item["score"] is not None]
        if answered and task.get("view", "main") == "main":
            scores[task["task"]] = float(np.mean(answered))
    return {
        "run": run.name,
        "student": run.student,
        "rows": run.rows,
        "seed": run.seed,
        "examples": run.examples,
        "tokens": run.tokens,
        "scores": scores,
    }
