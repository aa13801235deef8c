# mypy: disable-error-code="no-untyped-def, no-any-return"
"""The nearest text of a pool above a threshold, and greedy decisions: compiled by numba.

Decides what `rouge_search` decides, to the bit. numba keeps the machine code on disk, and knows
it for stale by the date of this file: what is compiled here uses nothing of another module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import config, njit, types
from numba.extending import intrinsic

from limbeck.filters.bags import Bags
from limbeck.filters.rouge_search import Hit
from limbeck.filters.text_index import TextIndex

if config.DISABLE_JIT:
    raise ImportError("numba is told not to compile (NUMBA_DISABLE_JIT)")

BLOCK = 1024  # texts decided together

_LONG = (1 << 16) - 1  # the greatest reach, which is no bound
_PORTION = 512  # postings looked at in one go
_NONE, _ONE, _ALL = np.uint64(0), np.uint64(1), np.uint64(0xFFFFFFFFFFFFFFFF)

_BAGS = "Tuple((uint32[::1], int64[::1], int32[::1], uint64[::1], uint64[::1]))"
_RANGES = "Tuple((int64[::1], int64[::1], int64[::1]))"
_POSTINGS = "Tuple((uint32[::1], uint16[::1], int64, uint32[::1]))"
_SCRATCH = "Tuple((uint64[::1], uint8[::1]))"
_NEAREST = "Tuple((float64[::1], int64[::1]))"


def settle(query: Bags, pool: TextIndex) -> list[Hit | None]:
    """What `rouge_search.settle` returns."""
    best, who = np.full(len(query), pool.threshold), np.full(len(query), -1, np.int64)
    masks = np.zeros(max(pool.words, int(query.tokens.max(initial=0)) + 1), np.uint64)
    carries = np.zeros(max(pool.longest, int(query.lengths.max(initial=0))), np.uint8)
    common = (_arrays(query), _arrays(pool.bags), pool.share, (masks, carries), (best, who))
    for segment, early in pool.prefixes(query):
        found = segment.ranges(early)
        ranges = (found.owner, found.first, found.last)
        postings = (segment.items, segment.reach, segment.base, np.zeros(segment.size, np.uint32))
        _search(ranges, postings, *common)
    _decide(pool.indexed, *common)
    return [
        None if item < 0 else (item, score)
        for item, score in zip(who.tolist(), best.tolist(), strict=True)
    ]


def _arrays(bags: Bags) -> tuple[Any, ...]:
    return bags.tokens, bags.ends, bags.lengths, bags.low, bags.high


def _compiled(signature: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Compiles a function at once, or reads it from the disk."""

    def compiled(function: Callable[..., None]) -> Callable[..., None]:
        try:
            return njit([signature], cache=True)(function)
        except Exception:  # no folder that can be written, a full disk: then for this process
            return njit([signature])(function)

    return compiled


@intrinsic
def _ones(typingctx, bits):
    """The number of bits that are set."""
    return types.uint64(types.uint64), lambda context, builder, sig, args: builder.ctpop(args[0])


@njit
def _possible(n, low, high, m, other_low, other_high, share):
    """`prefix_index.close_enough`."""
    most = (n + m) * (1 - 2 * share)
    return (
        _ones(low ^ other_low) <= most and _ones(high ^ other_high) <= most and abs(n - m) <= most
    )


@njit
def _score(a, a_end, n, b, b_end, m, scratch):
    """ROUGE-L's F-measure of the `n` tokens of `a` before `a_end` and the `m` of `b`.

    The LCS is bit-parallel (Hyyrö 2004): a column of the table is a row of bits, whose zeros
    count the matches; here 64 tokens of `a` at a time, with the carry of every step kept for the
    next 64. The masks (zeros, one for each token number) come back as they were.
    """
    masks, carries = scratch
    lcs = np.uint64(0)
    for start in range(a_end - n, a_end, 64):
        stop = min(start + 64, a_end)
        bit = _ONE
        for place in range(start, stop):
            masks[a[place]] |= bit
            bit <<= _ONE
        row = _ALL
        for step in range(m):
            match = row & masks[b[b_end - m + step]]
            once = row + match
            twice = once
            if start > a_end - n:
                twice += np.uint64(carries[step])
            carries[step] = (once < row) | (twice < once)
            row = twice | (row & ~match)
        for place in range(start, stop):
            masks[a[place]] = _NONE
        lcs += _ones(~row & (_ALL >> np.uint64(64 - (stop - start))))
    if lcs == _NONE:
        return 0.0
    precision, recall = np.float64(lcs) / n, np.float64(lcs) / m
    return 2 * precision * recall / (precision + recall)


@_compiled(f"void({_RANGES}, {_POSTINGS}, {_BAGS}, {_BAGS}, float64, {_SCRATCH}, {_NEAREST})")
def _search(ranges, postings, ours, theirs, share, scratch, nearest):
    """Puts into `nearest` (score, number) those of an index's texts that are nearer.

    `ranges` as in `prefix_index.Ranges`; `postings` are the items, the reach and the base of a
    `PrefixIndex`, and a zero for every text, to be marked when the text was compared.
    """
    owner, first, last = ranges
    items, reach, base, seen = postings
    tokens, ends, lengths, low, high = ours
    p_tokens, p_ends, p_lengths, p_low, p_high = theirs
    best, who = nearest
    near = np.empty(_PORTION, np.int64)
    for k in range(len(owner)):
        q = owner[k]
        n = np.int64(lengths[q])
        for start in range(first[k], last[k], _PORTION):
            count = np.int64(0)
            for place in range(start, min(start + _PORTION, last[k])):
                near[count] = place  # no branch that the processor could guess wrong
                count += np.int64(reach[place] >= min(n, _LONG))
            for place in near[:count]:
                item = base + items[place]
                m = np.int64(p_lengths[item])
                if not _possible(n, low[q], high[q], m, p_low[item], p_high[item], share):
                    continue
                if seen[items[place]] == q + 1:
                    continue
                seen[items[place]] = q + 1
                score = _score(tokens, ends[q], n, p_tokens, p_ends[item], m, scratch)
                if score > best[q] or (score == best[q] and item < who[q]):
                    best[q], who[q] = score, item


@_compiled(f"void(int64, {_BAGS}, {_BAGS}, float64, {_SCRATCH}, {_NEAREST})")
def _decide(start, ours, theirs, share, scratch, nearest):
    """Compares each query with the texts from `start` on and the queries before it that stay
    without a hit, which take the next numbers."""
    tokens, ends, lengths, low, high = ours
    p_tokens, p_ends, p_lengths, p_low, p_high = theirs
    best, who = nearest
    size = len(p_ends)
    joined = np.empty(len(ends), np.int64)
    count = 0
    for q in range(len(ends)):
        n = np.int64(lengths[q])
        for item in range(start, size):
            m = np.int64(p_lengths[item])
            if _possible(n, low[q], high[q], m, p_low[item], p_high[item], share):
                score = _score(tokens, ends[q], n, p_tokens, p_ends[item], m, scratch)
                if score > best[q]:
                    best[q], who[q] = score, item
        for number in range(count):
            peer = joined[number]
            m = np.int64(lengths[peer])
            if _possible(n, low[q], high[q], m, low[peer], high[peer], share):
                score = _score(tokens, ends[q], n, tokens, ends[peer], m, scratch)
                if score > best[q]:
                    best[q], who[q] = score, size + number
        if who[q] < 0:
            joined[count] = q
            count += 1
