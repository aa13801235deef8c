"""`Vocabulary`: texts as numbers, known from the items: their terms, and their 8 words in a row."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from limbeck.contamination.products import Floats, Ints, Sparse, sparse
from limbeck.words import unicode_tokens

NGRAM = 8
STEM = 6
_SPACELESS = ("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
_Hashes = NDArray[np.uint64]
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def words_of(text: str) -> list[str]:
    """A text's words and symbols, in every script (`limbeck.words.unicode_tokens`)."""
    return unicode_tokens(text, symbols=True)


def terms_of(words: Iterable[str]) -> list[str]:
    """What is weighed of words: their first six characters, so that inflections of a word are one.
    In scripts that write no spaces each character, and each pair of neighbours."""
    found = []
    before = ""
    for word in words:
        if word.isascii() or not _is_spaceless(word[0]):
            found.append(word[:STEM])
            before = ""
            continue
        found.append(word)
        if before:
            found.append(before + word)
        before = word
    return found


@cache
def _is_spaceless(char: str) -> bool:
    return unicodedata.name(char, "").startswith(_SPACELESS)


class Coded(NamedTuple):
    """Texts in numbers.

    `terms`: 1 + ln(count) of every term that the items have; `rest`: the squares of the same,
    summed over the terms that they have not. `grams`: each different 8 words in a row that an item
    has, as (text, number) without values.
    """

    terms: Sparse
    rest: Floats
    grams: Sparse
    texts: Sequence[str]


class Vocabulary:
    """The terms and 8-grams of all items' texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words: dict[str, int] = {}
        self._terms: dict[str, int] = {}
        rows: list[list[int]] = []
        for text in texts:
            words = words_of(text)
            rows.append([self._words.setdefault(word, len(self._words)) for word in words])
            for term in terms_of(words):
                self._terms.setdefault(term, len(self._terms))
        hashes, _ = _grams(rows)
        self._grams = np.unique(hashes)

    @property
    def terms(self) -> int:
        """How many terms there are."""
        return len(self._terms)

    @property
    def grams(self) -> int:
        """How many different 8 words in a row there are."""
        return len(self._grams)

    def code(self, texts: Sequence[str]) -> Coded:
        rows: list[list[int]] = []
        ids: list[list[int]] = []
        values: list[list[float]] = []
        rest = np.zeros(len(texts))
        for place, text in enumerate(texts):
            words = words_of(text)
            rows.append([self._words.get(word, -1) for word in words])
            ids.append([])
            values.append([])
            for term, count in Counter(terms_of(words)).items():
                number, weight = self._terms.get(term), 1 + log(count)
                if number is None:
                    rest[place] += weight * weight
                else:
                    ids[-1].append(number)
                    values[-1].append(weight)
        return Coded(sparse(ids, values), rest, self._known(rows), texts)

    def _known(self, rows: list[list[int]]) -> Sparse:
        hashes, places = _grams(rows)
        if not len(self._grams):
            return sparse([[] for _ in rows])
        numbers = np.minimum(np.searchsorted(self._grams, hashes), len(self._grams) - 1)
        known = self._grams[numbers] == hashes
        pairs = np.unique(places[known] * len(self._grams) + numbers[known])
        counts = np.bincount(pairs // len(self._grams), minlength=len(rows))
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        ids = pairs % len(self._grams)
        return Sparse(starts, ids, np.ones(len(ids)))


def _grams(rows: list[list[int]]) -> tuple[_Hashes, Ints]:
    """64-bit hashes of all 8 words in a row of known words, and the row of each.

    Two different runs share a hash with a chance of 1 in 2^64: none in any data set there is.
    """
    ids = np.array([one for row in rows for one in row], dtype=np.int64)
    ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
    places = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    size = len(ids) - NGRAM + 1
    if size <= 0:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    hashes = np.zeros(size, dtype=np.uint64)
    known = np.arange(size) + NGRAM <= ends[places[:size]]
    for step in range(NGRAM):
        here = ids[step : step + size]
        known &= here >= 0
        hashes = (hashes + _mixed(here)) * _FACTOR
        hashes ^= hashes >> np.uint64(29)
    return hashes[known], places[:size][known]


def _mixed(ids: Ints) -> _Hashes:
    found = (ids.astype(np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed: _Hashes = found ^ (found >> np.uint64(31))
    return mixed
