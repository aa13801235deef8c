"""Intervals over rows and demo seeds at once.

Rows and seeds are crossed: every seed's demos are shown to every row. The pigeonhole bootstrap
(Owen 2007, arXiv:0712.1111) draws both anew, each with replacement, so that an interval says what
other rows of the task and other demos of the pool would have given. With one seed it is the
ordinary bootstrap over rows. The same draws serve all models and metrics, so that differences are
paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from limbeck.evals.in_context.scores import Floats
from limbeck.record import content_hash

DRAWS = 2000
LEVEL = 0.95
DECIMALS = 10  # sums of weights are not exact: 0.9999999999999998 is 1


@dataclass(frozen=True, slots=True)
class Draws:
    """Weights of rows (1 + DRAWS, N) and of seeds (1 + DRAWS, R). Each line sums to 1; the first
    is even: what was measured."""

    rows: Floats
    seeds: Floats

    def mean(self, values: Floats) -> Floats:
        """The mean over seeds of a metric (1 + DRAWS, R), in every draw."""
        mean: Floats = (values * self.seeds).sum(-1)
        return mean


def draws(rows: int, seeds: int, *key: object) -> Draws:
    """Seeded by `key`; those of the rows do not depend on how many seeds there are."""
    return Draws(_weights(rows, [*key, "rows"]), _weights(seeds, [*key, "seeds"]))


def _weights(count: int, key: Sequence[object]) -> Floats:
    random = np.random.default_rng(int(content_hash(list(key)), 16))
    drawn = random.multinomial(count, np.full(count, 1 / count), size=DRAWS) / count
    return np.concatenate([np.full((1, count), 1 / count), drawn])


def interval(values: Floats) -> dict[str, float]:
    """What was measured (the first of the values) with the percentiles of the others."""
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(values[1:], [tail, 100 - tail])
    named = {"value": values[0], "low": low, "high": high}
    return {name: round(float(one), DECIMALS) for name, one in named.items()}


def average(several: Mapping[str, Floats]) -> Floats:
    """The mean over tasks, draw by draw; tasks are drawn independently of each other, and are not
    drawn themselves: another set of tasks is not what the interval is about."""
    mean: Floats = np.mean(list(several.values()), axis=0)
    return mean
