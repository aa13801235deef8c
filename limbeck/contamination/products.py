"""`Product`: sparse rows times sparse items, the same number in every order of the rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Weights are multiples of this: products are multiples of 2^-40, and sums of them below 8,192 are
# exact in float64. No order of the rows, kernel or thread changes a bit.
GRAIN = 2.0**-20
_DENSE = 256  # so many of the commonest terms are multiplied as one matrix


class Sparse(NamedTuple):
    """Rows of (id, value): those of row r stand from starts[r] to starts[r + 1]."""

    starts: Ints
    ids: Ints
    values: Floats

    @property
    def rows(self) -> Ints:
        """The row of every value."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


def sparse(rows: list[list[int]], values: list[list[float]] | None = None) -> Sparse:
    """From lists of ids and of values (1 for all where there are none)."""
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)])
    ids = np.array([one for row in rows for one in row], dtype=np.int64)
    if values is None:
        return Sparse(starts.astype(np.int64), ids, np.ones(len(ids)))
    found = np.array([one for row in values for one in row], dtype=np.float64)
    return Sparse(starts.astype(np.int64), ids, found)


class Product:
    """Items that rows are multiplied with: common terms as a matrix, rare ones by postings."""

    def __init__(self, items: Sparse, terms: int) -> None:
        self.count = len(items.starts) - 1
        places, values = items.rows, grained(items.values)
        often = np.bincount(items.ids, minlength=terms)
        order = np.argsort(-often, kind="stable")[:_DENSE]
        common = order[often[order] > 8]
        self._column = np.full(terms, -1, dtype=np.int64)
        self._column[common] = np.arange(len(common))
        self._matrix = np.zeros((len(common), self.count))
        dense = self._column[items.ids] >= 0
        self._matrix[self._column[items.ids[dense]], places[dense]] = values[dense]
        rare = np.flatnonzero(~dense)
        rare = rare[np.argsort(items.ids[rare], kind="stable")]
        self._posting = places[rare]
        self._weight = values[rare]
        lengths = np.bincount(items.ids[rare], minlength=terms)
        self._begin = np.concatenate([[0], np.cumsum(lengths)])
        self._length = lengths

    def __call__(self, rows: Sparse) -> Floats:
        """All products, [rows, items]. Every id of a row must be below `terms`."""
        count, places, values = len(rows.starts) - 1, rows.rows, grained(rows.values)
        columns = self._column[rows.ids]
        dense = columns >= 0
        left = np.zeros((count, len(self._matrix)))
        left[places[dense], columns[dense]] = values[dense]
        found = left @ self._matrix
        ids, places, values = rows.ids[~dense], places[~dense], values[~dense]
        lengths = self._length[ids]
        into = np.repeat(self._begin[ids] - np.cumsum(lengths) + lengths, lengths)
        into += np.arange(len(into))
        cells = np.repeat(places, lengths) * self.count + self._posting[into]
        np.add.at(found.reshape(-1), cells, np.repeat(values, lengths) * self._weight[into])
        return found


def grained(values: Floats) -> Floats:
    return np.round(values / GRAIN) * GRAIN
