"""Folds: no row meets itself or a near copy among the demos of the other folds."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from limbeck.demos import Demo, NearTexts, fold_mates, folds, selector
from limbeck.errors import UserError
from tests.demos.pools import pool_of, texts

POOL = pool_of(
    "the cat sat on the mat",
    "un film très bien fait",
    "The cat sat on the mat!",
    "我昨天和朋友一起去看了这部新上映的电影",
    "a dog",
    "我昨天和朋友一起去看了那部新上映的电影",
    "👍👍",
)


def test_equal_and_near_texts_stay_together() -> None:
    for seed in range(10):
        found = folds(POOL, 3, seed)
        assert list(found) == [f"d{n}" for n in range(7)]
        assert found["d0"] == found["d2"]
        assert found["d3"] == found["d5"]
        # Groups of 2, 2, 1, 1, 1: the best sizes there are.
        assert sorted(Counter(found.values()).values()) == [2, 2, 3]


def test_a_chain_of_near_texts_stays_together() -> None:
    """The ends are near the middle one, but not each other."""
    pool = pool_of("abcdefghijklm", "abcdefghijklmnop", "defghijklmnop", "x", "y")
    near = NearTexts(pool, 0.7)
    assert [near.of(demo.input) for demo in pool[:3]] == [
        {"d0", "d1"},
        {"d0", "d1", "d2"},
        {"d1", "d2"},
    ]
    for order in itertools.permutations(pool[:3]):
        found = folds([*order, *pool[3:]], 2, threshold=0.7)
        assert found["d0"] == found["d1"] == found["d2"]
        assert found["d3"] == found["d4"] != found["d0"]


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=8, max_size=16), st.integers(2, 4), st.integers(0, 9))
def test_no_row_meets_its_text(found: list[str], n: int, seed: int) -> None:
    pool = pool_of(*found)
    near = NearTexts(pool)
    assume(len({near.of(demo.input) for demo in pool}) >= 2 * n)
    fold_of = folds(pool, n, seed)
    mates = fold_mates(fold_of)
    one = selector("dense", pool)
    for demo in pool:
        assert demo.id in near.of(demo.input) <= mates[demo.id]
        shown = one.select(demo.input, len(pool), mates[demo.id]).ids
        assert {fold_of[name] for name in shown} == set(range(n)) - {fold_of[demo.id]}
    assert set(fold_of.values()) == set(range(n))


@settings(max_examples=30, deadline=None)
@given(st.permutations(POOL), st.integers(0, 5))
def test_the_order_of_the_pool_makes_no_difference(pool: list[Demo], seed: int) -> None:
    assert folds(pool, 2, seed) == folds(POOL, 2, seed)


def test_sizes_differ_by_one_where_all_texts_differ() -> None:
    pool = pool_of(*(f"{chr(0x4E00 + 7 * n)}{n}" for n in range(23)))
    found = {seed: folds(pool, 4, seed) for seed in range(5)}
    assert all(sorted(Counter(f.values()).values()) == [5, 6, 6, 6] for f in found.values())
    assert len({tuple(f.values()) for f in found.values()}) == 5


def test_mates_are_the_ids_of_the_fold() -> None:
    mates = fold_mates({"a": 0, "b": 1, "c": 0})
    assert mates == {"a": {"a", "c"}, "b": {"b"}, "c": {"a", "c"}}


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UserError, match="2 folds at least, got 1"):
        folds(POOL, 1)
    with pytest.raises(UserError, match=r"6 folds need .* the pool's 7 demos are 5; ask for fewer"):
        folds(POOL, 6)
    with pytest.raises(UserError, match="in the pool twice"):
        folds([*POOL, POOL[0]], 2)
