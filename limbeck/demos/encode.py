"""Texts as vectors: what an encoder is, the built-in one, and one that remembers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from limbeck.errors import UserError
from limbeck.text import folded

Vectors32 = npt.NDArray[np.float32]
Hashes = npt.NDArray[np.uint64]

# Odd, so that no bit is lost: the golden ratio in 64 bits. Then the two factors of SplitMix64.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


class Encoder(Protocol):
    """Gives every text a vector; similar texts get vectors of similar direction.

    `encode(texts)` is float32 (N, D), row by row for the texts, D the same on every call. Lengths
    do not matter: who compares vectors normalises them. The same text gets the same vector.
    """

    def encode(self, texts: Sequence[str], /) -> Vectors32: ...


class NgramEncoder:
    """Hashed TF-IDF of character n-grams: works in every script, and needs no model.

    A text is folded (`limbeck.text.folded`) and gets a space at each end; its n-grams are all
    runs of `shortest` to `longest` characters. A word of one character has n-grams of its own
    through the spaces around it. The weight of an n-gram is (1 + ln tf) (1 + ln((1 + N) /
    (1 + df))), with document frequencies among `texts`, N in all. It is added, with a sign, to
    one of `size` numbers: the sign makes collisions cancel on average (Weinberger et al. 2009,
    arXiv:0902.2206). Vectors have length 1, or 0 for a text of white space. Raises UserError
    for sizes that make no sense.
    """

    def __init__(
        self, texts: Iterable[str] = (), *, shortest: int = 2, longest: int = 4, size: int = 2048
    ) -> None:
        if not 1 <= shortest <= longest:
            raise UserError(f"n-grams have at least 1 character, got from {shortest} to {longest}")
        if size < 1:
            raise UserError(f"a vector has at least 1 number, got a size of {size}")
        self._lengths = (shortest, longest)
        self._size = size
        found = [np.unique(ngram_hashes(text, *self._lengths)) for text in texts]
        every = np.concatenate([np.empty(0, np.uint64), *found])
        self._known, counts = np.unique(every, return_counts=True)
        self._idf = 1 + np.log((1 + len(found)) / (1 + counts))
        self._new = 1 + np.log(1 + len(found))

    def encode(self, texts: Sequence[str], /) -> Vectors32:
        vectors = np.zeros((len(texts), self._size), np.float32)
        for row, text in enumerate(texts):
            hashes = ngram_hashes(text, *self._lengths)
            ngrams, counts = np.unique(hashes, return_counts=True)
            weights = (1 + np.log(counts)) * self._rarity(ngrams)
            signed = np.where(ngrams & np.uint64(1), weights, -weights)
            places = (ngrams >> np.uint64(32)) % np.uint64(self._size)
            vector = np.bincount(places.astype(np.int64), signed, minlength=self._size)
            vectors[row] = vector / (np.sqrt(np.sum(vector**2)) or 1)
        return vectors

    def _rarity(self, ngrams: Hashes) -> npt.NDArray[np.float64]:
        """The inverse document frequency of each n-gram."""
        if not len(self._known):
            return np.full(len(ngrams), self._new)
        place = np.minimum(np.searchsorted(self._known, ngrams), len(self._known) - 1)
        return np.where(self._known[place] == ngrams, self._idf[place], self._new)


def ngram_hashes(text: str, shortest: int, longest: int) -> Hashes:
    """A 64-bit hash of every run of `shortest` to `longest` characters of the text, folded and
    with a space at each end, one for each time that it occurs."""
    text = folded(text)
    if not text:
        return np.empty(0, np.uint64)
    codes = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), "<u4")
    wide = codes.astype(np.uint64)
    return np.concatenate([_runs(wide, n) for n in range(shortest, longest + 1)])


def _runs(codes: Hashes, n: int) -> Hashes:
    """The hashes of all n codes in a row; none where there are fewer."""
    count = max(len(codes) - n + 1, 0)
    hashes = np.full(count, n, np.uint64)
    for place in range(n):
        hashes = hashes * _FACTOR + codes[place : place + count]
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _MIX[0]
    hashes = (hashes ^ (hashes >> np.uint64(27))) * _MIX[1]
    return hashes ^ (hashes >> np.uint64(31))


class Remembered:
    """An encoder that encodes a text once, however often it is asked.

    Selectors encode their pool, and queries one by one. Around a slow encoder, share one of these
    among the selectors of a pool, and call `encode` with all queries first: in batches they are
    fast. A row of D numbers is kept for every text.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._rows: dict[str, Vectors32] = {}

    def encode(self, texts: Sequence[str], /) -> Vectors32:
        new = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if new:
            self._rows.update(zip(new, self._encoder.encode(new), strict=True))
        if not texts:
            return self._encoder.encode(texts)
        return np.stack([self._rows[text] for text in texts])
