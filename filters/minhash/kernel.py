# mypy: disable-error-code="no-untyped-def, no-any-return"
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
    for k in range(count // 2):
        words[found + k] = (sums[2 * k + 1] - sums[2 * k]) * inverse[places[2 * k]]
    return found + count // 2


@njit
def _plain_run(data, i, stop, base, state, sums, places, tables):
    """Reads ASCII up to `stop`. The loop has no branch: borders are written always, and counted
    where there is one."""
    values, powers = tables[0], tables[1]
    total, inside, count = state
    for k in range(i, stop):
        value = values[data[k]]
        now = value != _ZERO
        sums[count] = total
        places[count] = k - base
        count += np.int64(now != inside)
        inside = now
        total += value * powers[k - base]
    return total, inside, count


@njit
def _wide_run(data, i, stop, base, state, sums, places, tables):
    """Reads UTF-8 until `stop` is reached; returns where it stopped too."""
    values, powers, _, kinds = tables
    total, inside, count = state
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
def _long_word(data, i, end, base, state, sums, places, tables, plain):
    """Reads on to the end of a word that reaches beyond the powers at hand."""
    values, powers, inverse, kinds = tables
    total, _, count = state
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
        base, state = i, (_ZERO, False, 0)
        stop = min(end, base + limit)
        if plain:
            state = _plain_run(data, i, stop, base, state, sums, places, tables)
            i = stop
        else:
            i, total, inside, count = _wide_run(data, i, stop, base, state, sums, places, tables)
            state = total, inside, count
        total, inside, count = state
        if inside:
            i, count = _long_word(data, i, end, base, state, sums, places, tables, plain)
        found = _flush(sums, places, count, tables[2], words, found)
    for k in range(found):
        words[k] = _fmix64(words[k])
    return found


@njit
def _distinct(hashes, count, seen, out, first):
    """Appends each hash once to `out`, in order; returns the new end. `seen` is a table of zeros
    of a power of two, and is left so."""
    mask = np.int64(len(seen) - 1)
    end = first
    for k in range(count):
        item = hashes[k]
        place = np.int64(item) & mask
        while seen[place] != _ZERO and seen[place] != item:
            place = (place + 1) & mask
        if seen[place] == _ZERO:
            seen[place] = item
            out[end] = item
            end += 1
    return end


_TABLES = "Tuple((uint64[::1], uint64[::1], uint64[::1], uint8[::1]))"


@compiled(
    f"int64(Array(uint8, 1, 'C', readonly=True), int64[::1], bool, uint64[::1], {_TABLES}, uint64[::1], int64[::1])"
)
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
    while width < 2 * room:
        width *= 2
    seen = np.zeros(width, np.uint64)
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
            for k in range(many):
                hashes[k] += words[k + j] * steps[j]
        for k in range(many):
            hashes[k] = _fmix64(hashes[k])
        for k in range(many):
            hashes[k] = max(hashes[k], _ONE)
        width = 64
        while width < 2 * many:
            width *= 2
        table = seen[:width]
        filled = _distinct(hashes, many, table, out, filled)
        table[:] = _ZERO
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
            for k in range(count):
                mixed[k] = _fmix32(np.uint32(hashes[start + k]))
            _least(mixed, count, a, b, row)
        first = ends[text]
