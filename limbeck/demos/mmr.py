"""`mmr`: similar to the query, but not to each other."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from limbeck.demos.dense import Dense
from limbeck.demos.encode import Encoder
from limbeck.demos.row import Demo
from limbeck.demos.select import Selection
from limbeck.errors import UserError

_DECIMALS = 6  # those of cosines: what is equal but for rounding is equal


class Mmr:
    """Maximal marginal relevance (Carbonell & Goldstein 1998): again and again the demo with the
    greatest relevance * cos(demo, query) - (1 - relevance) * max cos(demo, chosen), which is its
    score; the second term is 0 for the first one.

    `relevance` is the paper's lambda, from 0 to 1; at 1 it is `dense`. Only the `top` demos
    nearest to the query are looked at, or k where that is more. Raises UserError for values that
    make no sense.
    """

    def __init__(
        self,
        pool: Sequence[Demo],
        encoder: Encoder | None = None,
        relevance: float = 0.5,
        top: int = 100,
    ) -> None:
        if not 0 <= relevance <= 1:
            raise UserError(f"the relevance in MMR is from 0 to 1, got {relevance}")
        if top < 1:
            raise UserError(f"MMR looks at 1 demo at least, got a top of {top}")
        self._dense = Dense(pool, encoder)
        self._relevance = relevance
        self._top = top

    def select(self, query: str, k: int, exclude: Collection[str] = ()) -> Selection:
        pool = self._dense.pool
        usable = pool.usable(k, exclude)
        relevant = self._dense.scores(query)
        # In the pool's order: argmax takes the first of equals.
        near = np.sort(pool.best(relevant, usable, max(k, self._top)))
        cosines = self._dense.vectors.between(near)
        value = self._relevance * relevant[near]
        covered = np.zeros(len(near))
        chosen: list[int] = []
        scores: list[float] = []
        left = np.ones(len(near), bool)
        while len(chosen) < min(k, len(near)):
            marginal = np.round(value - (1 - self._relevance) * covered, _DECIMALS)
            pick = int(np.argmax(np.where(left, marginal, -np.inf)))
            covered = np.maximum(covered, cosines[pick]) if chosen else cosines[pick]
            chosen.append(pick)
            scores.append(float(marginal[pick]))
            left[pick] = False
        return pool.selection(near[chosen], np.array(scores))
