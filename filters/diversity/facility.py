"""Greedy facility location, with lazy evaluation.

F(S) is the sum over all rows of the cosine with the nearest picked row. Greedy picks reach at
least 1 - 1/e of the best F (Nemhauser, Wolsey and Fisher 1978). A gain only falls as others are
picked, so an old one is a bound, and only the row whose bound is the highest is counted again
(Minoux 1978): the picks are those of plain greedy, one for one.
"""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from limbeck.filters.diversity.vectors import SCALE, Floats, Vectors, cosines

Shorts = npt.NDArray[np.int16]

_SHRINK = SCALE**2 >> 14  # a cosine of 1 is about 16,400 of these units: it fits in two bytes
_BLOCK = 1024
UNIT = SCALE**2 / _SHRINK


def greedy(
    candidates: Vectors, count: int, rows: Vectors | None = None
) -> tuple[list[int], list[int]]:
    """Those of (C, D) candidates that are picked to stand for (N, D) rows, or for themselves, in
    that order, and what each adds to F, in 1 / UNIT.

    Equal gains go to the candidate that comes first. Takes 2 C N bytes, C N D products, and N
    steps for every gain that is counted again.
    """
    near = _near(candidates, candidates if rows is None else rows)
    best = np.zeros(near.shape[1], np.int16)
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


def _near(candidates: Vectors, rows: Vectors) -> Shorts:
    near = np.empty((len(candidates), len(rows)), np.int16)
    for start in range(0, len(candidates), _BLOCK):
        block: Floats = cosines(candidates[start : start + _BLOCK], rows)
        near[start : start + _BLOCK] = block / _SHRINK
    return near


def _gain(
    row: Shorts,
    best: Shorts,
) -> int:
    return int(np.maximum(row - best, 0).sum(dtype=np.int64))
