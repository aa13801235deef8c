# mypy: disable-error-code="no-untyped-def, no-any-return, assignment"
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
    mask = np.uint64(len(slots) - 1)
    place = key & mask
    while slots[place] != _ZERO:
        slot = slots[place]
        if slot >> _TOP == key >> _TOP and keys[(slot & _LOW) - _ONE, band] == key:
            break
        place = (place + _ONE) & mask
    return place


@_compiled("void(uint64[::1], uint64[:, ::1], uint32[:, ::1], int64, int64)")
def fill(slots, keys, older, first, last):
    """Adds the texts from `first` up to `last`, not included."""
    for number in range(first, last):
        for band in range(keys.shape[1]):
            key = keys[number, band]
            place = _slot(slots, keys, key, band)
            older[number, band] = np.uint32(slots[place] & _LOW)
            slots[place] = (key >> _TOP) << _TOP | np.uint64(number + 1)


@njit
def _seen(hashes, table):
    """Puts a set into a table of zeros."""
    mask = np.uint64(len(table) - 1)
    for item in hashes:
        place = item & mask
        while table[place] != _ZERO:
            place = (place + _ONE) & mask
        table[place] = item


@njit
def _in_common(hashes, table, least):
    """How many hashes are in the table; -1 as soon as they cannot be `least`."""
    mask = np.uint64(len(table) - 1)
    both = 0
    for start in range(0, len(hashes), _STRIDE):
        if both + len(hashes) - start < least:
            return -1
        for k in range(start, min(start + _STRIDE, len(hashes))):
            item = hashes[k]
            place = item & mask
            while table[place] != _ZERO and table[place] != item:
                place = (place + _ONE) & mask
            both += np.int64(table[place] == item)
    return both


_READ = "Array(uint64, 1, 'C', readonly=True)"
_ENDS = "Array(int64, 1, 'C', readonly=True)"
_OUT = "Tuple((int64[::1], float64[::1], int64[::1], bool[::1]))"


@njit
def _set_of(hashes, ends, place):
    return hashes[(ends[place - 1] if place else 0) : ends[place]]


@_compiled(
    f"int64({_READ}, {_ENDS}, uint64[:, ::1], {_READ}, {_ENDS}, uint64[::1], int64[::1],"
    f" uint64[::1], uint64[:, ::1], uint32[:, ::1], uint32[::1], int64, int64, float64, {_OUT})"
)
def decide(
    hashes,
    ends,
    keys,
    old,
    old_ends,
    new,
    new_ends,
    slots,
    kept,
    older,
    asked,
    base,
    size,
    threshold,
    out,
):
    """Decides a batch; returns how many texts joined.

    `old` are the hashes of the kept sets, `size` of them; those that join are written to `new`
    and `new_ends`. `kept` (their keys), `older` and `asked` (which query looked at a text last,
    counted from `base`) have room for all.
    """
    nearest, scores, twins, refused = out
    nearest[:], scores[:], twins[:], refused[:] = -1, 0.0, 0, False
    bands = keys.shape[1]
    count = size
    filled = 0
    room = 64
    table = np.zeros(room, np.uint64)
    found = np.empty(256, np.int64)
    heads, places = np.empty(bands, np.uint64), np.empty(bands, np.uint64)
    mask = np.uint64(len(slots) - 1)
    for query in range(len(keys)):
        ours = _set_of(hashes, ends, query)
        if not len(ours):
            continue
        row = keys[query]
        for band in range(bands):  # all at once: the memory answers many while it is asked for one
            heads[band] = slots[row[band] & mask]
        for band in range(bands):
            if heads[band] == _ZERO:
                places[band] = row[band] & mask
            else:
                places[band] = _slot(slots, kept, row[band], band)
                heads[band] = slots[places[band]] & _LOW
        many = 0
        for band in range(bands):
            number = np.int64(heads[band])
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
            if room > len(table):
                table = np.zeros(room, np.uint64)
            _seen(ours, table)
        for number in found[:many]:
            if number < size:
                theirs = _set_of(old, old_ends, number)
            else:
                theirs = _set_of(new, new_ends, number - size)
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
            new[filled : filled + len(ours)] = ours
            filled += len(ours)
            new_ends[count - size] = filled
            joined, links = kept[count], older[count]
            for band in range(bands):
                key = row[band]
                joined[band], links[band] = key, np.uint32(heads[band])
                if heads[band] == _ZERO and slots[places[band]] != _ZERO:
                    places[band] = _slot(slots, kept, key, band)  # another band has taken it
                slots[places[band]] = (key >> _TOP) << _TOP | np.uint64(count + 1)
            count += 1
    return count - size
