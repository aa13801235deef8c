"""Where a row is among many files: one number that sorts as the files and their rows do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROW_BITS = 36
MOST_FILES = 1 << (63 - ROW_BITS)
MOST_ROWS = 1 << ROW_BITS

Positions = NDArray[np.uint64]


def first_of(file: int) -> int:
    """The position of a file's first row. Raises ValueError beyond 134 million files."""
    if not 0 <= file < MOST_FILES:
        raise ValueError(f"at most {MOST_FILES} files, got number {file}")
    return file << ROW_BITS


def files_of(positions: Positions) -> Positions:
    """The number of each position's file."""
    return positions >> np.uint64(ROW_BITS)


def rows_of(positions: Positions) -> Positions:
    """The row within its file, from 0."""
    return positions & np.uint64(MOST_ROWS - 1)


def range_of(file: int) -> Positions:
    """The first position of a file, and that of the next one."""
    return np.array([first_of(file), first_of(file + 1)], np.uint64)


def among(values: Positions, found: Positions) -> NDArray[np.bool_]:
    """Which values are in `found`, which is sorted."""
    if not len(found):
        return np.zeros(len(values), bool)
    places = np.minimum(np.searchsorted(found, values), len(found) - 1)
    return np.asarray(found[places] == values)
