"""`vote_k`: one set for all queries, representative and diverse."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from limbeck.demos.dense import Dense
from limbeck.demos.encode import Encoder
from limbeck.demos.pool import Scores
from limbeck.demos.row import Demo
from limbeck.demos.select import Selection
from limbeck.errors import UserError


class VoteK:
    """Fast vote-k (Su et al. 2023, arXiv:2209.01975, section 2.1): every demo that is not chosen
    votes for its nearest neighbours, with 10^-c where c of its neighbours are chosen already; the
    demo with the most votes is chosen, and so on. Its score is its votes.

    The order is the same for all queries, so the query does not matter; an excluded demo is
    replaced by the next in the order, which excluding does not change. The graph is made once,
    in O(N^2). Raises UserError for fewer than 1 neighbour.
    """

    def __init__(
        self, pool: Sequence[Demo], encoder: Encoder | None = None, neighbours: int = 150
    ) -> None:
        if neighbours < 1:
            raise UserError(f"vote-k needs 1 neighbour at least, got {neighbours}")
        dense = Dense(pool, encoder)
        self._pool = dense.pool
        self._neighbours = dense.vectors.neighbours(neighbours)
        # How many of a demo's neighbours are chosen; -1 for a chosen one, which votes no more.
        self._covered = np.zeros(len(self._pool), np.int64)
        self._order: list[int] = []
        self._votes: list[float] = []

    def select(self, query: str, k: int, exclude: Collection[str] = ()) -> Selection:
        usable = set(self._pool.usable(k, exclude).tolist())
        chosen: list[int] = []
        for turn in range(len(self._pool)):
            if len(chosen) >= k:
                break
            if turn == len(self._order):
                self._choose()
            if self._order[turn] in usable:
                chosen.append(turn)
        places = np.array([self._order[turn] for turn in chosen], np.int64)
        return self._pool.selection(places, np.array([self._votes[turn] for turn in chosen]))

    def _choose(self) -> None:
        """The next of the order."""
        votes = self._count()
        votes[self._order] = -np.inf
        pick = int(np.argmax(votes))
        self._order.append(pick)
        self._votes.append(float(votes[pick]))
        voters = (self._neighbours == pick).any(axis=1) & (self._covered >= 0)
        self._covered[voters] += 1
        self._covered[pick] = -1

    def _count(self) -> Scores:
        """The votes for each demo. Counted in whole numbers by weight, then added up in one
        order: equal votes are equal."""
        votes = np.zeros(len(self._pool))
        for covered in range(int(self._covered.max(initial=0)), -1, -1):
            voting = self._neighbours[self._covered == covered]
            votes += np.bincount(voting.ravel(), minlength=len(votes)) * 10.0**-covered
        return votes
