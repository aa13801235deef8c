"""Reciprocal rank fusion, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from limbeck.demos import selector
from limbeck.demos.hybrid import ranks
from limbeck.errors import UserError
from tests.demos.pools import Given, pool_of

POOL = pool_of("cat", "cat dog", "bird")
# BM25 ranks d1, d0, d2; vectors rank d2, d0, d1.
ENCODER = Given({"cat": (1, 1), "cat dog": (0, 1), "bird": (1, 0), "dog cat": (1, 0.1)})


def test_ranks_are_fused() -> None:
    found = selector("hybrid", POOL, encoder=ENCODER).select("dog cat", 3)
    assert found.ids == ("d1", "d2", "d0")  # d1 and d2 are equal
    assert found.scores == pytest.approx((1 / 61 + 1 / 63, 1 / 61 + 1 / 63, 2 / 62), rel=1e-12)
    found = selector("hybrid", POOL, encoder=ENCODER, smoothing=0).select("dog cat", 3)
    assert found.scores == pytest.approx((4 / 3, 4 / 3, 1), rel=1e-12)


def test_an_excluded_demo_takes_no_rank() -> None:
    """With the ranks of all three d1 would come first, with 1/61 + 1/63 against 2/62."""
    found = selector("hybrid", POOL, encoder=ENCODER).select("dog cat", 3, ["d2"])
    assert found.ids == ("d0", "d1")
    assert found.scores == pytest.approx((1 / 61 + 1 / 62,) * 2, rel=1e-12)


def test_demos_without_a_word_of_the_query_are_equal_for_bm25() -> None:
    """The later one is nearer: its place in the pool must not weigh against that."""
    pool = pool_of("x", "y", "z")
    encoder = Given({"x": (0, 1), "y": (1, 1), "z": (1, 0), "q": (1, 0)})
    found = selector("hybrid", pool, encoder=encoder).select("q", 3)
    assert found.ids == ("d2", "d1", "d0")
    assert found.scores == pytest.approx((2 / 61, 1 / 61 + 1 / 62, 1 / 61 + 1 / 63), rel=1e-12)


def test_equal_scores_have_equal_ranks() -> None:
    assert ranks(np.array([0.5, 3, 0, 0.5, 0])).tolist() == [2, 1, 4, 2, 4]
    assert ranks(np.zeros(0)).tolist() == []


def test_a_smoothing_below_0_is_refused() -> None:
    with pytest.raises(UserError, match="at least 0, got -1"):
        selector("hybrid", POOL, smoothing=-1)
