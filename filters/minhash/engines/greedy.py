"""Which rows stay, from verified pairs: first wins, as one reader in order would decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limbeck.filters.minhash.engines.positions import Positions, among
from limbeck.filters.minhash.engines.verdicts import Decided

_UNDECIDED, _KEPT, _REMOVED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Pairs:
    """Verified pairs: positions `first` < `second`, and their Jaccard index."""

    first: Positions
    second: Positions
    jaccard: NDArray[np.float64]

    def above(self, threshold: float) -> Pairs:
        chosen = self.jaccard >= threshold
        return Pairs(self.first[chosen], self.second[chosen], self.jaccard[chosen])

    def with_kept(self, removed: Positions) -> Pairs:
        """Those whose first row is not `removed` (sorted)."""
        chosen = ~among(self.first, removed)
        return Pairs(self.first[chosen], self.second[chosen], self.jaccard[chosen])


def joined(known: Sequence[Pairs]) -> Pairs:
    """All pairs of several rounds."""
    if not known:
        none = np.empty(0, np.uint64)
        return Pairs(none, none, np.empty(0))
    return Pairs(
        np.concatenate([found.first for found in known]),
        np.concatenate([found.second for found in known]),
        np.concatenate([found.jaccard for found in known]),
    )


def removed(pairs: Pairs, threshold: float) -> Positions:
    """The rows that a reader in order refuses: each has a pair at `threshold` or above with an
    earlier row that is kept itself. Sorted.

    It is the lexicographically first maximal independent set, found in rounds (Blelloch, Fineman
    and Shun 2012, arXiv:1202.3205): a row is kept once no earlier neighbour is undecided or kept.
    """
    near = pairs.above(threshold)
    nodes, numbers = np.unique(np.concatenate([near.first, near.second]), return_inverse=True)
    first, second = numbers[: len(near.first)], numbers[len(near.first) :]
    state = np.zeros(len(nodes), np.int8)
    while (state == _UNDECIDED).any():
        blocked = np.zeros(len(nodes), bool)
        blocked[second] = True  # of what is left, every pair's earlier row is undecided
        state[(state == _UNDECIDED) & ~blocked] = _KEPT
        hit = second[state[first] == _KEPT]
        state[hit[state[hit] == _UNDECIDED]] = _REMOVED
        left = (state[first] == _UNDECIDED) & (state[second] == _UNDECIDED)
        first, second = first[left], second[left]
    found: Positions = nodes[state == _REMOVED]
    return found


@dataclass(frozen=True, slots=True)
class Nearest:
    """Of every row that has one (`row`, sorted): the earlier kept row with the greatest Jaccard
    index, the earliest of equals, and that index."""

    row: Positions
    nearest: Positions
    jaccard: NDArray[np.float64]


def nearest(pairs: Pairs, removed: Positions) -> Nearest:
    """The nearest kept row of every row that was compared with one."""
    kept = pairs.with_kept(removed)
    first, second, jaccard = kept.first, kept.second, kept.jaccard
    order = np.lexsort((first, -jaccard, second))
    first, second, jaccard = first[order], second[order], jaccard[order]
    begins = np.ones(len(second), bool)
    begins[1:] = second[1:] != second[:-1]
    return Nearest(second[begins], first[begins], jaccard[begins])


def decided(pairs: Pairs, threshold: float, counts: list[int], unreadable: int = 0) -> Decided:
    """The verdicts on all rows; `counts` are the rows of each file."""
    gone = removed(pairs, threshold)
    found = nearest(pairs, gone)
    places = np.searchsorted(found.row, gone)
    return Decided(gone, found.nearest[places], found.jaccard[places], counts, unreadable)
