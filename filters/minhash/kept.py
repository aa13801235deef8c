"""The texts that stay: their band keys, their sets, and how they are found by a key.

Each engine finds them its own way (sorted keys, a hash table), which is made anew from the keys
when another engine goes on.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from limbeck.filters.minhash.growing import Growing, SetStore
from limbeck.filters.minhash.letters import U64
from limbeck.filters.minhash.shingles import Shingles


class Finder(Protocol):
    """Finds kept texts by their keys. `count` is how many it knows."""

    count: int


class Kept:
    """In memory for each text: its keys (8 bytes a band), 8 bytes more, and its set as long as
    there is room (see `SetStore`)."""

    def __init__(self, threshold: float, bands: int, most_bytes: int) -> None:
        self.threshold = threshold
        self.bands = bands
        self.finder: Finder | None = None
        self.key_rows = Growing(np.uint64, bands)
        self.store = SetStore(most_bytes)

    def __len__(self) -> int:
        return len(self.key_rows)

    @property
    def keys(self) -> U64:
        """(texts, bands): a view; it does not outlive the next `extend`."""
        return self.key_rows.all

    @property
    def sets(self) -> Shingles:
        return self.store.all

    def extend(self, sets: Shingles, keys: U64) -> None:
        self.store.extend(sets)
        self.key_rows.extend(keys)
