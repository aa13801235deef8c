"""Holm's adjusted p-values: by hand, by their definition as tests, and by their promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.evals.statistics.holm import holm

PROBABILITIES = st.lists(st.none() | st.floats(0, 1), max_size=8)


def test_by_hand() -> None:
    # 4 x .005, then 3 x .01, then 2 x .03 and 1 x .04, which may not be less.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


def test_what_was_not_tested_does_not_count() -> None:
    assert holm([None, 0.01, None, 0.04]) == pytest.approx([None, 0.02, None, 0.04])
    assert holm([None]) == [None]


@given(PROBABILITIES, st.floats(0.001, 0.999))
def test_they_are_under_a_level_where_the_stepwise_test_rejects(
    p_values: list[float | None], level: float
) -> None:
    adjusted = holm(p_values)
    known = sorted((p, n) for n, p in enumerate(p_values) if p is not None)
    rejected = set()
    for rank, (p, place) in enumerate(known):  # stop at the first that is not rejected
        if (len(known) - rank) * p > level:
            break
        rejected.add(place)
    assert {n for n, p in enumerate(adjusted) if p is not None and p <= level} == rejected


@given(PROBABILITIES)
def test_they_are_no_smaller_and_keep_the_order(p_values: list[float | None]) -> None:
    pairs = [
        (p, a)
        for p, a in zip(p_values, holm(p_values), strict=True)
        if p is not None and a is not None
    ]
    assert len(pairs) == len([p for p in p_values if p is not None])
    assert all(p <= a <= 1 for p, a in pairs)
    ordered = [a for _, a in sorted(pairs)]
    assert ordered == sorted(ordered)


def test_a_false_finding_among_ten_is_rare() -> None:
    random = np.random.default_rng(0)
    false = sum(
        min(p for p in holm(random.uniform(size=10).tolist()) if p is not None) < 0.05
        for _ in range(2000)
    )
    assert 0.03 < false / 2000 < 0.065


@pytest.mark.parametrize("wrong", [-0.01, 1.01, float("nan")])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.5, wrong])
