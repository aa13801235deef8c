"""Texts that grow in number, each compared with those that stayed before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from limbeck.errors import UserError
from limbeck.filters.minhash import engine
from limbeck.filters.minhash.bands import Bands, band_keys
from limbeck.filters.minhash.growing import Growing
from limbeck.filters.minhash.kept import Kept
from limbeck.filters.minhash.shingles import Shingles, encoded, portions
from limbeck.filters.minhash.signatures import permutations
from limbeck.filters.minhash.verify import Decisions


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest kept text: its position among all texts added (0, 1, 2, ...), and their
    exact Jaccard index, at or above the threshold."""

    nearest: int
    jaccard: float


class NearIndex:
    """Greedy near-duplicate removal: a text is refused where a text kept before it has a Jaccard
    index of at least `threshold` with it, over sets of `shingle` words in a row.

    Candidates come from MinHash signatures of `num_perm` places (`signatures`), cut into bands
    (`Bands.chosen`, or `params` = (bands, rows)); every candidate's index is then computed
    exactly, so that no text is refused without a kept twin. What is missed are pairs no band of
    which is equal: 0.6% of those at or above the threshold with the defaults, `recall` says how many
    in general. The answers are the same whatever is added at once, and with or without numba.

    Memory for a kept text of 190 shingles: 128 bytes of band keys, 190 to 500 to find them by, and 1.5 KB of
    hashes to verify with. Hashes beyond `memory_mb` are in a temporary file. Refused texts leave
    nothing. Raises UserError for values out of range, and where the temporary file cannot be
    written.
    """

    def __init__(
        self,
        threshold: float = 0.8,
        num_perm: int = 128,
        shingle: int = 5,
        *,
        params: tuple[int, int] | None = None,
        seed: int = 1,
        memory_mb: int = 1024,
        engine: Literal["auto", "numpy", "numba"] = "auto",
    ) -> None:
        if not 0 < threshold <= 1:
            raise UserError(
                f"the threshold of near duplicates must be above 0 and at most 1, got {threshold}"
            )
        if num_perm < 1 or shingle < 1 or memory_mb < 0:
            raise UserError(
                "num_perm and shingle must be at least 1 and memory_mb at least 0, got "
                f"num_perm {num_perm}, shingle {shingle}, memory_mb {memory_mb}"
            )
        if params is not None and (min(params) < 1 or params[0] * params[1] > num_perm):
            raise UserError(
                f"params are (bands, rows), both at least 1 and their product at most num_perm "
                f"({num_perm}), got {params}"
            )
        self.threshold = threshold
        self.num_perm = num_perm
        self.shingle = shingle
        self.bands = Bands(*params) if params else Bands.chosen(threshold, num_perm)
        self._permutations = tuple(
            part[: self.bands.count * self.bands.rows] for part in permutations(num_perm, seed)
        )
        self._engine = engine
        self._kept = Kept(threshold, self.bands.count, memory_mb << 20)
        self._positions = Growing(np.int64)
        self._count = 0

    def __len__(self) -> int:
        """How many texts were added."""
        return self._count

    @property
    def recall(self) -> float:
        """The share of pairs found whose Jaccard indexes spread evenly from the threshold to 1."""
        return self.bands.recall(self.threshold)

    @property
    def on_disk(self) -> bool:
        """Whether the hashes have outgrown `memory_mb`."""
        return self._kept.store.on_disk

    def add(self, texts: Sequence[str]) -> list[Near | None]:
        """For each text the nearest kept one that refuses it, None where it stays."""
        made = self.decide(texts)
        found: list[Near | None] = [None] * len(made)
        for place in np.flatnonzero(made.refused).tolist():
            found[place] = Near(int(made.nearest[place]), float(made.jaccard[place]))
        return found

    def decide(self, texts: Sequence[str]) -> Decisions:
        """What `add` decides, as arrays; `nearest` are positions. For kept texts too: the nearest
        of the candidates below the threshold."""
        used = self._used(len(texts))
        parts = [
            self._settle(used, used.shingles(*encoded(part), self.shingle))
            for part in portions(texts, used.PORTION)
        ]
        return Decisions.joined(parts)

    def decide_sets(self, sets: Shingles) -> Decisions:
        """`decide` for sets of hashes made earlier."""
        return self._settle(self._used(len(sets)), sets)

    def _used(self, texts: int) -> engine.Engine:
        if self._engine == "numpy":
            return engine.plain()
        if self._engine == "numba":
            return engine.compiled() or engine.plain()
        return engine.chosen(self._count + texts)

    def _settle(self, used: engine.Engine, sets: Shingles) -> Decisions:
        keys = band_keys(used.signatures(sets, *self._permutations), self.bands)
        made = used.decide(sets, keys, self._kept)
        stay = np.flatnonzero(~made.refused & (sets.sizes > 0))
        self._positions.extend(stay + self._count)
        self._count += len(sets)
        positions = self._positions.all
        nearest = np.where(made.nearest < 0, -1, positions[made.nearest])
        return replace(made, nearest=nearest)
