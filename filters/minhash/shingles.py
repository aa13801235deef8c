"""Texts as sets of hashed word shingles.

Words are those of `words`: NFC, lower case, parted at white space; in scripts that write no
spaces every character is one. A shingle is `n` words in a row; a text of fewer words is one shingle of
them all, and a text without words has none. Two different shingles have the same 64 bits with
probability 2**-64 or little more: among ten million texts of 200 shingles that are each compared
with ten others, one false match is expected in some 5 million such runs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from limbeck.filters.minhash import engine
from limbeck.filters.minhash.letters import I64, NO_SPACES, U8, U64

_CHUNK = 1 << 18  # bytes: what is computed for them fits the cache
_ALONE = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in NO_SPACES) + "]")


@dataclass(frozen=True, slots=True)
class Shingles:
    """The sets of many texts end to end: `hashes` (uint64), and where each set ends.

    Within a set every hash stands once, in any order. No hash is 0.
    """

    hashes: U64
    ends: I64

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, place: int) -> U64:
        return self.hashes[int(self.ends[place - 1]) if place else 0 : int(self.ends[place])]

    @property
    def starts(self) -> I64:
        starts = np.zeros_like(self.ends)
        starts[1:] = self.ends[:-1]
        return starts

    @property
    def sizes(self) -> I64:
        return np.diff(self.ends, prepend=0)

    @classmethod
    def joined(cls, parts: Sequence[Shingles]) -> Shingles:
        if len(parts) == 1:
            return parts[0]
        bases = accumulate((len(part.hashes) for part in parts), initial=0)
        ends = [part.ends + base for part, base in zip(parts, bases, strict=False)]
        if not parts:
            return cls(np.empty(0, np.uint64), np.empty(0, np.int64))
        return cls(np.concatenate([part.hashes for part in parts]), np.concatenate(ends))

    def taken(self, places: I64) -> Shingles:
        """Some of the sets, in the order of `places`."""
        sizes = self.sizes[places]
        ends = np.cumsum(sizes)
        index = np.repeat(self.starts[places] - (ends - sizes), sizes) + np.arange(int(sizes.sum()))
        return Shingles(self.hashes[index], ends)


def words(text: str) -> list[str]:
    """The words of a text, in plain Python: what the hashed shingles are made of.

    Lower case and not case-folded, as other near-duplicate tools have it: "Straße" and "STRASSE"
    are two words, which costs a pair of texts one word.
    """
    text = unicodedata.normalize("NFC", text).lower()
    return _ALONE.sub(r" \g<0> ", text).split()


def word_shingles(text: str, n: int = 5) -> set[tuple[str, ...]]:
    """The set of a text's shingles as words; `shingles` has their hashes."""
    found = words(text)
    if not found:
        return set()
    return {tuple(found[start : start + n]) for start in range(max(len(found) - n + 1, 1))}


def shingles(texts: Sequence[str], n: int = 5) -> Shingles:
    """The sets of hashed shingles of texts. Lone surrogates and NUL are letters like others."""
    kernel = engine.chosen(len(texts))
    return Shingles.joined([kernel.shingles(*encoded(part), n) for part in portions(texts, _CHUNK)])


def portions(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The texts in pieces of about `size` characters."""
    first, count = 0, 0
    for place, text in enumerate(texts):
        count += len(text)
        if count >= size:
            yield texts[first : place + 1]
            first, count = place + 1, 0
    if first < len(texts):
        yield texts[first:]


def encoded(texts: Sequence[str]) -> tuple[U8, I64, bool]:
    """The texts as UTF-8, each with a space behind it; where each ends; whether all is ASCII.

    What is not ASCII is put into NFC and lower case here; ASCII letters get it from their values.
    """
    parts = [text.encode() if text.isascii() else _plain(text) for text in texts]
    data = b" ".join([*parts, b""])
    ends = np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)) + 1) - 1
    return np.frombuffer(data, np.uint8), ends, data.isascii()


def _plain(text: str) -> bytes:
    return unicodedata.normalize("NFC", text).lower().encode("utf-8", "surrogatepass")
