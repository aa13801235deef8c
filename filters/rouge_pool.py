"""RougePool: ROUGE-L of a text with every text of a pool, and the greedy novelty decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cdist

from limbeck.filters.lcs import fmeasure, fmeasures, lcs_length, position_masks
from limbeck.filters.prefix_index import (
    Bags,
    Growing,
    Ints,
    PrefixIndex,
    all_pairs,
    may_be_close,
    overlap_share,
    rarity,
)
from limbeck.filters.rouge_tokens import TOKENIZERS, Tokenizer, Vocabulary

Hit = tuple[int, float]
"""A text of the pool, numbered from 0 as added, and its score."""

_BLOCK = 256  # texts decided together
_TAIL = 512  # texts that are compared one by one before they get an index
_RERANK = 1.3  # growth after which the rarity of tokens is counted again
_ROWS = 64  # texts scored together
_CHUNK = 64  # scores of which only the best is looked at first
_LAST_CHARACTER = 0x10FFFF


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
        self.threshold = threshold
        self._tokenize = TOKENIZERS[tokenizer]
        self._share = overlap_share(threshold)
        self._vocabulary = Vocabulary()
        self._tokens = Growing(np.uint32)
        self._ends = Growing(np.int64)
        self._lengths = Growing(np.int32)
        self._low = Growing(np.uint64)
        self._high = Growing(np.uint64)
        self._segments: list[PrefixIndex] = []
        self._indexed = 0
        self._ranks = np.empty(0, np.int64)
        self._ranked_at = 0
        self._strings: list[str | tuple[int, ...]] = []

    def __len__(self) -> int:
        return len(self._lengths.all)

    def add(self, text: str) -> int:
        """Puts a text into the pool, near or not, and returns its number."""
        self._append([self._numbers(text)])
        return len(self) - 1

    def novel(self, text: str) -> Hit | None:
        """None for a text that is novel; else the nearest text, whose score is above the
        threshold (the first of equals)."""
        numbers = self._numbers(text)
        return self._best(numbers, ((i, self._text(i)) for i in self._candidates([numbers])[0]))

    def add_novel(self, texts: Sequence[str]) -> list[Hit | None]:
        """`novel` for each text in turn, which joins the pool at once if it is. Much faster than
        one call a text; the answers and the pool are the same."""
        hits: list[Hit | None] = []
        for start in range(0, len(texts), _BLOCK):
            hits += self._add_block([self._numbers(t) for t in texts[start : start + _BLOCK]])
        return hits

    def scores(self, text: str) -> npt.NDArray[np.float64]:
        """The score with every text of the pool, in its order."""
        return next(self._rows([self._numbers(text)]))

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
        numbers = [self._numbers(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda place: len(numbers[place]))
        rows = self._rows([numbers[place] for place in order])  # equal lengths share SIMD lanes
        found = {
            place: Neighbours(float(np.mean(row)) if len(row) else 0.0, _top(row, n))
            for place, row in zip(order, rows, strict=True)
        }
        return [found[place] for place in range(len(texts))]

    def _numbers(self, text: str) -> list[int]:
        return self._vocabulary.numbers(self._tokenize(text))

    def _text(self, item: int) -> list[int]:
        end = int(self._ends.all[item])
        tokens: list[int] = self._tokens.all[end - int(self._lengths.all[item]) : end].tolist()
        return tokens

    def _bags(self) -> Bags:
        return Bags(self._tokens.all, self._lengths.all, self._low.all, self._high.all)

    def _append(self, texts: Sequence[Sequence[int]]) -> None:
        new = Bags.of(texts)
        self._ends.extend(len(self._tokens.all) + np.cumsum(new.lengths))
        self._tokens.extend(new.tokens)
        self._lengths.extend(new.lengths)
        self._low.extend(new.low)
        self._high.extend(new.high)
        if len(self) - self._indexed >= _TAIL:
            self._index()

    def _index(self) -> None:
        """Gives the newest texts an index, together with older ones of no greater number: there
        are few indexes, and a text is indexed again only a few times."""
        if len(self) > _RERANK * self._ranked_at:
            self._ranks = rarity(self._tokens.all, len(self._vocabulary))
            self._ranked_at = len(self)
        first = self._indexed
        while self._segments and self._segments[-1].size <= len(self) - first:
            first = self._segments.pop().base
        lengths = self._lengths.all[first:]
        tokens = self._tokens.all[int(self._ends.all[first] - lengths[0]) :]
        self._segments.append(PrefixIndex(tokens, lengths, self._ranks, self._share, first))
        self._indexed = len(self)

    def _candidates(self, texts: Sequence[Sequence[int]]) -> list[list[int]]:
        """For each text the numbers of pool texts that may be too near, in ascending order."""
        query, pool = Bags.of(texts), self._bags()
        found = [all_pairs(query, pool, self._indexed, self._share)]
        for segment in self._segments:
            for q, item in segment.pairs(query):
                keep = may_be_close(query, q, pool, item, self._share)
                found.append((q[keep], item[keep]))
        return _grouped(found, len(texts))

    def _add_block(self, texts: list[list[int]]) -> list[Hit | None]:
        older = self._candidates(texts)
        block = Bags.of(texts)
        peers = _grouped([all_pairs(block, block, 0, self._share)], len(texts))
        hits: list[Hit | None] = []
        joined: dict[int, int] = {}  # place in the block -> number in the pool
        for place, numbers in enumerate(texts):
            near = [(item, self._text(item)) for item in older[place]]
            near += [(joined[peer], texts[peer]) for peer in peers[place] if peer in joined]
            hit = self._best(numbers, near)
            if hit is None:
                joined[place] = len(self) + len(joined)
            hits.append(hit)
        self._append([texts[place] for place in joined])
        return hits

    def _best(self, numbers: list[int], others: Iterable[tuple[int, list[int]]]) -> Hit | None:
        """The best of the others by its real score, if that is above the threshold."""
        best, above = None, self.threshold
        masks = None
        for item, tokens in others:
            masks = masks or position_masks(numbers)
            lcs = lcs_length(masks, len(numbers), tokens)
            score = fmeasure(lcs, len(numbers), len(tokens))
            if score > above:
                best, above = item, score
        return None if best is None else (best, above)

    def _rows(self, texts: Sequence[Sequence[int]]) -> Iterator[npt.NDArray[np.float64]]:
        """For each text its scores with the whole pool."""
        for item in range(len(self._strings), len(self)):
            self._strings.append(_string(self._text(item)))
        lengths = self._lengths.all
        for start in range(0, len(texts), _ROWS):
            block = texts[start : start + _ROWS]
            if not len(self):
                yield from np.zeros((len(block), 0))
                continue
            # 255 is the most that fits the narrow type, which is the one that uses SIMD
            kind = np.uint8 if max(map(len, block)) < 256 else np.uint32
            queries = [_string(numbers) for numbers in block]
            lcs = cdist(queries, self._strings, scorer=LCSseq.similarity, dtype=kind)
            for numbers, row in zip(block, lcs, strict=True):
                yield fmeasures(row, len(numbers), lengths)


def _string(numbers: Sequence[int]) -> str | tuple[int, ...]:
    """Token numbers as characters, which rapidfuzz compares fastest; numbers past the last
    character stay numbers, which it takes for the same as characters."""
    if max(numbers, default=0) > _LAST_CHARACTER:
        return tuple(numbers)
    return "".join(map(chr, numbers))


def _top(scores: npt.NDArray[np.float64], n: int) -> list[Hit]:
    among = np.arange(len(scores))
    if 0 < n < len(scores) // _CHUNK:
        # n chunks have a score of at least `least`, so none of the n best is below it
        best = scores[: len(scores) // _CHUNK * _CHUNK].reshape(-1, _CHUNK).max(axis=1)
        least = np.partition(best, len(best) - n)[len(best) - n]
        among = np.flatnonzero(scores >= least)
    order = among[np.argsort(-scores[among], kind="stable")][: max(n, 0)]
    return [(int(item), float(scores[item])) for item in order]


def _grouped(pairs: Sequence[tuple[Ints, Ints]], count: int) -> list[list[int]]:
    """Pairs (q, item) as one ascending list of items for each q below `count`."""
    keys = np.unique(np.concatenate([q.astype(np.int64) << 32 | item for q, item in pairs]))
    ends = np.searchsorted(keys, np.arange(count + 1) << 32)
    items = (keys & 0xFFFFFFFF).tolist()
    return [items[ends[q] : ends[q + 1]] for q in range(count)]
