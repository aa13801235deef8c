"""Near duplicates with numpy alone."""

from __future__ import annotations

import numpy as np

from limbeck.filters.minhash.letters import (
    ALONE,
    I64,
    LENGTH,
    SPACE,
    U8,
    U32,
    U64,
    Q,
    chunk_powers,
    kinds,
    powers,
    values,
)
from limbeck.filters.minhash.kept import Kept
from limbeck.filters.minhash.shingles import Shingles
from limbeck.filters.minhash.sorted_keys import SortedKeys
from limbeck.filters.minhash.verify import Decisions, jaccards

PORTION = 1 << 22
_AT_HAND = 1 << 19
_BLOCK = 1 << 12  # shingles whose values under a permutation stay in the cache
_TOP = np.uint64(0xFFFFFFFFFFFFFFFF)


def shingles(data: U8, ends: I64, ascii: bool, n: int) -> Shingles:
    found, word_ends = _words(data, ends, ascii)
    counts = np.diff(word_ends, prepend=0)
    spans = np.minimum(counts, n)
    many = np.where(counts > 0, counts - spans + 1, 0)
    owner = np.repeat(np.arange(len(ends)), many)
    stops = np.cumsum(many)
    first = np.repeat((word_ends - counts) - (stops - many), many) + np.arange(len(owner))
    span = spans[owner]
    hashes = span.astype(np.uint64) * np.uint64(LENGTH)
    steps = powers(n, Q)
    for j in range(n):
        if int(span.min(initial=n)) > j:
            hashes += found[first + j] * steps[j]
        else:
            long = np.flatnonzero(span > j)
            hashes[long] += found[first[long] + j] * steps[j]
    return _sets(np.maximum(_fmix64(hashes), np.uint64(1)), many)


def _words(data: U8, ends: I64, ascii: bool) -> tuple[U64, I64]:
    """The hashed words of texts end to end, and where each text's end."""
    weights = values()[data]
    letter = weights != 0
    if ascii:
        begins = letter.copy()
        begins[1:] &= ~letter[:-1]
        closes = letter.copy()
        closes[:-1] &= ~letter[1:]
    else:
        leads = (data & 0xC0) != 0x80
        codes = np.frombuffer(
            data.tobytes().decode("utf-8", "surrogatepass").encode("utf-32-le", "surrogatepass"),
            np.uint32,
        )
        kind = kinds()[codes][np.cumsum(leads) - 1]
        letter = kind != SPACE
        weights[~letter] = 0
        alone = kind == ALONE
        begins = letter & leads
        begins[1:] &= ~letter[:-1] | alone[1:] | alone[:-1]
        closes = letter.copy()
        closes[:-1] &= ~letter[1:] | begins[1:]
    up, down = chunk_powers(_AT_HAND)
    if len(data) > _AT_HAND:
        up, down = chunk_powers.__wrapped__(len(data))
    first, last = np.flatnonzero(begins), np.flatnonzero(closes)
    sums = np.cumsum(weights * up[: len(data)], dtype=np.uint64)
    hashes = (sums[last] - sums[first] + weights[first] * up[first]) * down[first]
    return _fmix64(hashes), np.searchsorted(first, ends)


def _fmix64(x: U64) -> U64:
    """MurmurHash3's finaliser (Appleby): a bijection."""
    x = (x ^ x >> np.uint64(33)) * np.uint64(0xFF51AFD7ED558CCD)
    x = (x ^ x >> np.uint64(33)) * np.uint64(0xC4CEB9FE1A85EC53)
    return x ^ x >> np.uint64(33)


def _sets(hashes: U64, counts: I64) -> Shingles:
    """Each text's hashes once. Texts of about equal length are sorted together, as rows."""
    starts = np.cumsum(counts) - counts
    kept = np.zeros(len(hashes), bool)
    sizes = np.zeros(len(counts), np.int64)
    classes = np.where(counts > 0, np.ceil(np.log2(np.maximum(counts, 1)) * 2), -1)
    for size in np.unique(classes[counts > 0]):
        texts = np.flatnonzero(classes == size)
        width = int(counts[texts].max())
        inside = np.arange(width) < counts[texts][:, None]
        places = (starts[texts][:, None] + np.arange(width))[inside]
        rows = np.full((len(texts), width), _TOP)
        rows[inside] = hashes[places]
        rows.sort(axis=1)
        new = inside.copy()
        new[:, 1:] &= rows[:, 1:] != rows[:, :-1]
        hashes[places] = rows[inside]
        kept[places] = new[inside]
        sizes[texts] = new.sum(axis=1)
    return Shingles(hashes[kept], np.cumsum(sizes))


