"""What one condition brings over another: over no demos, and over as many drawn at random.

Differences are paired: of the same model on the rows that both conditions have, in the same draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from limbeck.evals.in_context.conditions import AT_RANDOM
from limbeck.evals.in_context.resample import Draws, interval
from limbeck.evals.in_context.scores import Floats, Predictions, accuracy

Kept = dict[str, dict[str, Floats]]
"""Draws of the metrics of one point: of each model, and under "pairs" of what compares two."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One condition of a task: its entry in the report, its draws, what every model predicts on
    the `rows` that all of them answered, and the weights of all rows of the task."""

    point: dict[str, Any]
    kept: Kept
    made: Mapping[str, Predictions]
    rows: Sequence[int]
    weights: Draws


def add_gains(several: Sequence[Measured]) -> None:
    """Adds to every condition's models, and to their draws, `minus_none`: how much more accurate
    they are than without demos; and `minus_random`: than with as many demos at random. Nothing
    where the other condition was not asked, or has no row in common."""
    none = next((one for one in several if not one.point["shots"]), None)
    plain = {
        one.point["shots"]: one
        for one in several
        if one.point["select"] == AT_RANDOM and one.point["control"] is None
    }
    for one in several:
        for name, other in (("minus_none", none), ("minus_random", plain.get(one.point["shots"]))):
            if other is None or other is one:
                continue
            for model, gain in _gains(one, other).items():
                one.kept[model][name] = gain
                one.point["models"][model][name] = interval(gain)


def of_rows(weights: Draws, rows: Sequence[int]) -> Draws:
    """The weights of some rows alone, each line summing to 1 again."""
    kept = weights.rows[:, list(rows)]
    total = kept.sum(-1, keepdims=True)
    even = np.full_like(kept, 1 / max(len(rows), 1))
    return Draws(np.divide(kept, total, out=even, where=total > 0), weights.seeds)


def _gains(one: Measured, other: Measured) -> dict[str, Floats]:
    if list(one.rows) == list(other.rows):
        return {
            model: one.kept[model]["accuracy"] - other.kept[model]["accuracy"] for model in one.made
        }
    both = frozenset(one.rows) & frozenset(other.rows)
    if not both:
        return {}
    here, there = _on(one, both), _on(other, both)
    return {model: here[model] - there[model] for model in one.made}


def _on(one: Measured, wanted: frozenset[int]) -> dict[str, Floats]:
    """Every model's accuracy on some rows, in every draw."""
    places = [place for place, row in enumerate(one.rows) if row in wanted]
    weights = of_rows(one.weights, [one.rows[place] for place in places])
    return {
        model: weights.mean(accuracy(made.of(places), weights.rows))
        for model, made in one.made.items()
    }
