"""Signatures, bands and exact Jaccard of sets of hashes."""

from __future__ import annotations

import numpy as np
import pytest

from limbeck.filters.minhash import (
    Bands,
    band_keys,
    engine,
    estimates,
    hashed_shingles,
    jaccard,
    jaccards,
    minhash_signatures,
)
from limbeck.filters.minhash.signatures import permutations
from tests.filters.minhash.texts import exact, near_texts

TEXTS = [*near_texts(200), ""]
MASK = 0xFFFFFFFF


def fmix32(x: int) -> int:
    x = (x ^ x >> 16) * 0x85EBCA6B & MASK
    x = (x ^ x >> 13) * 0xC2B2AE35 & MASK
    return x ^ x >> 16


@pytest.mark.parametrize("num_perm", [1, 16, 50, 128])
def test_both_engines_have_the_minima_of_plain_integers(num_perm: int) -> None:
    sets = hashed_shingles(TEXTS)
    a, b = permutations(num_perm, 3)
    answers = [used.signatures(sets, a, b) for used in (engine.plain(), engine.compiled()) if used]
    assert all(np.array_equal(answer, answers[0]) for answer in answers)
    assert np.array_equal(answers[0], minhash_signatures(sets, num_perm, 3))
    for place in (0, 5, 77, len(TEXTS) - 1):
        mixed = [fmix32(int(item) & MASK) for item in sets[place]]
        expected = [
            min(((x * int(p) + int(q)) & MASK for x in mixed), default=MASK)
            for p, q in zip(a, b, strict=True)
        ]
        assert answers[0][place].tolist() == expected


def test_the_estimate_is_near_the_truth() -> None:
    made = minhash_signatures(hashed_shingles(TEXTS), 512)
    one, other = np.triu_indices(len(TEXTS) - 1, 1)
    guessed = estimates(made[one], made[other])
    some = np.flatnonzero(guessed > 0.3)
    errors = [guessed[n] - exact(TEXTS[one[n]], TEXTS[other[n]]) for n in some if TEXTS[one[n]]]
    assert len(errors) > 50
    assert abs(float(np.mean(errors))) < 0.01
    assert float(np.sqrt(np.mean(np.square(errors)))) < 0.025


def test_the_bands_that_are_chosen() -> None:
    assert Bands.chosen(0.8, 128) == Bands(18, 7)
    for threshold in (0.3, 0.5, 0.7, 0.9, 0.99):
        for num_perm in (64, 128, 256):
            bands = Bands.chosen(threshold, num_perm)
            assert bands.recall(threshold) >= 0.995
            assert bands.count * bands.rows <= num_perm
            wider = Bands(num_perm // (bands.rows + 1), bands.rows + 1)
            assert wider.recall(threshold) < 0.995 or bands.rows == num_perm
    assert Bands.chosen(0.2, 4) == Bands(4, 1)
    assert Bands(16, 8).found(0.8) == pytest.approx(0.947, abs=1e-3)


def test_keys_are_equal_where_a_band_is() -> None:
    made = minhash_signatures(hashed_shingles(TEXTS[:-1]))
    bands = Bands(16, 8)
    answers = [used.band_keys(made, 16, 8) for used in (engine.plain(), engine.compiled()) if used]
    assert all(np.array_equal(answer, answers[0]) for answer in answers)
    keys = band_keys(made, bands)
    assert np.array_equal(keys, answers[0])
    rows = made.reshape(len(made), 16, 8)
    for place in range(0, 200, 20):
        assert np.array_equal(keys == keys[place], (rows == rows[place]).all(axis=2))
    assert len(np.unique(band_keys(np.zeros((1, 128), np.uint32), bands))) == 16


def test_exact_jaccard() -> None:
    sets = hashed_shingles(TEXTS)
    for one, other in ((0, 1), (3, 3), (10, 90), (0, len(TEXTS) - 1)):
        assert jaccard(sets[one], sets[other]) == exact(TEXTS[one], TEXTS[other])
    a = np.array([5, 3, 9], np.uint64)
    b = np.array([9, 2, 3, 4], np.uint64)
    assert jaccard(a, b) == 2 / 5
    assert jaccards(a, [b, a, np.array([99], np.uint64)]).tolist() == [0.4, 1.0, 0.0]
