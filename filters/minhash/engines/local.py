"""The embedded engine: one reader in order, one index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from limbeck.filters.minhash.engines.positions import first_of
from limbeck.filters.minhash.engines.tables import texts_of
from limbeck.filters.minhash.engines.verdicts import Decided
from limbeck.filters.minhash.engines.work import Sketch
from limbeck.filters.minhash.index import NearIndex


def decide(files: Sequence[Path], sketch: Sketch) -> Decided:
    """Read all files into one NearIndex; first wins."""
    index = NearIndex(sketch.threshold, sketch.num_perm, sketch.shingle)
    batches: list[np.ndarray] = []  # the position of every text that was added
    near: list[tuple[int, int, float]] = []
    counts = []
    total = 0
    for file, path in enumerate(files):
        count = 0
        for start, texts in texts_of(path, sketch.columns):
            batches.append(np.arange(start, start + len(texts), dtype=np.uint64))
            batches[-1] += np.uint64(first_of(file))
            for place, hit in enumerate(index.add(texts), start=total):
                if hit is not None:
                    near.append((place, hit.nearest, hit.jaccard))
            total += len(texts)
            count = start + len(texts)
        counts.append(count)
    positions = np.concatenate([np.empty(0, np.uint64), *batches])
    removed = positions[[place for place, _, _ in near]]
    nearest = positions[[place for _, place, _ in near]]
    return Decided(removed, nearest, np.array([score for _, _, score in near]), counts)
