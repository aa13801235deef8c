"""`bm25`: the demos that share the rarest words with the query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np

from limbeck.demos.pool import Pool, Scorer, Scores
from limbeck.demos.row import Demo
from limbeck.errors import MissingExtra, UserError
from limbeck.words import unicode_tokens

Document = Literal["input", "input_output"]


class Bm25(Scorer):
    """BM25 over words of every script, emoji too (`limbeck.words.unicode_tokens`).

    A demo d scores the sum over the query's words w, as often as they occur in it, of
    idf(w) tf / (tf + k1 (1 - b + b |d| / avgdl)), idf(w) = ln(1 + (N - df + 0.5) / (df + 0.5)):
    Lucene's form (Kamphuis et al. 2020), as `bm25s` computes it. tf counts w in the demo, |d| all
    its words; N, df and avgdl are those of the whole pool. The document is the demo's input, or
    input and output as in LLM-R (Wang et al. 2024, arXiv:2307.07164); the query is only a text.

    Raises MissingExtra without `bm25s`, UserError for k1 < 0, b outside 0 to 1, and another
    `document`.
    """

    def __init__(
        self,
        pool: Sequence[Demo],
        document: Document = "input",
        k1: float = 1.5,
        b: float = 0.75,
    ) -> None:
        if document not in get_args(Document):
            raise UserError(f"document is input or input_output, got {document!r}")
        if not (k1 >= 0 and 0 <= b <= 1):
            raise UserError(f"BM25 needs k1 of at least 0 and b from 0 to 1, got {k1} and {b}")
        self.pool = Pool(pool)
        self._words: dict[str, int] = {}
        documents = [
            [self._words.setdefault(word, len(self._words)) for word in _words(demo, document)]
            for demo in self.pool.demos
        ]
        self._index = _indexed(documents, self._words, k1, b)

    def scores(self, query: str) -> Scores:
        words = unicode_tokens(query, symbols=True)
        known = [self._words[word] for word in words if word in self._words]
        if not known:
            return np.zeros(len(self.pool))
        scores: Scores = self._index.get_scores_from_ids(known)
        return scores


def _words(demo: Demo, document: Document) -> list[str]:
    text = demo.input if document == "input" else f"{demo.input}\n{demo.output}"
    return unicode_tokens(text, symbols=True)


def _indexed(documents: list[list[int]], words: dict[str, int], k1: float, b: float) -> Any:
    """The bm25s index; None where no document has a word: then no query finds any."""
    try:
        import bm25s
    except ImportError as error:
        raise MissingExtra(f"BM25 retrieval ({error.name})", "retrieve") from error
    if not words:
        return None
    # Numbers of our own: bm25s would number words in the order of a set.
    index = bm25s.BM25(k1=k1, b=b, method="lucene", dtype="float64")
    index.index((documents, words), create_empty_token=False, show_progress=False)
    return index
