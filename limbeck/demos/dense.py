"""`dense`: nearest neighbours by the cosine of vectors."""

from __future__ import annotations

from collections.abc import Sequence

from limbeck.demos.encode import Encoder, NgramEncoder
from limbeck.demos.pool import Pool, Scorer, Scores
from limbeck.demos.row import Demo
from limbeck.demos.vectors import Vectors


class Dense(Scorer):
    """The demos whose inputs have the greatest cosine with the query (KATE, Liu et al. 2022,
    arXiv:2101.06804). Scores are cosines.

    The encoder may be any, trained or not; without one it is `NgramEncoder` with the document
    frequencies of the pool.
    """

    def __init__(self, pool: Sequence[Demo], encoder: Encoder | None = None) -> None:
        self.pool = Pool(pool)
        inputs = [demo.input for demo in self.pool.demos]
        self.vectors = Vectors(inputs, NgramEncoder(inputs) if encoder is None else encoder)

    def scores(self, query: str) -> Scores:
        return self.vectors.cosines(query)
