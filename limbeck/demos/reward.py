"""`reward`: one set for all queries, by scores that are given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from limbeck.demos.pool import Pool, Scorer, Scores
from limbeck.demos.row import Demo
from limbeck.errors import UserError


class Reward(Scorer):
    """The demos with the greatest scores: for example what each does, shown alone, for the
    likelihood of the targets of other rows (one-shot reward ranking).

    `scores` has a finite number for every id of the pool and for no other. Raises UserError else.
    """

    def __init__(self, pool: Sequence[Demo], scores: Mapping[str, float]) -> None:
        self.pool = Pool(pool)
        for name in self.pool.ids:
            if name not in scores:
                raise UserError(f"the demo {name!r} has no score; every demo needs one")
            if not math.isfinite(scores[name]):
                raise UserError(f"the score of the demo {name!r} is {scores[name]}, not a number")
        unknown = [name for name in scores if name not in self.pool.place]
        if unknown:
            raise UserError(f"there is a score for {unknown[0]!r}, which is not in the pool")
        self._scores: Scores = np.array([scores[name] for name in self.pool.ids], np.float64)

    def scores(self, query: str) -> Scores:
        return self._scores
