"""Hashed character n-grams with trained vectors: for every script, and read by numpy alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from limbeck.demos.encode import Vectors32, ngram_hashes
from limbeck.errors import DataError, UserError
from limbeck.record import content_hash

VECTORS, RARITY = "vectors.npy", "rarity.npy"

Floats32 = npt.NDArray[np.float32]


class Grams(NamedTuple):
    """The buckets that a text's n-grams fall into, rising, (n,), and their weights, (n,): the
    vector of weights has length 1. Both are empty for a text of white space."""

    buckets: npt.NDArray[np.int64]
    weights: Floats32


@dataclass(frozen=True, slots=True)
class BagShape:
    """n-grams of `shortest` to `longest` characters in so many buckets, each with a vector of
    `size` numbers. Raises UserError for numbers that make no sense."""

    shortest: int = 2
    longest: int = 4
    buckets: int = 16384
    size: int = 128

    def __post_init__(self) -> None:
        if not 1 <= self.shortest <= self.longest:
            raise UserError(
                f"n-grams have at least 1 character, got from {self.shortest} to {self.longest}"
            )
        if self.buckets < 1 or self.size < 1:
            raise UserError(
                f"n-grams need 1 bucket and vectors of 1 number at least, got {self.buckets} and "
                f"{self.size}"
            )

    def grams(self, text: str, rarity: Floats32) -> Grams:
        """The weight of an n-gram is (1 + ln tf) times the rarity of its bucket, with a sign of
        its own, so that collisions cancel on average; n-grams of one bucket are added."""
        found, counts = np.unique(
            ngram_hashes(text, self.shortest, self.longest), return_counts=True
        )
        places = self._places(found)
        weights = (1 + np.log(counts)) * rarity[places]
        buckets, place = np.unique(places, return_inverse=True)
        signed = np.where(found & np.uint64(1), weights, -weights)
        added = np.bincount(place, signed, minlength=len(buckets))
        length = np.sqrt(np.sum(added**2)) or 1
        return Grams(buckets, (added / length).astype(np.float32))

    def rarity(self, texts: Iterable[str]) -> Floats32:
        """1 + ln((1 + N) / (1 + df)) of every bucket, (buckets,), among N texts."""
        count, frequency = 0, np.zeros(self.buckets)
        for text in texts:
            count += 1
            places = self._places(ngram_hashes(text, self.shortest, self.longest))
            frequency[np.unique(places)] += 1
        return (1 + np.log((1 + count) / (1 + frequency))).astype(np.float32)

    def drawn(self, *key: Any) -> Floats32:
        """Vectors to begin with, (buckets, size): signs drawn by `key`, each vector of length 1.
        Cosines of texts are then those of their n-grams, but for about 1 / sqrt(size)
        (Achlioptas 2003)."""
        bits = np.random.PCG64(int(content_hash(list(key)), 16))
        raw = bits.random_raw(-(-self.buckets * self.size // 64)).astype("<u8")
        signs = np.unpackbits(raw.view(np.uint8))[: self.buckets * self.size]
        vectors: Floats32 = (np.where(signs, 1, -1) / np.sqrt(self.size)).astype(np.float32)
        return vectors.reshape(self.buckets, self.size)

    def _places(self, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        return ((hashes >> np.uint64(32)) % np.uint64(self.buckets)).astype(np.int64)


class NgramBag:
    """An encoder: a text's vector is the sum of its n-grams' vectors, (size,), by their weights."""

    def __init__(self, shape: BagShape, vectors: Floats32, rarity: Floats32) -> None:
        self.shape = shape
        self.vectors = vectors
        self.rarity = rarity

    def encode(self, texts: Sequence[str], /) -> Vectors32:
        found = np.zeros((len(texts), self.shape.size), np.float32)
        for row, text in enumerate(texts):
            buckets, weights = self.shape.grams(text, self.rarity)
            # einsum adds up in the same order everywhere; a BLAS does not.
            found[row] = np.einsum("n,nd->d", weights, self.vectors[buckets])
        return found

    def save(self, folder: Path) -> None:
        """Write the arrays into a folder that is there."""
        np.save(folder / VECTORS, self.vectors, allow_pickle=False)
        np.save(folder / RARITY, self.rarity, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, shape: BagShape) -> NgramBag:
        """What `save` wrote. Raises DataError for a file that is missing, cut off, or of another
        shape."""
        vectors = _read(folder / VECTORS, (shape.buckets, shape.size))
        return cls(shape, vectors, _read(folder / RARITY, (shape.buckets,)))


def _read(path: Path, shape: tuple[int, ...]) -> Floats32:
    try:
        found: Floats32 = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"cannot read {path} ({error}); make the retriever again with limbeck retriever",
            path=path,
        ) from error
    if found.shape != shape or found.dtype != np.float32 or not np.isfinite(found).all():
        raise DataError(
            f"{path} does not hold float32 numbers of shape {shape}, as its retriever says; make "
            "the retriever again with limbeck retriever",
            path=path,
        )
    return found
