"""RougePool: ROUGE-L of a text with every text of a pool, and the greedy novelty decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import get_args

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cdist

from limbeck.filters import rouge_engine
from limbeck.filters.bags import Bags, Characters
from limbeck.filters.lcs import row_scores
from limbeck.filters.rouge_search import Hit
from limbeck.filters.rouge_tokens import TOKENIZERS, Tokenizer, Vocabulary
from limbeck.filters.text_index import TextIndex

_ROWS = 64  # texts scored together
_CHUNK = 64  # scores of which only the best is looked at first


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A text beside a whole pool: the mean of all scores, and the best ones, the best first.

    Equal scores come in the order of the pool. The mean of an empty pool is 0.
    """

    mean: float
    top: list[Hit]


class RougePool:
    """Texts that grow in number, and how near a new one is to them by ROUGE-L.

    Scores are those of rouge_score's `RougeScorer(["rougeL"])` F-measure bit for bit, for texts
    of any length; `tokenizer="unicode"` changes what a word is (`rouge_tokens.unicode_tokens`)
    and nothing else. A text without words has score 0 with every text. "Too near" is a score
    above `threshold`, as a float compares: 0.7 itself is not above 0.7.

    Raises ValueError for an unknown tokenizer or a threshold outside 0 to 1.
    """

    def __init__(self, tokenizer: Tokenizer = "rouge", threshold: float = 0.7) -> None:
        if tokenizer not in TOKENIZERS:
            known = ", ".join(get_args(Tokenizer))
            raise ValueError(f"tokenizer must be one of {known}, got {tokenizer!r}")
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold must lie between 0 and 1, got {threshold!r}")
        self.tokenizer: Tokenizer = tokenizer
        self.threshold = float(threshold)  # 1 is one too, and an array of scores begins with it
        self._tokenize = TOKENIZERS[tokenizer]
        self._vocabulary = Vocabulary()
        self._texts = TextIndex(self.threshold)
        self._characters: list[Characters] = []  # of the texts, for `scores`

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, text: str) -> int:
        """Puts a text into the pool, near or not, and returns its number."""
        self._texts.append(self._read([text]))
        return len(self) - 1

    def novel(self, text: str) -> Hit | None:
        """None for a text that is novel; else the nearest text, whose score is above the
        threshold (the first of equals)."""
        return rouge_engine.search(len(self)).settle(self._read([text]), self._texts)[0]

    def add_novel(self, texts: Sequence[str]) -> list[Hit | None]:
        """`novel` for each text in turn, which joins the pool at once if it is. Much faster than
        one call a text; the answers and the pool are the same."""
        search = rouge_engine.search(len(self) + len(texts))
        hits: list[Hit | None] = []
        for start in range(0, len(texts), search.BLOCK):
            block = self._read(texts[start : start + search.BLOCK])
            decided = search.settle(block, self._texts)
            novel = np.array([place for place, hit in enumerate(decided) if hit is None], np.int64)
            self._texts.append(Bags.of(*block.take(novel)))
            hits += decided
        return hits

    def scores(self, text: str) -> npt.NDArray[np.float64]:
        """The score with every text of the pool, in its order."""
        return next(self._rows(self._read([text])))

    def nearest(self, text: str) -> Hit | None:
        """The best score and whose it is, the first of equals. None on an empty pool."""
        best = self.top(text, 1)
        return best[0] if best else None

    def top(self, text: str, n: int) -> list[Hit]:
        """The `n` best scores (fewer in a smaller pool), the best first, then in pool order."""
        return _top(self.scores(text), n)

    def neighbours(self, texts: Sequence[str], n: int = 10) -> list[Neighbours]:
        """What the reference stores of each text: mean and best scores over the whole pool, which
        stays as it is. More than twice as fast as `scores` for each."""
        read = self._read(texts)
        order = np.argsort(read.lengths, kind="stable")  # equal lengths share SIMD lanes
        rows = self._rows(Bags.of(*read.take(order)))
        found = {
            place: Neighbours(float(np.mean(row)) if len(row) else 0.0, _top(row, n))
            for place, row in zip(order.tolist(), rows, strict=True)
        }
        return [found[place] for place in range(len(texts))]

    def _read(self, texts: Sequence[str]) -> Bags:
        words = [self._tokenize(text) for text in texts]
        lengths = np.fromiter(map(len, words), np.int32, len(words))
        numbers = map(self._vocabulary.__getitem__, chain.from_iterable(words))
        return Bags.of(np.fromiter(numbers, np.uint32, int(lengths.sum())), lengths)

    def _rows(self, texts: Bags) -> Iterator[npt.NDArray[np.float64]]:
        """For each text its scores with the whole pool."""
        pool = self._texts.bags
        self._characters += pool.characters(np.arange(len(self._characters), len(pool)))
        for start in range(0, len(texts), _ROWS):
            some = np.arange(start, min(start + _ROWS, len(texts)))
            if not len(pool):
                yield from np.zeros((len(some), 0))
                continue
            # 255 is the most that fits the narrow type, which is the one that uses SIMD
            kind = np.uint8 if texts.lengths[some].max() < 256 else np.uint32
            ours = texts.characters(some)
            lcs = cdist(ours, self._characters, scorer=LCSseq.similarity, dtype=kind)
            for place, row in zip(some.tolist(), lcs, strict=True):
                yield row_scores(row, int(texts.lengths[place]), pool.lengths)


def _top(scores: npt.NDArray[np.float64], n: int) -> list[Hit]:
    among = np.arange(len(scores))
    if 0 < n < len(scores) // _CHUNK:
        # n chunks have a score of at least `least`, so none of the n best is below it
        best = scores[: len(scores) // _CHUNK * _CHUNK].reshape(-1, _CHUNK).max(axis=1)
        least = np.partition(best, len(best) - n)[len(best) - n]
        among = np.flatnonzero(scores >= least)
    order = among[np.argsort(-scores[among], kind="stable")][: max(n, 0)]
    return [(int(item), float(scores[item])) for item in order]
