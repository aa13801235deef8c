"""The pool of a task: demos in order, and what all selectors do with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from limbeck.demos.row import Demo
from limbeck.demos.select import Selection
from limbeck.errors import UserError

Places = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


class Pool:
    """The demos of one task. A place is a demo's number in the pool's order, from 0.

    Raises UserError for an id that is there twice and for demos of several tasks: retrieval from
    a mixed pool brings demos of other tasks.
    """

    def __init__(self, demos: Sequence[Demo]) -> None:
        self.demos = tuple(demos)
        self.ids = tuple(demo.id for demo in self.demos)
        self.place = {name: place for place, name in enumerate(self.ids)}
        if len(self.place) < len(self.ids):
            twice = next(name for place, name in enumerate(self.ids) if self.place[name] != place)
            raise UserError(f"the id {twice!r} is in the pool twice; give each demo its own")
        tasks = list(dict.fromkeys(demo.task for demo in self.demos))
        if len(tasks) > 1:
            raise UserError(
                f"the pool mixes the tasks {tasks[0]!r} and {tasks[1]!r}; give each task a pool "
                "of its own"
            )

    def __len__(self) -> int:
        return len(self.ids)

    def usable(self, k: int, exclude: Collection[str]) -> Places:
        """The places that are not excluded, in order. Raises UserError, as `Selector` says."""
        if k < 0:
            raise UserError(f"the number of demos is at least 0, got {k}")
        if isinstance(exclude, str):
            raise UserError(f"exclude is a collection of ids, got the text {exclude!r}")
        usable = np.ones(len(self), bool)
        for name in exclude:
            if name not in self.place:
                raise UserError(f"exclude has {name!r}, which is no id of the pool's {len(self)}")
            usable[self.place[name]] = False
        return np.flatnonzero(usable)

    def best(self, scores: Scores, usable: Places, k: int) -> Places:
        """Of the usable places the k with the greatest scores (one for each of the pool), the
        greatest first, between equals the pool's order."""
        return usable[np.argsort(-scores[usable], kind="stable")[:k]]

    def selection(self, places: Places, scores: Scores) -> Selection:
        """What is selected, with its scores: one for each place given."""
        ids = tuple(self.ids[place] for place in places.tolist())
        return Selection(ids, tuple(scores.tolist()))


class Scorer(ABC):
    """A selector that scores every demo against the query and takes the best.

    `scores(query)` gives a score for each place of `pool`, finite, greater for more similar.
    """

    pool: Pool

    @abstractmethod
    def scores(self, query: str) -> Scores: ...

    def select(self, query: str, k: int, exclude: Collection[str] = ()) -> Selection:
        usable = self.pool.usable(k, exclude)
        scores = self.scores(query)
        best = self.pool.best(scores, usable, k)
        return self.pool.selection(best, scores[best])
