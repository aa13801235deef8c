"""Greedy k-centre: always the row that is farthest from all picked ones.

The largest distance of a row from its centre is at most twice that of the best k centres
(Gonzalez 1985). Distances are Euclidean between vectors of length 1, sqrt(2 - 2 cosine), a metric.
"""

from __future__ import annotations

import numpy as np

from limbeck.filters.diversity.vectors import SCALE, Vectors

_BLOCK = 65536


def farthest_first(vectors: Vectors, count: int) -> tuple[list[int], list[float]]:
    """The rows of (N, D) that are picked, in that order, and how far each was from those before.

    The first is the row that is nearest to the mean of all, with a distance of 2, which none can
    exceed; equal distances go to the row that comes first. Takes N D products a pick.
    """
    count = min(count, len(vectors))
    if not count:
        return [], []
    mean = vectors.sum(axis=0, dtype=np.int64)
    first = int(np.argmax(_products(vectors, mean.astype(np.float64) / len(vectors))))
    picks, nearest = [first], _dots(vectors, first)
    taken = np.iinfo(np.int64).max
    nearest[first] = taken
    distances = [2.0]
    while len(picks) < count:
        row = int(np.argmin(nearest))
        distances.append(distance(float(nearest[row]) / SCALE**2))
        picks.append(row)
        np.maximum(nearest, _dots(vectors, row), out=nearest)
        nearest[row] = taken
    return picks, distances


def distance(cosine: float) -> float:
    """Between two vectors of length 1."""
    return float(np.sqrt(max(0.0, 2 - 2 * cosine)))


def _dots(vectors: Vectors, row: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Exact: whole numbers below 2^24."""
    found = np.empty(len(vectors), np.int64)
    one = vectors[row].astype(np.float32)
    for start in range(0, len(vectors), _BLOCK):
        found[start : start + _BLOCK] = vectors[start : start + _BLOCK].astype(np.float32) @ one
    return found


def _products(
    vectors: Vectors, mean: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """With the mean in whole numbers, so that the nearest to it is the same everywhere."""
    found = np.empty(len(vectors), np.int64)
    one = np.rint(mean).astype(np.float32)
    for start in range(0, len(vectors), _BLOCK):
        found[start : start + _BLOCK] = vectors[start : start + _BLOCK].astype(np.float32) @ one
    return found
