"""The in-context part of a report: curves, controls, agreement of several models, with intervals.

Every model was asked the same rows after the same demos. All intervals are of `resample`; those of
differences are paired. Rows without an answer of any one model are left out for all, and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from limbeck.errors import UserError
from limbeck.evals.in_context import scores
from limbeck.evals.in_context.controls import renamed
from limbeck.evals.in_context.gains import Kept, Measured, add_gains, of_rows
from limbeck.evals.in_context.resample import DECIMALS, Draws, average, draws, interval
from limbeck.evals.in_context.scores import Floats, Predictions
from limbeck.evals.transfer import fieller

Answered = Mapping[str, Any]
"""One model's answers to one task, as `TaskAnswers.to_json` writes them."""

PAIRS = "pairs"
Z95 = 1.959963984540054
_ANY = {"accuracy": scores.accuracy}
_SHARED = {"macro_f1": scores.macro_f1, "macro_f1_target": scores.macro_f1_target}
_SOFT = {"ece": scores.ece, "brier": scores.brier}


def summary(
    models: Mapping[str, Sequence[Answered]], *, seed: int, first: str | None = None
) -> dict[str, Any]:
    """`tasks`, each with its `points`, and `mean`, the points of the mean over all tasks that have
    them. `models` are the tasks of each model by its name: base, student and teacher, which are
    compared as such; or any names, with `first` the one whose accuracy the others' differ from
    (`minus_first`, by name).

    A point is one condition. It has for every model `accuracy`, `macro_f1` and `macro_f1_target`
    (where rows share their labels), `ece` and `brier` (where there are probabilities), `vote` (the
    accuracy of the majority over seeds, where there are several), each a `value` with `low` and
    `high`; accuracy and F1 with `seeds`, one value each, and the `worst` of them. `minus_none`
    and `minus_random` are how much more accurate it is than without demos, and than with as many at
    random, each on the rows that both conditions have. `copied` is how often the last
    demo's label is said, `copyable` how often that is right, and of flipped labels `followed` how
    often a row's exchanged label is said.

    Raises UserError where models were asked other rows or conditions.
    """
    names = list(models)
    asked = models[names[0]]
    _same(models)
    tasks, kept = [], []
    for place, task in enumerate(asked):
        points, found = _points({name: models[name][place] for name in names}, seed, first)
        tasks.append(
            {
                "task": task["task"],
                "labels": list(task["labels"]),
                "n": points[0]["n"] if points else len(task["rows"]),
                "rows": len(task["rows"]),
                "near": task["near"],
                "points": points,
            }
        )
        kept.append(found)
    return {"tasks": tasks, "mean": _mean(tasks, kept, first)}


def _same(models: Mapping[str, Sequence[Answered]]) -> None:
    def asked(tasks: Sequence[Answered]) -> list[Any]:
        return [
            [task["task"], task["rows"], [(c["condition"], c["demos"]) for c in task["conditions"]]]
            for task in tasks
        ]

    (first, tasks), *others = models.items()
    for name, other in others:
        if asked(other) != asked(tasks):
            raise UserError(
                f"{first} and {name} were asked other rows, or after other demos; their in-context "
                "scores do not compare. Evaluate both with the same recipe"
            )


def _points(
    task: Mapping[str, Answered], seed: int, first: str | None
) -> tuple[list[dict[str, Any]], list[Kept]]:
    asked = next(iter(task.values()))
    several: list[Measured] = []
    for place, condition in enumerate(asked["conditions"]):
        made, rows = _predictions(task, place)
        if not rows:
            continue
        count = len(condition["probabilities"])
        every = draws(len(asked["rows"]), count, seed, asked["task"])
        if several:  # the rows' are the same for any number of seeds, and large
            every = Draws(several[0].weights.rows, every.seeds)
        weights = of_rows(every, rows)
        found = {name: _metrics(one, weights, count) for name, one in made.items()}
        found[PAIRS] = {} if first else _with_teacher(made, weights)
        point = {
            "condition": condition["condition"],
            "select": condition["select"],
            "shots": condition["shots"],
            "control": condition["control"],
            "seeds": count,
            "n": len(rows),
            "dropped": len(asked["rows"]) - len(rows),
            "models": {
                name: _told(one, found[name], condition, asked, rows) for name, one in made.items()
            },
        }
        several.append(Measured(point | _compared(found, first), found, made, rows, every))
    add_gains(several)
    return [one.point for one in several], [one.kept for one in several]


def _predictions(
    task: Mapping[str, Answered], place: int
) -> tuple[dict[str, Predictions], list[int]]:
    """What every model predicts on the rows that all of them answered, and which these are."""
    given = {name: one["conditions"][place] for name, one in task.items()}
    first = next(iter(task.values()))
    total = len(first["rows"])
    rows = [
        row
        for row in range(total)
        if all(seed[row] is not None for one in given.values() for seed in one["probabilities"])
    ]
    target = np.array([row["target"] for row in first["rows"]], np.int64)
    made = {}
    for name, one in given.items():
        width = max(
            (len(found) for seed in one["probabilities"] for found in seed if found), default=2
        )
        table = np.zeros((len(one["probabilities"]), total, width))
        for number, seed in enumerate(one["probabilities"]):
            for row in rows:
                table[number, row, : len(seed[row])] = seed[row]
        whole = Predictions(table, target, bool(one["soft"]), bool(first["labels"]))
        made[name] = whole.of(rows)
    return made, rows


