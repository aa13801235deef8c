"""Digests of texts as rows of two numbers, and how equal ones are grouped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
"""[rows, 2]: 128 bits each."""
Places = NDArray[np.int64]
_SIZE = 16
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def digest(texts: Iterable[str]) -> bytes:
    """16 bytes of some texts, none of which runs into the next."""
    whole = "\x00".join(texts)
    return hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest()


def keys_of(digests: Iterable[bytes]) -> Keys:
    return np.frombuffer(b"".join(digests), dtype="<u8").reshape(-1, 2)


def firsts(keys: Keys) -> Places:
    """For every row the place of the first row with the same key."""
    order, starts = _sorted(keys)
    found = np.empty(len(keys), dtype=np.int64)
    found[order] = np.repeat(order[starts], np.diff(np.append(starts, len(keys))))
    return found


def groups(firsts: Places) -> Iterator[Places]:
    """The places of every group of two and more, in order; the groups by their first place."""
    order = np.argsort(firsts, kind="stable")
    cuts = np.flatnonzero(np.diff(firsts[order])) + 1
    for group in np.split(order, cuts):
        if len(group) > 1:
            yield group


def drawn(keys: Keys, most: int, seed: int = 0) -> Places:
    """All places, or `most` of them in order: those whose key, seed and count of equal keys before
    have the smallest hashes. What is drawn does not depend on the order of the rows, but for which
    of equal ones they are."""
    if len(keys) <= most:
        return np.arange(len(keys))
    order, starts = _sorted(keys)
    sizes = np.diff(np.append(starts, len(keys)))
    again = np.empty(len(keys), dtype=np.uint64)
    again[order] = np.arange(len(keys)) - np.repeat(starts, sizes)
    mixed = _mixed(keys[:, 0] ^ _mixed(again + np.uint64(seed % 2**32 + 1) * _GOLDEN))
    chosen = np.lexsort((keys[:, 1], mixed))[:most]
    chosen.sort()
    return chosen


def _sorted(keys: Keys) -> tuple[Places, Places]:
    """The places in the order of their keys (equal ones as they come), and where each begins."""
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    ordered = keys[order]
    new = np.ones(len(keys), dtype=np.bool_)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return order, np.flatnonzero(new)


def _mixed(values: Keys) -> Keys:
    """SplitMix64's finaliser (Steele, Lea and Flood 2014): every bit depends on all."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
