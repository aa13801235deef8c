"""Vectors of a pool's texts, compared by cosine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from limbeck.demos.encode import Encoder, Vectors32
from limbeck.errors import UserError

_BLOCK = 512  # rows compared with all others in one go
_DECIMALS = 6


class Vectors:
    """The vectors of N texts, of length 1 each, or 0 where the encoder gave a vector of zeros.

    Equal texts are encoded once and share a row, so that they are equally similar to everything,
    however the encoder batches. Cosines are rounded to six decimals: float32 sums differ below
    that with the machine and the place of a row, and equals would not be equal. Raises UserError
    where the encoder gives another number of rows, numbers that are not finite, or another D.
    """

    def __init__(self, texts: Sequence[str], encoder: Encoder) -> None:
        unique = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        self._encoder = encoder
        self.row_of: npt.NDArray[np.int64] = np.array([unique[text] for text in texts], np.int64)
        self.rows: Vectors32 = np.zeros((0, 0), np.float32)
        if unique:
            self.rows = self._encoded(list(unique))

    def __len__(self) -> int:
        return len(self.row_of)

    def cosines(self, query: str) -> npt.NDArray[np.float64]:
        """The cosine of a query with each text, (N,)."""
        if not len(self):
            return np.zeros(0)
        vector = self._encoded([query])[0]
        if len(vector) != self.rows.shape[1]:
            raise UserError(
                f"the encoder gives vectors of {self.rows.shape[1]} numbers for the pool and of "
                f"{len(vector)} for the query; both must come from one encoder"
            )
        # einsum adds up every row in the same order; a BLAS does not.
        dots: npt.NDArray[np.float64] = np.einsum("nd,d->n", self.rows, vector).astype(np.float64)
        return np.round(dots, _DECIMALS)[self.row_of]

    def between(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """The cosines of some texts with each other, (n, n), not rounded: positive semidefinite
        but for the rounding of float64."""
        rows, place = np.unique(self.row_of[places], return_inverse=True)
        vectors = self.rows[rows].astype(np.float64)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        found: npt.NDArray[np.float64] = vectors @ vectors.T
        return found[np.ix_(place, place)]

    def neighbours(self, count: int) -> npt.NDArray[np.int64]:
        """Of each text the places of its `count` nearest others, in order, (N, count); all others
        where there are not so many. A text is never its own neighbour, a copy of it may be."""
        total = len(self)
        count = min(count, max(total - 1, 0))
        found = np.zeros((total, count), np.int64)
        for start in range(0, total if count else 0, _BLOCK):
            block = np.arange(start, min(start + _BLOCK, total))
            cosines = self.rows[self.row_of[block]] @ self.rows.T
            cosines = np.round(cosines, _DECIMALS)[:, self.row_of]
            cosines[np.arange(len(block)), block] = -np.inf
            least = np.partition(cosines, total - count, axis=1)[:, total - count]
            for place, row, border in zip(block, cosines, least, strict=True):
                above = np.flatnonzero(row > border)
                equal = np.flatnonzero(row == border)[: count - len(above)]
                found[place] = np.sort(np.concatenate([above, equal]))
        return found

    def _encoded(self, texts: Sequence[str]) -> Vectors32:
        vectors = np.asarray(self._encoder.encode(texts), np.float32)
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise UserError(
                f"an encoder gives a row of numbers for each text; for {len(texts)} it gave an "
                f"array of shape {vectors.shape}"
            )
        bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if len(bad):
            raise UserError(
                f"the encoder gave a vector with NaN or infinity for {texts[bad[0]][:60]!r}"
            )
        squares = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
        lengths = np.sqrt(np.where(squares > 0, squares, 1))
        return (vectors / lengths[:, None]).astype(np.float32)