def _metrics(made: Predictions, weights: Draws, count: int) -> dict[str, Floats]:
    wanted = _ANY | (_SHARED if made.shared else {}) | (_SOFT if made.soft else {})
    found = {name: metric(made, weights.rows) for name, metric in wanted.items()}
    drawn = {name: weights.mean(values) for name, values in found.items()}
    if count > 1:
        drawn["vote"] = scores.accuracy(voted(made), weights.rows)[:, 0]
    return drawn


def voted(made: Predictions) -> Predictions:
    """One prediction a row: the label that most seeds predict, of equal ones that with the greater
    mean probability."""
    count = made.probabilities.shape[-1]
    votes = (made.predicted[..., None] == np.arange(count)).sum(0)
    table = votes + made.probabilities.mean(0) / 2
    return Predictions(table[None], made.target, soft=False, shared=made.shared)


def _with_teacher(made: Mapping[str, Predictions], weights: Draws) -> dict[str, Floats]:
    """How far each other model is from the teacher, where there is one."""
    found: dict[str, Floats] = {}
    teacher = made.get("teacher")
    for name, one in made.items():
        if teacher is None or name == "teacher":
            continue
        found[f"agreement/{name}"] = weights.mean(scores.agreement(one, teacher, weights.rows))
        if one.soft and teacher.soft:
            found[f"distance/{name}"] = weights.mean(scores.distance(one, teacher, weights.rows))
    return found


def _told(
    made: Predictions,
    found: Mapping[str, Floats],
    condition: Mapping[str, Any],
    task: Answered,
    rows: Sequence[int],
) -> dict[str, Any]:
    told: dict[str, Any] = {name: interval(values) for name, values in found.items()}
    even = np.full((1, len(rows)), 1 / len(rows))
    for name, metric in (_ANY | (_SHARED if made.shared else {})).items():
        each = [round(one, DECIMALS) for one in metric(made, even)[0].tolist()]
        told[name] |= {"seeds": each, "worst": min(each)}
    if condition["shots"]:
        last = np.array(condition["last"])[:, list(rows)]
        told["copied"] = float((made.predicted == last).mean())
        told["copyable"] = float((made.target == last).mean())
    if condition["control"] == "flipped":
        told["followed"] = _followed(made, task)
    return told


def _followed(made: Predictions, task: Answered) -> float:
    labels = tuple(task["labels"])
    shares = []
    for seed, predicted in enumerate(made.predicted):
        names = renamed(labels, "flipped", task["task"], seed)
        exchanged = np.array([labels.index(name) for name in names])[made.target]
        shares.append(float((predicted == exchanged).mean()))
    return float(np.mean(shares))


def _compared(found: Kept, first: str | None) -> dict[str, Any]:
    """Agreement with the teacher, the differences of accuracy, and the gap closed; or only how
    much more accurate the others are than the first."""
    accuracy = {name: one["accuracy"] for name, one in found.items() if name != PAIRS}
    if first:
        others = [name for name in accuracy if name != first]
        return {"minus_first": {n: interval(accuracy[n] - accuracy[first]) for n in others}}
    told: dict[str, Any] = {"agreement": {}, "distance": {}}
    for name, values in found[PAIRS].items():
        kind, model = name.split("/", 1)
        told[kind][model] = interval(values)
    if {"base", "student"} <= set(accuracy):
        told["student_minus_base"] = interval(accuracy["student"] - accuracy["base"])
    if {"teacher", "student"} <= set(accuracy):
        told["student_minus_teacher"] = interval(accuracy["student"] - accuracy["teacher"])
    if {"base", "student", "teacher"} <= set(accuracy):
        told["gap_closed"] = _gap_closed(**{name: accuracy[name] for name in accuracy})
    return told


def _gap_closed(base: Floats, student: Floats, teacher: Floats) -> dict[str, Any]:
    """As in the transfer table, the covariance being that of the draws."""
    gain, gap = student - base, teacher - base
    low, high = fieller(float(gain[0]), float(gap[0]), np.cov(gain[1:], gap[1:]), Z95)
    bounded = bool(np.isfinite(low))
    return {
        "value": float(gain[0] / gap[0]) if gap[0] else None,
        "low": low if bounded else None,
        "high": high if bounded else None,
        "bounded": bounded,
    }


def _mean(
    tasks: Sequence[Mapping[str, Any]], kept: Sequence[Sequence[Kept]], reference: str | None
) -> dict[str, Any]:
    """The points that all tasks have, each averaged over the tasks."""
    names = [str(task["task"]) for task in tasks]
    by_task = [
        {
            point["condition"]: (point, found)
            for point, found in zip(task["points"], one, strict=True)
        }
        for task, one in zip(tasks, kept, strict=True)
    ]
    points = []
    for key, (first, example) in (by_task[0] if by_task else {}).items():
        if not all(key in one for one in by_task):
            continue
        found = {
            model: {
                metric: average(
                    {n: one[key][1][model][metric] for n, one in zip(names, by_task, strict=True)}
                )
                for metric in metrics
                if all(metric in one[key][1][model] for one in by_task)
            }
            for model, metrics in example.items()
        }
        told = {
            model: {metric: interval(values) for metric, values in metrics.items()}
            for model, metrics in found.items()
            if model != PAIRS
        }
        same = {name: first[name] for name in ("condition", "select", "shots", "control", "seeds")}
        n = sum(one[key][0]["n"] for one in by_task)
        points.append({**same, "n": n, "models": told, **_compared(found, reference)})
    return {"tasks": names, "points": points}
