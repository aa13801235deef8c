"""The embedded engine: one reader in order, one index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from limbeck.errors import DataError
from limbeck.filters.minhash.engines.positions import Positions, first_of
from limbeck.filters.minhash.engines.tables import texts_of
from limbeck.filters.minhash.engines.verdicts import Decided
from limbeck.filters.minhash.engines.work import Sketch
from limbeck.filters.minhash.index import NearIndex
from limbeck.filters.minhash.verify import Decisions


def decide(files: Sequence[Path], sketch: Sketch) -> Decided:
    """Read all files into one NearIndex; first wins."""
    index = NearIndex(sketch.threshold, sketch.num_perm, sketch.shingle)
    places: list[Positions] = []
    made: list[Decisions] = []
    counts, bad = [], list[DataError]()
    for file, path in enumerate(files):
        count = 0
        for start, texts in texts_of(path, sketch.columns, bad.append):
            first = first_of(file) + start
            places.append(np.arange(first, first + len(texts), dtype=np.uint64))
            made.append(index.decide(texts))
            count = start + len(texts)
        counts.append(count)
    positions = np.concatenate([np.empty(0, np.uint64), *places])
    found = Decisions.joined(made)
    gone = found.refused
    near = positions[found.nearest[gone]]
    return Decided(positions[gone], near, found.jaccard[gone], counts, len(bad))
