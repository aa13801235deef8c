"""`random`: demos drawn anew for every query."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from limbeck.demos.draw import shuffled
from limbeck.demos.pool import Pool
from limbeck.demos.row import Demo
from limbeck.demos.select import Selection


class Random:
    """The first demos in an order that follows from `seed` and query. Every score is 0.

    Excluding a demo leaves the order of the others as it was, and fewer demos are the first of
    more.
    """

    def __init__(self, pool: Sequence[Demo], seed: int = 0) -> None:
        self._pool = Pool(pool)
        self._seed = seed

    def select(self, query: str, k: int, exclude: Collection[str] = ()) -> Selection:
        usable = self._pool.usable(k, exclude)
        order = shuffled(len(self._pool), "random", self._seed, query)
        drawn = order[np.isin(order, usable)][:k]
        return self._pool.selection(drawn, np.zeros(len(drawn)))
