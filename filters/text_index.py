"""Texts that grow in number, with an index over all but the newest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from limbeck.filters.bags import Bags, GrowingBags
from limbeck.filters.prefix_index import Prefixes, PrefixIndex, overlap_share, rarity

_TAIL = 512  # texts that are compared one by one before they get an index
_HARDLY = 1.5
_RERANK = 1.3  # growth after which the rarity of tokens is counted again


class TextIndex:
    """The texts of a pool, and indexes of those before `indexed`.

    `share` is what two texts above `threshold` have in common, of both lengths together; token
    numbers are below `words`, no text has more than `longest` tokens.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.share = overlap_share(threshold)
        self.indexed = 0
        self.words = 0
        self.longest = 0
        self.segments: list[PrefixIndex] = []
        self._bags = GrowingBags()
        self._ranks = np.empty(0, np.uint32)
        self._ranked_at = 0

    @property
    def bags(self) -> Bags:
        """A view; it does not outlive the next `append`."""
        return self._bags.all

    def __len__(self) -> int:
        return len(self._bags)

    def append(self, new: Bags) -> None:
        self._bags.extend(new)
        self.words = max(self.words, int(new.tokens.max(initial=0)) + 1)
        self.longest = max(self.longest, int(new.lengths.max(initial=0)))
        if len(self) - self.indexed >= _TAIL:
            self._index()

    def prefixes(self, query: Bags) -> Iterator[tuple[PrefixIndex, Prefixes]]:
        """The early tokens of queries, for each index under its own ranks."""
        ranks, early = None, None
        for segment in self.segments:
            if early is None or segment.ranks is not ranks:
                ranks = segment.ranks
                early = Prefixes.of(query.tokens, query.lengths, ranks, self.share)
            yield segment, early

    def _index(self) -> None:
        """Gives the newest texts an index, together with older ones of hardly greater number:
        there are few indexes, and a text is indexed again only a few times."""
        bags = self.bags
        if len(bags) > _RERANK * self._ranked_at:
            self._ranks = rarity(bags.tokens)
            self._ranked_at = len(bags)
        first = self.indexed
        while self.segments and self.segments[-1].size <= _HARDLY * (len(bags) - first):
            first = self.segments.pop().base
        lengths = bags.lengths[first:]
        tokens = bags.tokens[int(bags.ends[first] - lengths[0]) :]
        self.segments.append(PrefixIndex(tokens, lengths, self._ranks, self.share, first))
        self.indexed = len(bags)
