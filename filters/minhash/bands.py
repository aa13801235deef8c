"""Bands of a signature: two texts are compared where one band is equal in all its rows.

With Jaccard index s, b bands of r rows make a pair a candidate with probability
1 - (1 - s**r)**b (Rajaraman and Ullman, Mining of Massive Datasets, section 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from limbeck.filters.minhash.letters import LENGTH, U32, U64, P, powers

_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Bands:
    """`count` bands of `rows` rows each."""

    count: int
    rows: int

    def found(self, jaccard: float) -> float:
        """The probability that a pair with this Jaccard index is a candidate."""
        return float(1 - (1 - jaccard**self.rows) ** self.count)

    def recall(self, threshold: float) -> float:
        """The mean of `found` over Jaccard indexes from the threshold to 1."""
        steps = threshold + (1 - threshold) * (np.arange(_STEPS) + 0.5) / _STEPS
        return float(np.mean(1 - (1 - steps**self.rows) ** self.count))

    @classmethod
    def chosen(cls, threshold: float, num_perm: int, recall: float = 0.99) -> Bands:
        """The bands with the most rows, hence the fewest candidates, whose `recall` is at least
        this; single rows where none has it. 16 bands of 8 rows for 0.8 and 128.

        Verification makes every answer exact, so that a miss is the only error that is left;
        datasketch's own choice weighs misses and candidates alike (9 bands of 13 rows for 0.8 and
        128, which find 84% of the pairs).
        """
        for rows in range(num_perm, 1, -1):
            bands = cls(num_perm // rows, rows)
            if bands.recall(threshold) >= recall:
                return bands
        return cls(num_perm, 1)


def band_keys(signatures: U32, bands: Bands) -> U64:
    """(texts, bands): a hash of each band's rows and place, so that one table holds all bands."""
    texts = len(signatures)
    used = signatures[:, : bands.count * bands.rows].reshape(texts, bands.count, bands.rows)
    steps = powers(bands.rows + 1, P)[1:]
    keys = np.zeros((texts, bands.count), np.uint64)
    for row in range(bands.rows):
        keys += (used[:, :, row] + np.uint64(1)) * steps[row]
    keys += np.arange(bands.count, dtype=np.uint64) * np.uint64(LENGTH)
    keys = (keys ^ keys >> np.uint64(33)) * np.uint64(0xFF51AFD7ED558CCD)
    keys = (keys ^ keys >> np.uint64(33)) * np.uint64(0xC4CEB9FE1A85EC53)
    return keys ^ keys >> np.uint64(33)
