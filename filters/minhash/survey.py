"""Which of near copies stays, where that is not the first: all texts are seen before any is judged.

The texts are taken in the order of preference, the best first, and each is refused where one
taken before it is near. So every refused text has a kept near copy, and it is one that was
preferred to it. To keep the best of each cluster alone would not do: in a chain A ~ B ~ C whose
ends are not near, it would drop A for C's sake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from limbeck.filters.minhash import engine
from limbeck.filters.minhash.growing import Growing, SetStore
from limbeck.filters.minhash.index import NearIndex
from limbeck.filters.minhash.letters import I64
from limbeck.filters.minhash.shingles import shingled
from limbeck.filters.minhash.verify import Decisions

_TEXTS = 2048  # decided at a time


class Surveyed:
    """The sets of all texts, each with a rank (the least is preferred, equal ones by position).

    In memory for each text 16 bytes, and its set (8 bytes a shingle) as long as all fit in half
    of `memory_mb`; the index made of them in the end has the other half.
    """

    def __init__(self, threshold: float, num_perm: int, shingle: int, memory_mb: int) -> None:
        self._index = NearIndex(threshold, num_perm, shingle, memory_mb=memory_mb // 2)
        self._store = SetStore((memory_mb << 20) // 2)
        self._ranks = Growing(np.float64)

    def __len__(self) -> int:
        return len(self._store)

    def add(self, texts: Sequence[str], ranks: Sequence[float]) -> None:
        used = engine.chosen(len(self) + len(texts))
        self._store.extend(shingled(texts, self._index.shingle, used))
        self._ranks.extend(np.asarray(ranks, np.float64))

    def decided(self) -> Decisions:
        """The decision for each text by position; `nearest` are positions too."""
        order = np.argsort(self._ranks.all, kind="stable")
        self._index.expect(len(order))
        parts = [
            self._index.decide_sets(self._store.all.taken(order[start : start + _TEXTS]))
            for start in range(0, len(order), _TEXTS)
        ]
        made = Decisions.joined(parts)
        place: I64 = np.empty_like(order)
        place[order] = np.arange(len(order))
        named = np.where(made.nearest < 0, -1, order[made.nearest]) if len(order) else order
        return replace(
            made,
            nearest=named[place],
            jaccard=made.jaccard[place],
            twins=made.twins[place],
            refused=made.refused[place],
        )
