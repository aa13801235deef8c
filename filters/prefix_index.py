"""Which texts of a pool can be above a ROUGE-L threshold with a new one: an exact prefix filter.

Never misses a pair: a longest common subsequence is no longer than the overlap of the two
multisets of tokens, and F > t needs an overlap of at least t/2 of both lengths together. So with
the tokens of every text in one order, rarest first, two such texts share a token early in both.
What is left is cut by signatures; the caller decides by the real score.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from limbeck.filters.bags import Bags, Ints

_SLACK = 1e-12  # far above the rounding of the F-measure and of the bounds here
_SIGNED = 1 << 31  # makes every place positive
_LONG = (1 << 16) - 1  # a reach from here on is no bound
_MOST = 1 << 18  # postings looked at in one go: what the cache holds


def overlap_share(threshold: float) -> float:
    """The share of both lengths together that two texts above the threshold have in common."""
    return max(threshold / 2, 1e-9) * (1 - _SLACK)


def rarity(tokens: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The rank of each token number up to the greatest, 0 for the rarest."""
    counts = np.bincount(tokens)
    ranks = np.empty(len(counts), np.uint32)
    ranks[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    return ranks


def close_enough(query: Bags, q: Ints, pool: Bags, item: Ints, share: float) -> Ints:
    """Which of the pairs (q, item) lengths and signatures leave possible: their places."""
    most = (query.lengths[q] + pool.lengths[item]) * (1 - 2 * share)
    left = np.flatnonzero(np.bitwise_count(query.low[q] ^ pool.low[item]) <= most)
    q, item = q[left], item[left]  # few: the rest is done for these alone
    differs = np.bitwise_count(query.high[q] ^ pool.high[item])
    apart = np.abs(query.lengths[q] - pool.lengths[item])
    close: Ints = left[np.maximum(differs, apart) <= most[left]]
    return close


def all_pairs(query: Bags, pool: Bags, start: int, share: float) -> tuple[Ints, Ints]:
    """Every pair of a query and a text of the pool from `start` on that may be close."""
    differs = np.bitwise_count(query.low[:, None] ^ pool.low[None, start:])
    total = query.lengths[:, None] + pool.lengths[None, start:]
    q, item = np.nonzero(differs <= total * np.float32((1 - 2 * share) * (1 + 1e-5)))
    item += start
    close = close_enough(query, q, pool, item, share)
    return q[close], item[close]


@dataclass(frozen=True, slots=True)
class Prefixes:
    """The early tokens of many texts, one row each: whose it is (`owner`), its place in the order
    of rarity, the text's length, and `reach`: the longest partner that can still be close if this
    is the first token that the two share. Rows come text by text.
    """

    owner: Ints
    place: Ints
    length: Ints
    reach: Ints

    @classmethod
    def of(
        cls,
        tokens: npt.NDArray[np.uint32],
        lengths: npt.NDArray[np.int32],
        ranks: npt.NDArray[np.uint32],
        share: float,
    ) -> Prefixes:
        """`tokens` and `lengths` as for `Bags.of`, `ranks` of `rarity` (any ranks give the same
        answer, good ones give it faster). Tokens without a rank are the rarest, the newest
        first, at negative places."""
        counts = lengths.astype(np.int64)
        owner = np.repeat(np.arange(len(counts)), counts)
        place = len(ranks) - 1 - tokens.astype(np.int64)
        ranked = place >= 0
        place[ranked] = ranks[tokens[ranked]]
        place = np.sort((owner << 32) + place + _SIGNED)
        place = (place & 0xFFFFFFFF) - _SIGNED
        starts = np.cumsum(counts) - counts
        length = counts[owner]
        rest = length - (np.arange(len(owner)) - starts[owner])
        reach = np.floor(rest / share).astype(np.int64) - length
        keep = reach >= _shortest(length, share)
        return cls(owner[keep], place[keep], length[keep], reach[keep])


def _shortest(lengths: Ints, share: float) -> Ints:
    """The fewest tokens that a partner of a text of this length can have."""
    shortest: Ints = np.maximum(np.floor(lengths * (share / (1 - share))), 1).astype(np.int64)
    return shortest


@dataclass(frozen=True, slots=True)
class Ranges:
    """For some early tokens of queries the postings with the same token and a length that can be
    close: the query, the length, and the postings from `first` up to `last`, not included."""

    owner: Ints
    length: Ints
    first: Ints
    last: Ints


class PrefixIndex:
    """The early tokens of texts that never change: postings, by token and length of the text.

    `tokens`, `lengths`, `ranks` and `share` as for `Prefixes`. `items` are the posting's texts,
    numbered from `base`; `reach` is the longest query that they can be close to.
    """

    def __init__(
        self,
        tokens: npt.NDArray[np.uint32],
        lengths: npt.NDArray[np.int32],
        ranks: npt.NDArray[np.uint32],
        share: float,
        base: int = 0,
    ) -> None:
        self.base = base
        self.size = len(lengths)
        self.ranks = ranks
        self._share = share
        early = Prefixes.of(tokens, lengths, ranks, share)
        # A key is place * width + length in 32 bits; where that is too narrow, the longest texts
        # count as equally long.
        self._new = max(int(tokens.max(initial=0)) + 1 - len(ranks), 0)
        places = len(ranks) + self._new
        self._width = min(int(lengths.max(initial=0)) + 1, (1 << 32) // max(places, 1))
        keys = self._key(early.place, early.length)
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self.items = early.owner[order].astype(np.uint32)
        self.reach = np.minimum(early.reach, _LONG).astype(np.uint16)[order]

    def _key(self, place: Ints, length: Ints) -> npt.NDArray[np.uint32]:
        key = (place + self._new) * self._width + np.minimum(length, self._width - 1)
        return key.astype(np.uint32)

    def ranges(self, early: Prefixes) -> Ranges:
        """The postings to look at for the early tokens of queries, under the same ranks."""
        known = np.flatnonzero(early.place >= -self._new)
        owner, place, length = early.owner[known], early.place[known], early.length[known]
        low = self._key(place, _shortest(length, self._share))
        order = np.argsort(low)  # in order, the searches stay in the cache
        high = self._key(place, early.reach[known])
        first, last = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
        first[order] = np.searchsorted(self._keys, low[order])
        last[order] = np.searchsorted(self._keys, high[order], side="right")
        some = first < last
        return Ranges(owner[some], length[some], first[some], last[some])

    def pairs(self, early: Prefixes) -> Iterator[tuple[Ints, Ints]]:
        """Pairs (query, item) that share an early token, in portions; a pair can come again."""
        found = self.ranges(early)
        counts = found.last - found.first
        ends = np.cumsum(counts)
        cuts = np.searchsorted(ends, np.arange(_MOST, ends.max(initial=0), _MOST))
        length = np.minimum(found.length, _LONG).astype(np.uint16)
        for some in np.split(np.arange(len(counts)), cuts):
            many = counts[some]
            posting = np.repeat(found.first[some] - (np.cumsum(many) - many), many)
            posting += np.arange(len(posting))
            near = np.flatnonzero(self.reach[posting] >= np.repeat(length[some], many))
            items = self.items[posting[near]].astype(np.int64) + self.base
            yield np.repeat(found.owner[some], many)[near], items
