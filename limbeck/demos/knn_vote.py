"""The control that needs no language model: the nearest demos vote for their labels.

A retriever trained on labels is partly a classifier. What a model gains from its demos is what it
does better than this.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple, get_args

from limbeck.demos.bm25 import Bm25
from limbeck.demos.dense import Dense
from limbeck.demos.encode import Encoder
from limbeck.demos.pool import Scorer
from limbeck.demos.row import Demo
from limbeck.errors import UserError

By = Literal["dense", "bm25"]


class Vote(NamedTuple):
    """The label that won, the share of each label in the pool's order of labels, and the ids of
    the demos that voted, the nearest first."""

    label: str
    shares: dict[str, float]
    ids: tuple[str, ...]


class KnnVote:
    """The k demos nearest to the query, by cosine or BM25, vote for their outputs.

    A vote weighs its similarity where that is above 0 (`weighted`), or 1; where no weight is above
    0, all are 1. Between equal shares the label of the nearest demo wins. Labels are the options,
    else the outputs as they are met. Raises UserError for k below 1, an unknown `by`, and a pool
    whose options differ from demo to demo: an answer of one question is none of another.
    """

    def __init__(
        self,
        pool: Sequence[Demo],
        k: int = 8,
        by: By = "dense",
        encoder: Encoder | None = None,
        weighted: bool = True,
    ) -> None:
        if k < 1:
            raise UserError(f"a vote needs 1 neighbour at least, got {k}")
        if by not in get_args(By):
            raise UserError(f"neighbours are found by dense or bm25, got {by!r}")
        if by == "bm25" and encoder is not None:
            raise UserError("neighbours found by bm25 need no encoder; leave it out")
        self._scorer: Scorer = Dense(pool, encoder) if by == "dense" else Bm25(pool)
        self._outputs = {demo.id: demo.output for demo in pool}
        self._labels = _labels(pool)
        self._k = k
        self._weighted = weighted

    def vote(self, query: str, exclude: Collection[str] = ()) -> Vote:
        """The vote on a query. Raises UserError where no demo is left to vote, and what
        `Selector.select` raises."""
        ids, scores = self._scorer.select(query, self._k, exclude)
        if not ids:
            raise UserError(f"no demo is left to vote on {query[:60]!r}: all are excluded")
        weights = [max(score, 0.0) for score in scores]
        if not self._weighted or not any(weights):
            weights = [1.0] * len(ids)
        votes = dict.fromkeys(self._labels, 0.0)
        for name, weight in zip(ids, weights, strict=True):
            votes[self._outputs[name]] += weight
        # max takes the first of equals: the label that was voted for first.
        label = max((self._outputs[name] for name in ids), key=votes.__getitem__)
        total = sum(weights)
        return Vote(label, {name: vote / total for name, vote in votes.items()}, ids)


def _labels(pool: Sequence[Demo]) -> tuple[str, ...]:
    if not any(demo.options for demo in pool):
        return tuple(dict.fromkeys(demo.output for demo in pool))
    for demo in pool:
        if sorted(demo.options) != sorted(pool[0].options):
            raise UserError(
                f"the demos {pool[0].id!r} and {demo.id!r} have different options, so their "
                "outputs are no votes for the same question"
            )
    return pool[0].options
