"""Greedy facility location, with lazy evaluation.

F(S) is the sum over all rows of the cosine with the nearest picked row. Greedy picks reach at
least 1 - 1/e of the best F (Nemhauser, Wolsey and Fisher 1978). A gain only falls as others are
picked, so an old one is a bound, and only the row whose bound is the highest is counted again
(Minoux 1978): the picks are those of plain greedy, one for one.
"""

from __future__ import annotations

import heapq

import numpy as np

from limbeck.filters.diversity.vectors import SCALE, Floats, Vectors, cosines

_SHRINK = SCALE**2 >> 14  # a cosine of 1 is about 16,400 of these units: it fits in two bytes
_BLOCK = 1024
UNIT = SCALE**2 / _SHRINK


def greedy(vectors: Vectors, count: int) -> tuple[list[int], list[int]]:
    """The rows of (N, D) that are picked, in that order, and what each adds to F, in 1 / UNIT.

    Equal gains go to the row that comes first. Takes 2 N^2 bytes, N^2 D products, and about N
    steps a pick.
    """
    near = _near(vectors)
    best = np.zeros(len(near), np.int16)
    heap = [(-int(near[row].sum(dtype=np.int64)), row) for row in range(len(near))]
    heapq.heapify(heap)
    picks: list[int] = []
    gains: list[int] = []
    while len(picks) < count and heap:
        _, row = heapq.heappop(heap)
        now = (-_gain(near[row], best), row)
        if heap and now > heap[0]:
            heapq.heappush(heap, now)
            continue
        picks.append(row)
        gains.append(-now[0])
        np.maximum(best, near[row], out=best)
    return picks, gains


def _near(vectors: Vectors) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    near = np.empty((len(vectors), len(vectors)), np.int16)
    for start in range(0, len(vectors), _BLOCK):
        block: Floats = cosines(vectors[start : start + _BLOCK], vectors)
        near[start : start + _BLOCK] = block / _SHRINK
    return near


def _gain(
    row: np.ndarray[tuple[int], np.dtype[np.int16]],
    best: np.ndarray[tuple[int], np.dtype[np.int16]],
) -> int:
    return int(np.maximum(row - best, 0).sum(dtype=np.int64))
