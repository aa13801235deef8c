"""Signatures of datasketch 2.0: ours are its own, bit for bit."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from limbeck.errors import UserError
from limbeck.filters.minhash import hashed_shingles, minhash_signatures
from limbeck.filters.minhash.datasketch import (
    SCHEMES,
    Scheme,
    from_datasketch,
    hashed,
    shingle_hash,
    signatures,
    text_sets,
    to_datasketch,
)
from tests.filters.minhash.texts import near_texts

datasketch = pytest.importorskip("datasketch", minversion="2.0")
TEXTS = [*near_texts(30), "", "漢字と かな ".strip() * 5, "café \ud800 x y z w"]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("num_perm", "seed"), [(128, 1), (17, 42)])
def test_signatures_are_datasketchs_own(scheme: Scheme, num_perm: int, seed: int) -> None:
    sets = text_sets(TEXTS)
    theirs = datasketch.MinHash.bulk(sets, num_perm=num_perm, seed=seed, scheme=scheme)
    ours = signatures(hashed(sets, scheme), num_perm, seed, scheme)
    read, its_seed, its_scheme = from_datasketch(theirs)
    assert np.array_equal(ours, read)
    assert (ours.dtype, its_seed, its_scheme) == (read.dtype, seed, scheme)
    assert to_datasketch(ours, seed, scheme) == theirs


def test_our_own_hash_goes_on_in_datasketch() -> None:
    made = minhash_signatures(hashed_shingles(TEXTS))
    ours = to_datasketch(made, hashfunc=shingle_hash)
    for text, one in zip(text_sets(TEXTS), ours, strict=True):
        theirs = datasketch.MinHash(hashfunc=shingle_hash)
        theirs.update_batch(text)
        assert theirs == one
    assert ours[0].jaccard(ours[1]) == float((made[0] == made[1]).mean())


def test_what_cannot_be_compared_is_refused() -> None:
    one, other = datasketch.MinHash(num_perm=8), datasketch.MinHash(num_perm=8, scheme="legacy")
    with pytest.raises(UserError, match="8 places, seed 1, affine32; 8 places, seed 1, legacy"):
        from_datasketch([one, other])
    with pytest.raises(UserError, match="got none"):
        from_datasketch([])
    with pytest.raises(UserError, match="affine32, affine64, legacy, got 'sha'"):
        signatures(hashed([[b"a"]]), scheme="sha")  # type: ignore[arg-type]


def test_lean_minhash_is_read() -> None:
    one = datasketch.MinHash(num_perm=8)
    one.update(b"x")
    read, seed, scheme = from_datasketch([datasketch.LeanMinHash(one)])
    assert (read[0].tolist(), seed, scheme) == (one.hashvalues.tolist(), 1, "affine32")


def test_without_datasketch_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(UserError, match="pip install"):
        to_datasketch(np.zeros((1, 8), np.uint32))
