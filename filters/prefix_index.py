"""Which texts of a pool can be above a ROUGE-L threshold with a new one: an exact prefix filter.

Never misses a pair: a longest common subsequence is no longer than the overlap of the two
multisets of tokens, and F > t needs an overlap of at least t/2 of both lengths together. So with
the tokens of every text in one order, rarest first, two such texts share a token early in both.
What is left is cut by signatures; the caller decides by the real score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
_SLACK = 1e-12  # far above the rounding of the F-measure and of the bounds here
_WIDTH = 1 << 20  # longer texts count as this long within a posting's key
_LONG = (1 << 16) - 1  # a reach from here on is no bound
_MOST = 1 << 21  # postings looked at in one go: 64 MB or so
_OLD = 1 << 31  # tokens without a rank yet come before this, as the rarest


def overlap_share(threshold: float) -> float:
    """The share of both lengths together that two texts above the threshold have in common."""
    return max(threshold / 2, 1e-9) * (1 - _SLACK)


class Growing:
    """A numpy array that grows at its end, with an eighth of room at most."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._room: npt.NDArray[Any] = np.empty(64, dtype)
        self._size = 0

    def extend(self, values: npt.NDArray[Any]) -> None:
        end = self._size + len(values)
        if end > len(self._room):
            room = np.empty(end + end // 8, self._room.dtype)
            room[: self._size] = self.all
            self._room = room
        self._room[self._size : end] = values
        self._size = end

    @property
    def all(self) -> npt.NDArray[Any]:
        """A view; it does not outlive the next `extend`."""
        return self._room[: self._size]


@dataclass(frozen=True, slots=True)
class Bags:
    """Token numbers of many texts, end to end; their lengths; 128-bit parity signatures.

    A signature has the bit of a token set where the token (or those that share the bit) occurs an
    odd number of times: two texts differ in no fewer tokens than their signatures in bits.
    """

    tokens: npt.NDArray[np.uint32]
    lengths: npt.NDArray[np.int32]
    low: npt.NDArray[np.uint64]
    high: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]]) -> Bags:
        tokens = np.array([token for text in texts for token in text], np.uint32)
        lengths = np.array([len(text) for text in texts], np.int32)
        bits = np.uint64(1) << (tokens & np.uint32(63)).astype(np.uint64)
        upper = (tokens & np.uint32(64)) > 0
        signatures = np.zeros((2, len(texts)), np.uint64)
        some = lengths > 0
        if len(tokens):
            starts = (np.cumsum(lengths) - lengths)[some]
            signatures[0, some] = np.bitwise_xor.reduceat(np.where(upper, 0, bits), starts)
            signatures[1, some] = np.bitwise_xor.reduceat(np.where(upper, bits, 0), starts)
        return cls(tokens, lengths, signatures[0], signatures[1])


def rarity(tokens: npt.NDArray[np.uint32], size: int) -> Ints:
    """The rank of each token number below `size`, 0 for the rarest."""
    ranks = np.empty(size, np.int64)
    ranks[np.argsort(np.bincount(tokens, minlength=size), kind="stable")] = np.arange(size)
    return ranks


def may_be_close(query: Bags, q: Ints, pool: Bags, item: Ints, share: float) -> npt.NDArray[Any]:
    """Of the pairs (q, item), which ones lengths and signatures leave possible: a mask."""
    n, m = query.lengths[q], pool.lengths[item]
    differs = np.bitwise_count(query.low[q] ^ pool.low[item])
    differs += np.bitwise_count(query.high[q] ^ pool.high[item])
    return np.maximum(differs, np.abs(n - m)) <= (n + m) * (1 - 2 * share)  # type: ignore[no-any-return]


def all_pairs(query: Bags, pool: Bags, start: int, share: float) -> tuple[Ints, Ints]:
    """Every pair of a query and a text of the pool from `start` on that may be close."""
    differs = np.bitwise_count(query.low[:, None] ^ pool.low[None, start:])
    differs += np.bitwise_count(query.high[:, None] ^ pool.high[None, start:])
    total = query.lengths[:, None] + pool.lengths[None, start:]
    q, item = np.nonzero(differs <= total * np.float32((1 - 2 * share) * (1 + 1e-5)))
    keep = may_be_close(query, q, pool, item + start, share)
    return q[keep], item[keep] + start


class PrefixIndex:
    """The early tokens of `lengths.size` texts that never change.

    `tokens` and `lengths` as in Bags, `ranks` of `rarity` (any ranks give the same answer, good
    ones give it faster). Items are numbered from `base`.
    """

    def __init__(
        self,
        tokens: npt.NDArray[np.uint32],
        lengths: npt.NDArray[np.int32],
        ranks: Ints,
        share: float,
        base: int = 0,
    ) -> None:
        self.base = base
        self.size = len(lengths)
        self._ranks = ranks
        self._share = share
        item, rank, reach = self._prefixes(tokens, lengths)
        keys = rank * _WIDTH + np.minimum(lengths[item], _WIDTH - 1)
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._items = item[order].astype(np.uint32)
        self._reach = np.minimum(reach[order], _LONG).astype(np.uint16)

    def _shortest(self, lengths: npt.NDArray[Any]) -> Ints:
        """The fewest tokens that a partner of a text of this length can have."""
        share = self._share
        return np.maximum(np.floor(lengths * (share / (1 - share))), 1).astype(np.int64)

    def _prefixes(
        self, tokens: npt.NDArray[np.uint32], lengths: npt.NDArray[np.int32]
    ) -> tuple[Ints, Ints, Ints]:
        """Of every text the tokens that matter: its number, the token's place in the order, and
        the longest partner that can still be close if this is the first token they share."""
        counts = lengths.astype(np.int64)
        owner = np.repeat(np.arange(len(counts)), counts)
        place = _OLD - tokens.astype(np.int64)
        ranked = tokens < len(self._ranks)
        place[ranked] = _OLD + self._ranks[tokens[ranked]]
        place = np.sort(owner << 32 | place) & 0xFFFFFFFF
        starts = np.cumsum(counts) - counts
        length = counts[owner]
        rest = length - (np.arange(len(owner)) - starts[owner])
        reach = np.floor(rest / self._share).astype(np.int64) - length
        keep = reach >= self._shortest(length)
        return owner[keep], place[keep], reach[keep]

    def pairs(self, query: Bags) -> Iterator[tuple[Ints, Ints]]:
        """Pairs (query, item) that share an early token, in portions; a pair can come again."""
        owner, rank, reach = self._prefixes(query.tokens, query.lengths)
        length = query.lengths[owner]
        first = rank * _WIDTH + np.minimum(self._shortest(length), _WIDTH - 1)
        first = np.searchsorted(self._keys, first)
        last = rank * _WIDTH + np.minimum(reach, _WIDTH - 1)
        counts = np.searchsorted(self._keys, last, side="right") - first
        found = counts > 0
        owner, length, first, counts = owner[found], length[found], first[found], counts[found]
        ends = np.cumsum(counts)
        cuts = np.searchsorted(ends, np.arange(_MOST, ends.max(initial=0), _MOST))
        for some in np.split(np.arange(len(counts)), cuts):
            many = counts[some]
            posting = np.repeat(first[some] - (np.cumsum(many) - many), many)
            posting += np.arange(len(posting))
            near = self._reach[posting] >= np.repeat(np.minimum(length[some], _LONG), many)
            yield np.repeat(owner[some], many)[near], self._items[posting[near]] + self.base
