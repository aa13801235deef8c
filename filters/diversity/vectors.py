"""Texts as vectors of whole numbers, so that a cosine is the same on every machine.

A product of float32 vectors depends on the order in which a BLAS adds up, which differs between
machines and numbers of threads. These vectors hold whole numbers and have a length of about
`SCALE`: every sum stays below 2^24, up to which float32 counts exactly in any order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from limbeck.demos.encode import Encoder
from limbeck.encoders import BagShape, NgramBag, encoder

Vectors = npt.NDArray[np.int16]  # (N, D), every row of a length of about SCALE
Floats = npt.NDArray[np.float32]

SCALE = 2000
CHARACTERS = 4096  # of a text that are looked at, from its beginning
SHAPE = BagShape(shortest=2, longest=4, buckets=16384, size=256)
LEARNED = 4096  # rows from which it is learned how rare an n-gram is
_BLOCK = 2048


class Encoded:
    """The vectors of texts that come one batch after another.

    With "ngrams" (character n-grams of 2 to 4, hashed TF-IDF, projected onto 256 signs; every
    script), rarity is learned from the first `LEARNED` texts. Other names are those of
    `limbeck.encoders`. A blank text gets a direction of its own, so that blank rows are like one
    another and like nothing else. Raises what `limbeck.encoders.encoder` raises.
    """

    def __init__(self, name: str) -> None:
        self._encoder: Encoder | None = encoder(name)
        self._waiting: list[str] = []
        self._done: list[Vectors] = []

    def add(self, texts: Sequence[str]) -> None:
        self._waiting += [text[:CHARACTERS] for text in texts]
        if len(self._waiting) >= LEARNED:
            self._encode()

    def all(self) -> Vectors:
        """The vectors of all texts, in their order. Nothing can be added after it."""
        if self._waiting:
            self._encode()
        done, self._done = self._done, []
        return np.concatenate(done) if done else np.zeros((0, SHAPE.size), np.int16)

    def _encode(self) -> None:
        texts, self._waiting = self._waiting, []
        if self._encoder is None:
            rarity = SHAPE.rarity(texts)
            self._encoder = NgramBag(SHAPE, SHAPE.drawn("diversity"), rarity)
        for start in range(0, len(texts), _BLOCK):
            self._done.append(whole(self._encoder.encode(texts[start : start + _BLOCK])))


def whole(vectors: npt.NDArray[np.floating]) -> Vectors:
    """Vectors (N, D) as whole numbers of a length of about SCALE. Blank ones get the first axis."""
    wide = vectors.astype(np.float64)
    lengths = np.sqrt(np.einsum("nd,nd->n", wide, wide))
    wide[lengths == 0, 0] = 1
    wide *= (SCALE / np.where(lengths == 0, 1, lengths))[:, None]
    found: Vectors = np.rint(wide).astype(np.int16)
    return found


def cosines(some: Vectors, others: Vectors) -> Floats:
    """(N, M) cosines, whole numbers in units of 1 / SCALE^2, those below 0 as 0."""
    found: Floats = some.astype(np.float32) @ others.astype(np.float32).T
    return np.maximum(found, 0, out=found)
