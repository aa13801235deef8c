"""Signatures from and to datasketch 2.0 (https://ekzhu.com/datasketch), for who has some.

datasketch is no dependency: `hashed` and `signatures` compute its signatures without it, bit for
bit, and only `to_datasketch` needs it installed. Its schemes cannot be compared with each other;
"legacy" is what its versions 1.x made. Signatures are (texts, num_perm) arrays: uint32 for
"affine32", uint64 for the others.

Our own signatures (`limbeck.filters.minhash.minhash_signatures`) are of the scheme "affine32"
over our own hash of a shingle, `shingle_hash`: give that to `datasketch.MinHash` as `hashfunc`,
and its `update` adds shingles to what `to_datasketch` made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from limbeck.commands import pip
from limbeck.errors import UserError
from limbeck.filters.minhash.by_numpy import signatures as _minima
from limbeck.filters.minhash.letters import U32, U64
from limbeck.filters.minhash.shingles import Shingles, shingles, words
from limbeck.filters.minhash.signatures import permutations

Scheme = Literal["affine32", "affine64", "legacy"]
SCHEMES = ("affine32", "affine64", "legacy")

_PRIME = (1 << 61) - 1


def hashed(sets: Iterable[Iterable[bytes]], scheme: Scheme = "affine32") -> Shingles:
    """Sets of shingles under datasketch's own hash function: the first 4 bytes of SHA-1, for
    "affine64" the first 8."""
    size = 8 if scheme == "affine64" else 4
    rows = [
        sorted({int.from_bytes(hashlib.sha1(item).digest()[:size], "little") for item in items})
        for items in sets
    ]
    ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
    return Shingles(np.array([item for row in rows for item in row], np.uint64), ends)


def signatures(
    sets: Shingles, num_perm: int = 128, seed: int = 1, scheme: Scheme = "affine32"
) -> U32 | U64:
    """What `datasketch.MinHash(num_perm, seed, scheme=scheme)` holds after these hashes; see
    `hashed`. Raises UserError for an unknown scheme."""
    if scheme == "affine32":
        return _minima(sets, *permutations(num_perm, seed))
    if scheme == "affine64":
        return _affine64(sets, num_perm, seed)
    if scheme == "legacy":
        return _legacy(sets, num_perm, seed)
    raise UserError(f"the scheme must be one of {', '.join(SCHEMES)}, got {scheme!r}")


def text_sets(texts: Iterable[str], n: int = 5) -> list[list[bytes]]:
    """The shingles of texts as datasketch's users write them: words joined by a space, UTF-8."""
    made = []
    for text in texts:
        found = words(text)
        many = max(len(found) - n + 1, 1) if found else 0
        rows = {" ".join(found[start : start + n]) for start in range(many)}
        made.append([row.encode("utf-8", "surrogatepass") for row in sorted(rows)])
    return made


def shingle_hash(data: bytes) -> int:
    """The 32 bits that our signatures are made from, for one shingle's words joined by spaces."""
    text = data.decode("utf-8", "surrogatepass")
    made = shingles([text], max(len(words(text)), 1))
    return int(made.hashes[0]) & 0xFFFFFFFF if len(made.hashes) else 0


def to_datasketch(
    signatures: U32 | U64, seed: int = 1, scheme: Scheme = "affine32", hashfunc: Any = None
) -> list[Any]:
    """A `datasketch.MinHash` for each signature. Raises UserError where datasketch is not
    installed."""
    try:
        from datasketch import MinHash
    except ImportError as error:
        how = pip("'datasketch>=2.0'")
        raise UserError(f"datasketch is not installed. Run: {how}") from error
    blank = MinHash(num_perm=signatures.shape[1], seed=seed, scheme=scheme)
    return [
        MinHash(
            seed=seed,
            hashfunc=hashfunc,
            hashvalues=row,
            permutations=blank.permutations,
            scheme=scheme,
        )
        for row in signatures
    ]


def from_datasketch(minhashes: Sequence[Any]) -> tuple[U32 | U64, int, Scheme]:
    """The signatures of `datasketch.MinHash` or `LeanMinHash` objects, their seed and scheme.

    What was pickled by datasketch 1.x has the scheme "legacy". Raises UserError where they differ
    in length, seed or scheme, which makes them incomparable, and for none at all.
    """
    kinds = sorted({(len(one), int(one.seed), _scheme(one)) for one in minhashes})
    if len(kinds) != 1:
        said = "; ".join(f"{n} places, seed {seed}, {scheme}" for n, seed, scheme in kinds)
        raise UserError(
            "signatures can be compared only where all have one length, seed and scheme, got "
            f"{said or 'none'}"
        )
    _, seed, scheme = kinds[0]
    rows = [one.hashvalues for one in minhashes]
    if scheme == "affine32":
        return np.array(rows, np.uint32), seed, scheme
    return np.array(rows, np.uint64), seed, scheme


def _scheme(minhash: Any) -> Scheme:
    scheme: Scheme = getattr(minhash, "scheme", "legacy")
    return scheme


def _affine64(sets: Shingles, num_perm: int, seed: int) -> U64:
    random = np.random.RandomState(seed)
    a = random.randint(0, 1 << 63, num_perm, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    b = random.randint(0, 1 << 64, num_perm, dtype=np.uint64)
    out = np.full((len(sets), num_perm), 0xFFFFFFFFFFFFFFFF, np.uint64)
    for place in np.flatnonzero(sets.sizes > 0).tolist():
        x = sets[place]
        x = (x ^ x >> np.uint64(33)) * np.uint64(0xFF51AFD7ED558CCD)
        x = (x ^ x >> np.uint64(33)) * np.uint64(0xC4CEB9FE1A85EC53)
        x ^= x >> np.uint64(33)
        out[place] = (x[:, None] * a + b).min(axis=0)
    return out


def _legacy(sets: Shingles, num_perm: int, seed: int) -> U64:
    random = np.random.RandomState(seed)
    drawn = [
        (random.randint(1, _PRIME, dtype=np.uint64), random.randint(0, _PRIME, dtype=np.uint64))
        for _ in range(num_perm)
    ]
    a, b = np.array(drawn, np.uint64).T
    out = np.full((len(sets), num_perm), 0xFFFFFFFF, np.uint64)
    for place in np.flatnonzero(sets.sizes > 0).tolist():
        # The product wraps at 2**64 before it is taken modulo the prime, as in datasketch.
        values = (sets[place][:, None] * a + b) % np.uint64(_PRIME) & np.uint64(0xFFFFFFFF)
        out[place] = values.min(axis=0)
    return out
