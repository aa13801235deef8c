"""What a task gives without any language model: the bar that a curve has to clear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from limbeck.demos import KnnVote, NearTexts
from limbeck.demos.knn_vote import By
from limbeck.evals.in_context.resample import draws, interval
from limbeck.evals.in_context.scores import Predictions, accuracy, macro_f1, macro_f1_target
from limbeck.evals.in_context.task import Task
from limbeck.record import content_hash

GUESSES = 1000  # of every row: the mean F1 of guessing has no simple form


def baselines(task: Task, *, neighbours: int, near: float, seed: int) -> list[dict[str, Any]]:
    """Guessing evenly; the pool's most frequent label; and, where rows share their labels, the vote
    of so many nearest demos by BM25 and by n-grams (near copies of the row left out).

    Each has `accuracy` and, where rows share their labels, `macro_f1` and `macro_f1_target`.
    """
    made = [{"name": "random", **_guessing(task, seed)}]
    if not task.labels:
        return made
    counts = Counter(demo.output for demo in task.pool)
    most = max(task.labels, key=lambda label: counts[label])
    places = np.full(len(task.rows), task.labels.index(most))
    made.append({"name": "majority", "label": most, **_scored(task, places, seed)})
    if neighbours:
        made += _votes(task, neighbours, near, seed)
    return made


def _votes(task: Task, neighbours: int, near: float, seed: int) -> Iterator[dict[str, Any]]:
    copies = NearTexts(task.pool, near)
    kinds: tuple[By, ...] = ("bm25", "dense")
    for by in kinds:
        voters = KnnVote(task.pool, neighbours, by)
        votes = [voters.vote(row.input, sorted(copies.of(row.input))) for row in task.rows]
        places = np.array([task.labels.index(vote.label) for vote in votes])
        yield {"name": f"knn_{by}", "neighbours": neighbours, **_scored(task, places, seed)}


def _scored(task: Task, places: Any, seed: int) -> dict[str, Any]:
    made = _predicted(task, places[None])
    weights = draws(len(task.rows), 1, seed, task.name)
    return {
        name: interval(weights.mean(metric(made, weights.rows)))
        for name, metric in (
            ("accuracy", accuracy),
            ("macro_f1", macro_f1),
            ("macro_f1_target", macro_f1_target),
        )
    }


def _guessing(task: Task, seed: int) -> dict[str, Any]:
    """What is expected, without an interval: it is known, and not measured."""
    exact = sum(1 / len(row.options) for row in task.rows) / len(task.rows)
    if not task.labels:
        return {"accuracy": {"value": exact}}
    random = np.random.default_rng(int(content_hash([seed, task.name, "guess"]), 16))
    places = random.integers(0, len(task.labels), (GUESSES, len(task.rows)))
    made = _predicted(task, places)
    even = np.full((1, len(task.rows)), 1 / len(task.rows))
    return {
        "accuracy": {"value": exact},
        "macro_f1": {"value": float(macro_f1(made, even).mean())},
        "macro_f1_target": {"value": float(macro_f1_target(made, even).mean())},
    }


def _predicted(task: Task, places: Any) -> Predictions:
    target = np.array([task.target(row) for row in task.rows])
    return Predictions(np.eye(len(task.labels))[places], target, soft=False, shared=True)