def signatures(sets: Shingles, a: U32, b: U32) -> U32:
    x = sets.hashes.astype(np.uint32)
    x = (x ^ x >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    x = (x ^ x >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    out = np.full((len(a), len(sets)), 0xFFFFFFFF, np.uint32)
    some = np.flatnonzero(sets.sizes > 0)
    starts = sets.starts[some]
    cuts = np.searchsorted(starts, np.arange(_BLOCK, len(x), _BLOCK))
    for texts in np.split(np.arange(len(some)), np.unique(cuts)):
        if not len(texts):
            continue
        first, last = int(starts[texts[0]]), int(sets.ends[some[texts[-1]]])
        block = x[first:last]
        room = np.empty_like(block)
        offsets = starts[texts] - first
        for k in range(len(a)):
            np.multiply(block, a[k], out=room)
            room += b[k]
            out[k, some[texts]] = np.minimum.reduceat(room, offsets)
    return np.ascontiguousarray(out.T)


def decide(sets: Shingles, keys: U64, kept: Kept) -> Decisions:
    finder = kept.finder
    if not isinstance(finder, SortedKeys):
        kept.finder = finder = SortedKeys()
    if finder.count < len(kept):
        finder.extend(kept.keys[finder.count :])
    rows = np.flatnonzero(sets.sizes > 0)
    asked, numbers = finder.pairs(keys[rows])
    asked = rows[asked]
    same = (kept.keys[numbers] == keys[asked]).any(axis=1)
    asked, numbers = asked[same], numbers[same]
    made = _Deciding(sets, keys, kept, rows)
    cuts = np.searchsorted(asked, np.arange(len(sets) + 1)).tolist()
    for row in rows[(np.diff(cuts)[rows] > 0) | made.shared[rows]].tolist():
        made.settle(row, numbers[cuts[row] : cuts[row + 1]].tolist())
    made.stay[rows] = ~made.decisions.refused[rows]
    stay = np.flatnonzero(made.stay)
    kept.extend(sets.taken(stay), keys[stay])
    # Those of this batch were named by row; now they have numbers.
    nearest = made.decisions.nearest
    named = nearest < -1
    nearest[named] = np.searchsorted(stay, -2 - nearest[named]) + len(kept) - len(stay)
    return made.decisions


class _Deciding:
    """One batch: the decisions so far, and the rows that stay by their keys.

    `nearest` names a row of the batch as -2 - row until all numbers are known.
    """

    def __init__(self, sets: Shingles, keys: U64, kept: Kept, rows: I64) -> None:
        self._sets, self._keys, self._kept = sets, keys, kept
        self._old = kept.sets
        size = len(sets)
        self.stay = np.zeros(size, np.bool_)
        self.decisions = Decisions(
            np.full(size, -1, np.int64),
            np.zeros(size),
            np.zeros(size, np.int64),
            np.zeros(size, np.bool_),
        )
        flat = np.sort(keys[rows].ravel())
        again = np.unique(flat[1:][flat[1:] == flat[:-1]])
        # Only keys that come more than once in the batch can bring two of its rows together.
        self._again = np.isin(keys, again)
        self.shared = self._again.any(axis=1)
        self._staying: dict[int, list[int]] = {}

    def settle(self, row: int, numbers: list[int]) -> None:
        own = self._keys[row][self._again[row]].tolist()
        peers = sorted({peer for key in own for peer in self._staying.get(key, ())})
        refused = False
        if numbers or peers:
            others = [self._old[number] for number in numbers]
            others += [self._sets[peer] for peer in peers]
            found = jaccards(self._sets[row], others)
            best = int(np.argmax(found))  # the first of equal ones
            decisions, score = self.decisions, float(found[best])
            refused = score >= self._kept.threshold
            if score > 0:
                name = numbers[best] if best < len(numbers) else -2 - peers[best - len(numbers)]
                decisions.nearest[row], decisions.jaccard[row] = name, score
                decisions.twins[row] = np.count_nonzero(found >= self._kept.threshold)
                decisions.refused[row] = refused
        if not refused:
            for key in own:
                self._staying.setdefault(key, []).append(row)
