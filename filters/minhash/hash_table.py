"""Kept texts by band key, as a hash table: what `table_kernel` works on."""

from __future__ import annotations

import numpy as np

from limbeck.filters.minhash import table_kernel
from limbeck.filters.minhash.kept import Kept
from limbeck.filters.minhash.letters import U32, U64

_FULL = 0.6  # of the slots
_FIRST = 1024


class HashTable:
    """Slots, `older` and `asked` as in `table_kernel`, with room for `room` texts.

    8 bytes a slot, of which between 30% and 60% are in use, and 4 a band and 4 a text besides:
    for 16 bands 280 to 500 bytes a text.
    """

    def __init__(self, bands: int) -> None:
        self.count = 0
        self._queries = 1
        self.slots: U64 = np.zeros(_FIRST, np.uint64)
        self.older: U32 = np.empty((0, bands), np.uint32)
        self.asked: U32 = np.empty(0, np.uint32)

    def make_room(self, kept: Kept, batch: int) -> int:
        """Sees to it that a batch fits, and that all texts that are kept are in the table. Returns
        the number of the batch's first query."""
        texts = len(kept) + batch
        if texts > len(self.asked):
            size = max(texts, int(1.3 * len(self.asked)))
            self.older.resize((size, kept.bands), refcheck=False)
            self.asked.resize(size, refcheck=False)
        size = len(self.slots)
        while texts * kept.bands > _FULL * size:
            size *= 2
        if size > len(self.slots):
            self.slots = np.zeros(size, np.uint64)
            self.count = 0
        if self.count < len(kept):
            table_kernel.fill(self.slots, kept.keys, self.older, self.count, len(kept))
            self.count = len(kept)
        if self._queries + batch >= 1 << 32:
            self.asked[:] = 0
            self._queries = 1
        first = self._queries
        self._queries += batch
        return first
