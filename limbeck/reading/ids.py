"""How often an id was seen, in about 12 bytes for each: sorted arrays, merged as they grow."""

from __future__ import annotations

from array import array
from bisect import bisect_left

_FRESH = 1 << 17


class Times:
    """Counts ids, which are 64-bit numbers here."""

    def __init__(self, fresh: int = _FRESH) -> None:
        self._most = fresh
        self._fresh: dict[int, int] = {}
        self._sorted: list[tuple[array[int], array[int]]] = []  # ids, counts; longest first

    def add(self, number: int) -> int:
        """How often the id has been added, this time included."""
        for ids, counts in self._sorted:
            at = bisect_left(ids, number)
            if at < len(ids) and ids[at] == number:
                counts[at] += 1
                return counts[at]
        times = self._fresh.get(number, 0) + 1
        self._fresh[number] = times
        if len(self._fresh) >= self._most:
            self._merge()
        return times

    def _merge(self) -> None:
        import numpy as np

        ids = np.array(sorted(self._fresh), dtype=np.uint64)
        counts = np.array([self._fresh[int(one)] for one in ids], dtype=np.uint32)
        self._fresh.clear()
        while self._sorted and len(self._sorted[-1][0]) <= 2 * len(ids):
            before_ids, before_counts = self._sorted.pop()
            ids = np.concatenate([np.frombuffer(before_ids, np.uint64), ids])
            counts = np.concatenate([np.frombuffer(before_counts, np.uint32), counts])
            order = np.argsort(ids, kind="stable")
            ids, counts = ids[order], counts[order]
        self._sorted.append((array("Q", ids.tobytes()), array("I", counts.tobytes())))
