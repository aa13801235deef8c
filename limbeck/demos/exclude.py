"""Which demos are the query itself, or nearly: told by their texts, never by a rank.

Dropping the first hit of a search in the hope that it is the query fails as soon as the pool has
the query twice, or not at all.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from limbeck.demos.row import Demo
from limbeck.errors import UserError
from limbeck.text import folded
from limbeck.words import is_symbol, unicode_tokens

THRESHOLD = 0.8
_WIDTH = 3
_SLACK = 1e-9  # above the rounding of the bounds here; they may let a pair more through

_Shingles = npt.NDArray[np.int64]


class Near(NamedTuple):
    """A demo that is like the query: its id, how similar, and whether the texts are equal."""

    id: str
    similarity: float
    equal: bool

    @property
    def why(self) -> str:
        """In words, for `explain`."""
        return "the same text" if self.equal else f"near duplicate ({self.similarity:.2f})"


class NearTexts:
    """The inputs of a pool, indexed for the question which of them are a text, or nearly.

    Equal: after NFKC, case folding, and without punctuation, the texts are one (where nothing is
    left, with it). Near: their resemblance is at least `threshold`, from above 0 up to 1.

    The resemblance (Broder 1997) is the share of shingles that two texts have in common, of all
    that either has; one that occurs twice counts twice. A shingle is three characters in a row of
    the text's words with single spaces between and around them, where a Chinese character, a
    kana, a letter of Thai, or a symbol is a word of its own (`unicode_tokens`). Characters, since
    word sets are too coarse for short texts: a typing error in a question of four words leaves a
    resemblance of 3/5 by words. Words within, since three characters say more in Chinese than in
    English: so a Chinese character makes a shingle alone, and one with each of its neighbours. One
    word changed in a text of n leaves about (6n - 8) / (6n + 6) in English, which is 0.8 from 11
    words on; one character changed in a Chinese text of n leaves (n - 2) / (n + 1) or more, which
    is 0.8 from 14 on. Shorter texts are near by smaller changes only.

    Exact, no hashing of sets: two texts above the threshold share one of the rarest shingles of
    either (prefix filter, Chaudhuri et al. 2006), so few are compared. Raises UserError for a
    threshold out of range.
    """

    def __init__(self, pool: Iterable[Demo], threshold: float = THRESHOLD) -> None:
        if not 0 < threshold <= 1:
            raise UserError(f"the threshold of near texts is above 0, up to 1, got {threshold}")
        self._threshold = threshold
        self._ids: list[str] = []
        self._equal: dict[str, list[int]] = {}
        self._numbers: dict[str, int] = {}
        self._shingles: list[_Shingles] = []
        for place, demo in enumerate(pool):
            self._ids.append(demo.id)
            self._equal.setdefault(plain(demo.input), []).append(place)
            numbers = [
                self._numbers.setdefault(shingle, len(self._numbers))
                for shingle in shingles(demo.input)
            ]
            self._shingles.append(np.array(numbers, np.int64))
        self._lengths = np.array([len(found) for found in self._shingles], np.int64)
        self._rank = self._rarity()
        self._early: dict[int, list[int]] = {}
        for place, found in enumerate(self._shingles):
            by_rarity = found[np.argsort(self._rank[found])]
            for shingle in by_rarity[: self._prefix(len(found))].tolist():
                self._early.setdefault(shingle, []).append(place)
        self._is_shared = np.zeros(len(self._numbers), bool)

    def of(self, query: str) -> frozenset[str]:
        """The ids of the demos whose input is the query, or nearly."""
        return frozenset(near.id for near in self.found(query))

    def found(self, query: str) -> tuple[Near, ...]:
        """The same, each with its similarity, in the pool's order."""
        equal = dict.fromkeys(self._equal.get(plain(query), ()), 1.0)
        near = dict(equal)
        for place, similarity in self._resembling(query):
            near.setdefault(place, similarity)
        return tuple(Near(self._ids[place], near[place], place in equal) for place in sorted(near))

    def _resembling(self, query: str) -> list[tuple[int, float]]:
        wanted = shingles(query)
        known = [self._numbers[shingle] for shingle in wanted if shingle in self._numbers]
        # Shingles that the pool does not have are the rarest of all, and lead nowhere.
        early = max(self._prefix(len(wanted)) - (len(wanted) - len(known)), 0)
        places = dict.fromkeys(
            place
            for shingle in sorted(known, key=self._rank.__getitem__)[:early]
            for place in self._early.get(shingle, ())
        )
        found = []
        self._is_shared[known] = True
        for place in places:
            length = int(self._lengths[place])
            shorter, longer = sorted((length, len(wanted)))
            if shorter < self._threshold * longer - _SLACK:
                continue
            shared = int(np.count_nonzero(self._is_shared[self._shingles[place]]))
            similarity = shared / (length + len(wanted) - shared)
            if similarity >= self._threshold:
                found.append((place, similarity))
        self._is_shared[known] = False
        return found

    def _prefix(self, length: int) -> int:
        """How many of a text's rarest shingles another one above the threshold shares one of:
        it shares threshold * length of them at least."""
        return length - math.ceil(self._threshold * length - _SLACK) + 1 if length else 0

    def _rarity(self) -> npt.NDArray[np.int64]:
        """The rank of each shingle, 0 for the rarest."""
        every = np.concatenate([np.empty(0, np.int64), *self._shingles])
        counts = np.bincount(every, minlength=len(self._numbers))
        ranks = np.empty(len(counts), np.int64)
        ranks[np.argsort(counts, kind="stable")] = np.arange(len(counts))
        return ranks


def same_text(query: str, pool: Sequence[Demo], threshold: float = THRESHOLD) -> frozenset[str]:
    """The ids of the demos whose input is the query, or nearly, as `NearTexts` tells; which is
    the one to keep for more than one query."""
    return NearTexts(pool, threshold).of(query)


def plain(text: str) -> str:
    """A text as `folded`, without punctuation; with it where nothing else is there."""
    text = folded(text)
    bare = "".join(char for char in text if not _is_punctuation(char))
    return " ".join(bare.split()) or text


def _is_punctuation(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] == "P" or (category == "Sk" and not is_symbol(char))


def shingles(text: str) -> list[str]:
    """The shingles of a text, as `NearTexts` says; the second and later ones of a kind are marked
    as such, so that all are different. None for a text without a word or a symbol."""
    words = " ".join(unicode_tokens(text, symbols=True))
    spaced = f" {words} " if words else ""
    seen: Counter[str] = Counter()
    found = []
    for start in range(len(spaced) - _WIDTH + 1):
        shingle = spaced[start : start + _WIDTH]
        found.append(f"{shingle}{seen[shingle] or ''}")
        seen[shingle] += 1
    return found
