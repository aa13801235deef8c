"""Near duplicates with numba: what `by_numpy` computes, to the bit."""

from __future__ import annotations

from functools import cache

import numpy as np

from limbeck.filters.minhash import kernel, table_kernel
from limbeck.filters.minhash.hash_table import HashTable
from limbeck.filters.minhash.kept import Kept
from limbeck.filters.minhash.letters import (
    I64,
    POWERS,
    U8,
    U32,
    U64,
    Q,
    chunk_powers,
    kinds,
    powers,
    values,
)
from limbeck.filters.minhash.shingles import Shingles
from limbeck.filters.minhash.verify import Decisions

PORTION = 1 << 18


@cache
def _tables() -> tuple[U64, U64, U64, U8]:
    return (values(), *chunk_powers(POWERS), kinds())


def shingles(data: U8, ends: I64, ascii: bool, n: int) -> Shingles:
    out = np.empty(len(data) // 2 + len(ends) + 1, np.uint64)
    out_ends = np.empty(len(ends), np.int64)
    count = kernel.shingle(data, ends, ascii, powers(n, Q), _tables(), out, out_ends)
    return Shingles(out[:count], out_ends)


def signatures(sets: Shingles, a: U32, b: U32) -> U32:
    out = np.empty((len(sets), len(a)), np.uint32)
    kernel.minima(sets.hashes, sets.ends, a, b, out)
    return out


def decide(sets: Shingles, keys: U64, kept: Kept) -> Decisions:
    table = kept.finder
    if not isinstance(table, HashTable):
        kept.finder = table = HashTable(kept.bands)
    base = table.make_room(kept, len(sets))
    size, old = len(kept), kept.sets
    many = len(sets)
    made = Decisions(
        np.empty(many, np.int64), np.empty(many), np.empty(many, np.int64), np.empty(many, np.bool_)
    )
    joined = np.empty(many, np.int64)
    count = table_kernel.decide(
        (sets.hashes, sets.ends),
        np.ascontiguousarray(keys),
        (old.hashes, old.ends),
        table.slots,
        kept.key_rows.room(many),
        table.older,
        table.asked,
        base,
        size,
        kept.threshold,
        (made.nearest, made.jaccard, made.twins, made.refused, joined),
    )
    kept.key_rows.claim(count - size)
    kept.store.extend(sets.taken(joined[: count - size]))
    table.count = count
    return made
