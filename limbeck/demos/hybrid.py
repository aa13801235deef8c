"""`hybrid`: the ranks of BM25 and of vectors, fused."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from limbeck.demos.bm25 import Bm25, Document
from limbeck.demos.dense import Dense
from limbeck.demos.encode import Encoder
from limbeck.demos.pool import Pool, Scores
from limbeck.demos.row import Demo
from limbeck.demos.select import Selection
from limbeck.errors import UserError


class Hybrid:
    """Reciprocal rank fusion (Cormack et al. 2009): the sum over `bm25` and `dense` of
    1 / (smoothing + rank), ranks from 1 among the demos that are not excluded.

    Equal scores have equal ranks, that of the first of them: the many demos that share no word
    with the query get nothing for where they stand in the pool. Raises UserError for a smoothing
    below 0, and what `Bm25` raises.
    """

    def __init__(
        self,
        pool: Sequence[Demo],
        encoder: Encoder | None = None,
        document: Document = "input",
        smoothing: float = 60,
    ) -> None:
        if not smoothing >= 0:
            raise UserError(f"the smoothing of ranks is at least 0, got {smoothing}")
        self._pool = Pool(pool)
        self._scorers = (Bm25(pool, document), Dense(pool, encoder))
        self._smoothing = smoothing

    def select(self, query: str, k: int, exclude: Collection[str] = ()) -> Selection:
        usable = self._pool.usable(k, exclude)
        fused = np.zeros(len(self._pool))
        for scorer in self._scorers:
            fused[usable] += 1 / (self._smoothing + ranks(scorer.scores(query)[usable]))
        best = self._pool.best(fused, usable, k)
        return self._pool.selection(best, fused[best])


def ranks(scores: Scores) -> Scores:
    """The rank of each score, 1 for the greatest; equal scores have that of the first of them."""
    falling = np.sort(-scores)
    return np.searchsorted(falling, -scores, side="left").astype(np.float64) + 1
