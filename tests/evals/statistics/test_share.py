"""A share's interval over groups: beside Wilson's, against its definition, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from limbeck.evals.statistics.share import share
from limbeck.wilson import wilson


def test_of_items_that_vary_on_their_own_it_is_wilson_s() -> None:
    low, high = wilson(3, 20)
    assert share([1] * 3 + [0] * 17, None) == pytest.approx(
        {"value": 0.15, "low": low, "high": high}
    )


def test_groups_that_are_all_alike_count_as_one_item_each() -> None:
    """Five questions of each template, all right or all wrong: as 12 questions, and t for z."""
    hits = [1.0] * 15 + [0.0] * 45
    found = share(hits, [n // 5 for n in range(60)])
    t = float(scipy.stats.t.ppf(0.975, 11))
    # The groups' own variance is s² / 12, with 11 in its denominator.
    effective = float(0.25 * 0.75 / (np.var([1] * 3 + [0] * 9, ddof=1) / 12))
    low, high = wilson(0.25 * effective, effective, t)
    assert (found["low"], found["high"]) == pytest.approx((low, high))
    assert effective == pytest.approx(11)


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_no_hit_in_ten_groups_does_not_say_that_there_is_none(right: float) -> None:
    found = share([right] * 200, [n // 20 for n in range(200)])
    assert found["value"] == right
    t2 = scipy.stats.t.ppf(0.975, 9) ** 2
    far = t2 / (10 + t2)  # Wilson's other end of nothing in 10
    assert abs(found["high" if right == 0 else "low"] - right) == pytest.approx(far)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=60))
def test_it_holds_the_share_lies_within_0_and_1_and_is_never_narrower_than_wilson_s(
    rows: list[tuple[bool, int]],
) -> None:
    hits, groups = [hit for hit, _ in rows], [group for _, group in rows]
    if len(set(groups)) < 2:
        return
    found = share(hits, groups)
    assert 0 <= found["low"] <= found["value"] + 1e-9
    assert found["value"] - 1e-9 <= found["high"] <= 1
    low, high = wilson(sum(hits), len(hits))
    assert found["high"] - found["low"] >= high - low - 1e-9
    other = share([not hit for hit in hits], groups)
    assert (1 - other["high"], 1 - other["low"]) == pytest.approx((found["low"], found["high"]))


def test_it_covers_where_wilson_s_of_single_items_does_not() -> None:
    """20 groups of 10; in each the share right is drawn from a beta distribution of mean 0.1."""
    held = {"share": 0, "wilson": 0}
    for seed in range(400):
        random = np.random.default_rng(seed)
        right = np.repeat(random.beta(0.4, 3.6, 20), 10)
        hits = (random.random(200) < right).astype(float)
        found = share(hits, [n // 10 for n in range(200)])
        low, high = wilson(float(hits.sum()), 200)
        held["share"] += found["low"] <= 0.1 <= found["high"]
        held["wilson"] += low <= 0.1 <= high
    assert held["share"] >= 0.9 * 400
    assert held["wilson"] < 0.85 * 400


def test_one_group_has_no_interval() -> None:
    with pytest.raises(ValueError, match="two clusters"):
        share([1, 0, 1], [1, 1, 1])
