"""Kept texts by band key, as sorted arrays: the table of the engine without numba."""

from __future__ import annotations

import numpy as np

from limbeck.filters.minhash.letters import I64, U64

_BITS = np.uint64(30)  # of a text's number; the rest is of the key
_NUMBER = np.uint64((1 << 30) - 1)
_HARDLY = 1.5


class SortedKeys:
    """Key and number share 64 bits, so that sorting moves one array. The keys are cut to 34 bits
    for that; the caller looks at the whole ones.

    A few arrays: the newest is joined with older ones of hardly greater length, so that each entry is
    sorted again a few times only.
    """

    def __init__(self) -> None:
        self.count = 0
        self._parts: list[U64] = []

    def extend(self, keys: U64) -> None:
        """Adds the keys of the next texts, (texts, bands)."""
        numbers = np.arange(self.count, self.count + len(keys), dtype=np.uint64)
        new = ((keys & ~_NUMBER) | numbers[:, None]).ravel()
        while self._parts and len(self._parts[-1]) <= _HARDLY * len(new):
            new = np.concatenate([self._parts.pop(), new])
        new.sort()
        self._parts.append(new)
        self.count += len(keys)

    def pairs(self, keys: U64) -> tuple[I64, I64]:
        """(row of `keys`, number) of those with 34 bits of a key in common, each pair once, in
        order."""
        bands = keys.shape[1]
        flat = keys.ravel()
        order = np.argsort(flat)  # in order, the searches stay in the cache
        low = flat[order] & ~_NUMBER
        found = []
        for part in self._parts:
            first = np.searchsorted(part, low)
            first[first == len(part)] -= 1
            hit = np.flatnonzero((part[first] & ~_NUMBER) == low)
            first = first[hit]
            many = np.searchsorted(part, low[hit] | _NUMBER, side="right") - first
            rows = np.repeat(order[hit] // bands, many)
            places = np.repeat(first - (np.cumsum(many) - many), many) + np.arange(len(rows))
            found.append(rows << 30 | (part[places] & _NUMBER).astype(np.int64))
        both = np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
        return both >> 30, both & int(_NUMBER)
