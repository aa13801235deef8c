# mypy: disable-error-code="no-untyped-def, no-any-return"
"""Greedy decisions over a hash table of band keys: compiled by numba.

Decides what `by_numpy.decide` decides. The table has open addresses: a slot holds 32 bits of the
key and the newest text that has it, or 0; `older` leads from a text and band to the text before
it with the same key, so that a key that thousands have in common fills one slot. What is compiled
here uses nothing of another module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import config, njit

if config.DISABLE_JIT:
    raise ImportError("numba is told not to compile (NUMBA_DISABLE_JIT)")

_ZERO, _ONE, _TOP = np.uint64(0), np.uint64(1), np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_STRIDE = 32  # hashes between two looks at whether the rest can still matter
_SLACK = 1e-6  # far above the rounding of the bound, far below one shingle


def _compiled(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compiles a function at once, or reads it from the disk."""

    def made(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            return njit([signature], cache=True)(function)
        except Exception:  # no folder that can be written, a full disk: then for this process
            return njit([signature])(function)

    return made


@njit
def _slot(slots, keys, key, band):
    """The place of a key's slot, or of the empty one where it belongs."""
    mask = np.int64(len(slots) - 1)
    place = np.int64(key & np.uint64(mask))
    while slots[place] != _ZERO:
        slot = slots[place]
        if slot >> _TOP == key >> _TOP and keys[np.int64(slot & _LOW) - 1, band] == key:
            break
        place = (place + 1) & mask
    return place


@njit
def _put(slots, keys, older, number):
    """Adds a text, whose keys stand in `keys` already."""
    for band in range(keys.shape[1]):
        key = keys[number, band]
        place = _slot(slots, keys, key, band)
        older[number, band] = np.uint32(slots[place] & _LOW)
        slots[place] = (key >> _TOP) << _TOP | np.uint64(number + 1)


@_compiled("void(uint64[::1], uint64[:, ::1], uint32[:, ::1], int64, int64)")
def fill(slots, keys, older, first, last):
    """Adds the texts from `first` up to `last`, not included."""
    for number in range(first, last):
        _put(slots, keys, older, number)


@njit
def _seen(hashes, table):
    """Puts a set into a table of zeros."""
    mask = np.int64(len(table) - 1)
    for item in hashes:
        place = np.int64(item) & mask
        while table[place] != _ZERO:
            place = (place + 1) & mask
        table[place] = item


@njit
def _in_common(hashes, table, least):
    """How many hashes are in the table; -1 as soon as they cannot be `least`."""
    mask = np.int64(len(table) - 1)
    both = 0
    for start in range(0, len(hashes), _STRIDE):
        if both + len(hashes) - start < least:
            return -1
        for k in range(start, min(start + _STRIDE, len(hashes))):
            item = hashes[k]
            place = np.int64(item) & mask
            while table[place] != _ZERO and table[place] != item:
                place = (place + 1) & mask
            both += np.int64(table[place] == item)
    return both


_READ = "Array(uint64, 1, 'C', readonly=True)"
_SETS = f"Tuple(({_READ}, Array(int64, 1, 'C', readonly=True)))"
_OUT = "Tuple((int64[::1], float64[::1], int64[::1], bool[::1], int64[::1]))"


@njit
def _set_of(sets, place):
    hashes, ends = sets
    return hashes[(ends[place - 1] if place else 0) : ends[place]]


@_compiled(
    f"int64({_SETS}, uint64[:, ::1], {_SETS}, uint64[::1], uint64[:, ::1], uint32[:, ::1],"
    f" uint32[::1], int64, int64, float64, {_OUT})"
)
def decide(sets, keys, old, slots, kept_keys, older, asked, base, size, threshold, out):
    """Decides a batch; returns how many texts are kept now.

    `old` are the kept sets, `size` of them; those that join stand in the batch's. `kept_keys`,
    `older` and `asked` (which query looked at a text last, counted from `base`) have room for all.
    """
    nearest, scores, twins, refused, joined = out
    bands = keys.shape[1]
    count = size
    nearest[:], scores[:], twins[:], refused[:] = -1, 0.0, 0, False
    room = 64
    table = np.zeros(room, np.uint64)
    found = np.empty(256, np.int64)
    heads = np.empty(bands, np.int64)
    for query in range(len(keys)):
        ours = _set_of(sets, query)
        if not len(ours):
            continue
        for band in range(bands):
            slot = slots[_slot(slots, kept_keys, keys[query, band], band)]
            heads[band] = np.int64(slot & _LOW)
        many = 0
        for band in range(bands):
            number = heads[band]
            while number:
                if asked[number - 1] != base + query:
                    asked[number - 1] = base + query
                    if many == len(found):
                        found = np.concatenate((found, np.empty_like(found)))
                    found[many] = number - 1
                    many += 1
                number = np.int64(older[number - 1, band])
        best, who, near = 0.0, -1, 0
        if many:
            while room < 2 * len(ours):
                room *= 2
                table = np.zeros(room, np.uint64)
            _seen(ours, table)
        for number in found[:many]:
            if number < size:
                theirs = _set_of(old, number)
            else:
                theirs = _set_of(sets, joined[number - size])
            both = len(ours) + len(theirs)
            bound = min(best, threshold)
            least = np.int64(np.ceil(bound * both / (1 + bound) - _SLACK))
            if min(len(ours), len(theirs)) < least:
                continue
            common = _in_common(theirs, table, least)
            if common <= 0:
                continue
            score = common / (both - common)
            near += np.int64(score >= threshold)
            if score > best or (score == best and number < who):
                best, who = score, number
        if many:
            table[:] = _ZERO
        nearest[query], scores[query], twins[query] = who, best, near
        refused[query] = near > 0
        if not near:
            joined[count - size] = query
            kept_keys[count] = keys[query]
            _put(slots, kept_keys, older, count)
            count += 1
    return count
