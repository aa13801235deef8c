"""Rows in cells of like ones, for sets that are too large to compare every row with every other.

With cosines across cells taken as 0, the objective is a sum over cells, and greedy on the sum is
the greedy sequences of the cells merged by gain: nothing is lost but what rows of one cell would
have covered in another. (GreeDi, Mirzasoleiman et al. 2013, arXiv:1411.0541, cuts at random and
picks twice; cutting by likeness needs no second round, and serves any number of picks.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from limbeck.filters.diversity.vectors import Vectors

Rows = npt.NDArray[np.int64]

_BLOCK = 65536


def cells(vectors: Vectors, most: int) -> list[Rows]:
    """All rows of (N, D) in cells of at most so many, each rising; cells in order of first rows.

    A cell that is too large is halved: of two rows that are far apart, the half that is nearer to
    one than to the other. No randomness. N D log2(N / most) products.
    """
    done: list[Rows] = []
    waiting = [np.arange(len(vectors))]
    while waiting:
        rows = waiting.pop()
        if len(rows) <= most:
            done.append(rows)
            continue
        one = rows[int(np.argmin(_dots(vectors, rows, rows[0])))]
        other = rows[int(np.argmin(_dots(vectors, rows, one)))]
        leaning = _dots(vectors, rows, one) - _dots(vectors, rows, other)
        # Stable: rows of equal leaning (copies of one text) go by position.
        order = np.argsort(-leaning, kind="stable")
        half = len(rows) // 2
        waiting += [np.sort(rows[order[:half]]), np.sort(rows[order[half:]])]
    return sorted((rows for rows in done if len(rows)), key=lambda rows: int(rows[0]))


def _dots(vectors: Vectors, rows: Rows, row: np.int64) -> npt.NDArray[np.float32]:
    one = vectors[row].astype(np.float32)
    found = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _BLOCK):
        found[start : start + _BLOCK] = (
            vectors[rows[start : start + _BLOCK]].astype(np.float32) @ one
        )
    return found
