# mypy: disable-error-code="no-untyped-def, no-any-return, assignment"
"""Hashed shingles, their minima under permutations: compiled by numba.

Computes what `by_numpy` computes, to the bit. numba keeps the machine code on disk, and knows it
for stale by the date of this file: what is compiled here uses nothing of another module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import config, njit

if config.DISABLE_JIT:
    raise ImportError("numba is told not to compile (NUMBA_DISABLE_JIT)")

_ZERO, _ONE = np.uint64(0), np.uint64(1)
_S33 = np.uint64(33)
_M1, _M2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_LENGTH = np.uint64(0xA0761D6478BD642F)
_F1, _F2 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)
_S16, _S13 = np.uint32(16), np.uint32(13)
_MOST32 = np.uint32(0xFFFFFFFF)
_SPACE, _ALONE = np.uint8(1), np.uint8(2)
_SPARSE = 4  # slots for an item
_BLOCK = 1024  # shingles: their mixed hashes stay in the first cache


def compiled(*signatures: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compiles a function at once, or reads it from the disk."""

    def made(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            return njit([*signatures], cache=True)(function)
        except Exception:  # no folder that can be written, a full disk: then for this process
            return njit([*signatures])(function)

    return made


@njit
def _fmix64(x):
    """MurmurHash3's finaliser (Appleby): a bijection."""
    x ^= x >> _S33
    x *= _M1
    x ^= x >> _S33
    x *= _M2
    return x ^ (x >> _S33)


@njit
def _flush(sums, places, count, inverse, words, found):
    """The words between the borders (start, end, start, end, ...) that were met."""
    out = words[found:]
    for k in range(count // 2):
        start = np.uint64(2 * k)
        out[k] = (sums[start + _ONE] - sums[start]) * inverse[places[start]]
    return found + count // 2


@njit
def _plain_run(text, sums, places, values, powers):
    """Reads ASCII. The loop has no branch: borders are written always, and counted where there is
    one. What counts is unsigned, since numba looks at the sign of an index otherwise."""
    total, inside, count = _ZERO, False, _ZERO
    for k in range(len(text)):
        value = values[text[k]]
        now = value != _ZERO
        sums[count] = total
        places[count] = k
        count += np.uint64(now != inside)
        inside = now
        total += value * powers[k]
    return total, inside, np.int64(count)


@njit
def _wide_run(data, i, stop, sums, places, tables):
    """Reads UTF-8 until `stop` is reached; returns where it stopped too."""
    values, powers, _, kinds = tables
    total, inside, count = _ZERO, False, 0
    base = i
    while i < stop:
        byte = np.int64(data[i])
        size, kind = 1, _SPACE if values[byte] == _ZERO else np.uint8(0)
        if byte >= 0x80:
            if byte < 0xE0:
                size, code = 2, (byte & 0x1F) << 6 | (np.int64(data[i + 1]) & 0x3F)
            else:
                code = (np.int64(data[i + 1]) & 0x3F) << 6 | (np.int64(data[i + 2]) & 0x3F)
                if byte < 0xF0:
                    size, code = 3, code | (byte & 0x0F) << 12
                else:
                    size = 4
                    code = (byte & 0x07) << 18 | code << 6 | (np.int64(data[i + 3]) & 0x3F)
            kind = kinds[code]
        now = kind != _SPACE
        if (kind == _ALONE and inside) or now != inside:
            sums[count], places[count] = total, i - base
            count += 1
            if kind == _ALONE and inside:
                sums[count], places[count] = total, i - base
                count += 1
        if now:
            for k in range(i, i + size):
                total += values[data[k]] * powers[k - base]
        inside = now
        i += size
        if kind == _ALONE:
            sums[count], places[count] = total, i - base
            count += 1
            inside = False
    return i, total, inside, count


@njit
def _long_word(data, i, end, base, total, count, sums, places, tables):
    """Reads on to the end of a word that reaches beyond the powers at hand."""
    values, powers, inverse, kinds = tables
    start = places[count - 1]
    word = (total - sums[count - 1]) * inverse[start]
    power = powers[i - base - start - 1] * powers[1]
    while i < end:
        byte = np.int64(data[i])
        if values[byte] == _ZERO:
            break
        if byte >= 0xC2:
            code = (byte & 0x1F) << 6 | (np.int64(data[i + 1]) & 0x3F)
            if byte >= 0xE0:
                code = (code & 0x3FF) << 6 | (np.int64(data[i + 2]) & 0x3F)
            if byte >= 0xF0:
                code = (code & 0x7FFF) << 6 | (np.int64(data[i + 3]) & 0x3F)
            if kinds[code] != 0:
                break
        word += values[byte] * power
        power *= powers[1]
        i += 1
    sums[count - 1], places[count - 1] = _ZERO, 0
    sums[count] = word
    return i, count + 1


@njit
def _words(data, i, end, plain, tables, border, words):
    """Hashes the words of a text; returns their number."""
    sums, places = border
    limit = len(tables[1]) - 4
    found = 0
    while i < end:
        base, stop = i, min(end, i + limit)
        if plain:
            total, inside, count = _plain_run(data[i:stop], sums, places, tables[0], tables[1])
            i = stop
        else:
            i, total, inside, count = _wide_run(data, i, stop, sums, places, tables)
        if inside:
            i, count = _long_word(data, i, end, base, total, count, sums, places, tables)
        found = _flush(sums, places, count, tables[2], words, found)
    for k in range(found):
        words[k] = _fmix64(words[k])
    return found


@njit
def _distinct(items, slots, spare, out, end):
    """Appends each item once to `out`, in any order; returns the new end.

    Each item goes to a slot; the first of a slot is new, another one of a slot is a repeat of it,
    or else is left over for another round with other bits. There are no branches to guess wrong.
    """
    shift, turn = _ZERO, 0
    end = np.uint64(end)
    count = len(items)
    while count:
        mask = np.uint64(63)
        while mask < np.uint64(_SPARSE * count):
            mask = mask * np.uint64(2) + _ONE
        for k in range(count):
            last = np.uint64(count - 1 - k)
            slots[(items[last] >> shift) & mask] = last
        rest = spare[turn]
        left = _ZERO
        for k in range(count):
            item = items[k]
            first = np.uint64(slots[(item >> shift) & mask])
            own = first == np.uint64(k)
            out[end] = item
            end += np.uint64(own)
            rest[left] = item
            left += np.uint64((not own) & (items[first] != item))
        items, count = rest, np.int64(left)
        shift = (shift + np.uint64(13)) & np.uint64(31)
        turn = 1 - turn
    return np.int64(end)


_DATA = "Array(uint8, 1, 'C', readonly=True), int64[::1], bool"
_TABLES = "Tuple((uint64[::1], uint64[::1], uint64[::1], uint8[::1]))"


@compiled(f"int64({_DATA}, uint64[::1], {_TABLES}, uint64[::1], int64[::1])")
def shingle(data, ends, plain, steps, tables, out, out_ends):
    """Writes the sets of texts to `out`, which has room for as many hashes as bytes, and where
    each ends; returns the number of hashes. `steps` are the powers of Q up to the shingle's
    words."""
    n = len(steps)
    longest = 0
    first = 0
    for end in ends:
        longest = max(longest, end - first)
        first = end + 1
    room = longest // 2 + 2
    words, hashes = np.empty(room, np.uint64), np.empty(room, np.uint64)
    border = np.empty(len(tables[1]) + 8, np.uint64), np.empty(len(tables[1]) + 8, np.int64)
    width = 64
    while width <= _SPARSE * room:
        width *= 2
    slots, spare = np.empty(width, np.int32), (np.empty(room, np.uint64), np.empty(room, np.uint64))
    first = 0
    filled = 0
    for text in range(len(ends)):
        count = _words(data, first, ends[text], plain, tables, border, words)
        first = ends[text] + 1
        span = min(n, count)
        many = count - span + 1 if count else 0
        for k in range(many):
            hashes[k] = _LENGTH * np.uint64(span)
        for j in range(span):
            step, later = steps[j], words[j:]
            for k in range(many):
                hashes[k] += later[k] * step
        for k in range(many):
            hashes[k] = _fmix64(hashes[k])
        for k in range(many):
            hashes[k] = max(hashes[k], _ONE)
        filled = _distinct(hashes[:many], slots, spare, out, filled)
        out_ends[text] = filled
    return filled


@njit
def _fmix32(x):
    """MurmurHash3's finaliser for 32 bits. What is not cast widens to 64 bits in numba."""
    x = np.uint32((x ^ (x >> _S16)) * _F1)
    x = np.uint32((x ^ (x >> _S13)) * _F2)
    return np.uint32(x ^ (x >> _S16))


@njit
def _least(x, count, a, b, row):
    """Eight hashes at a time, so that the minima are read and written an eighth as often."""
    for k in range(0, count - 7, 8):
        x0, x1, x2, x3 = x[k], x[k + 1], x[k + 2], x[k + 3]
        x4, x5, x6, x7 = x[k + 4], x[k + 5], x[k + 6], x[k + 7]
        for lane in range(len(a)):
            p, q = a[lane], b[lane]
            one = min(np.uint32(x0 * p + q), np.uint32(x1 * p + q))
            two = min(np.uint32(x2 * p + q), np.uint32(x3 * p + q))
            three = min(np.uint32(x4 * p + q), np.uint32(x5 * p + q))
            four = min(np.uint32(x6 * p + q), np.uint32(x7 * p + q))
            row[lane] = min(row[lane], min(min(one, two), min(three, four)))
    for k in range(count - count % 8, count):
        for lane in range(len(a)):
            row[lane] = min(row[lane], np.uint32(x[k] * a[lane] + b[lane]))


@compiled("void(uint64[::1], int64[::1], uint32[::1], uint32[::1], uint32[:, ::1])")
def minima(hashes, ends, a, b, out):
    """`Engine.signatures`."""
    mixed = np.empty(_BLOCK, np.uint32)
    out[:] = _MOST32
    first = 0
    for text in range(len(ends)):
        row = out[text]
        for start in range(first, ends[text], _BLOCK):
            count = min(_BLOCK, ends[text] - start)
            part = hashes[start : start + count]
            for k in range(count):
                mixed[k] = _fmix32(np.uint32(part[k]))
            _least(mixed, count, a, b, row)
        first = ends[text]


@compiled("void(uint32[:, ::1], uint64[::1], int64, uint64[:, ::1])")
def band_keys(signatures, steps, rows, out):
    """`bands.band_keys`; `steps` are the powers of P from the first on."""
    for text in range(len(signatures)):
        for band in range(out.shape[1]):
            values = signatures[text, band * rows :]
            key = np.uint64(band) * _LENGTH
            for row in range(rows):
                key += (np.uint64(values[row]) + _ONE) * steps[row]
            out[text, band] = _fmix64(key)
