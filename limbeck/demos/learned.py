"""`learned`: an encoder trained for it finds demos by what they ask and what they answer."""

from __future__ import annotations

from collections.abc import Sequence

from limbeck.demos.encode import Encoder, NgramEncoder
from limbeck.demos.pool import Pool, Scorer, Scores
from limbeck.demos.row import Demo
from limbeck.demos.vectors import Vectors


def document(demo: Demo) -> str:
    """What stands for a demo in an index of inputs and outputs, as in LLM-R."""
    return f"{demo.input}\n{demo.output}"


class Learned(Scorer):
    """The demos whose documents (`document`) have the greatest cosine with the query: what
    `limbeck retriever` trains an encoder for (LLM-R, Wang et al. 2024, arXiv:2307.07164). Scores
    are cosines.

    None as `encoder` is `NgramEncoder` with the document frequencies of the documents: what it is
    like without training.
    """

    def __init__(self, pool: Sequence[Demo], encoder: Encoder | None) -> None:
        self.pool = Pool(pool)
        documents = [document(demo) for demo in self.pool.demos]
        self.vectors = Vectors(documents, NgramEncoder(documents) if encoder is None else encoder)

    def scores(self, query: str) -> Scores:
        return self.vectors.cosines(query)
