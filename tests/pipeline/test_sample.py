"""Intervals from a sample: golden values from scipy, and how often they hold the truth."""

from __future__ import annotations

import math
import random

import pytest

from limbeck.pipeline.sample import Interval, share, t_quantile, unseen_total


@pytest.mark.parametrize(
    ("degrees", "golden"),  # scipy.stats.t.ppf(0.975, degrees)
    [
        (1, 12.706204736),
        (2, 4.302652730),
        (3, 3.182446305),
        (4, 2.776445105),
        (19, 2.093024054),
        (20, 2.085963447),
        (999, 1.962341461),
    ],
)
def test_the_t_quantile_is_scipys(degrees: int, golden: float) -> None:
    assert t_quantile(degrees) == pytest.approx(golden, abs=1e-8)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),  # scipy.stats.binomtest(...).proportion_ci(method="wilson")
    [
        (17, 20, 0.6395811352592431, 0.9476312541037835),
        (0, 20, 0.0, 0.16112515805281935),
        (20, 20, 0.8388748419471808, 1.0),
        (1, 2, 0.09453120573423074, 0.9054687942657693),
    ],
)
def test_a_share_has_wilsons_interval(hits: int, n: int, low: float, high: float) -> None:
    found = share(hits, n)
    assert found.value == hits / n
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def mean_total(seen: list[float], unseen: int) -> Interval:
    n, total = len(seen), sum(seen)
    without = [unseen * (total - v) / (n - 1) for v in seen]
    return unseen_total(unseen * total / n, without, [v - total / n for v in seen], unseen)


def test_an_even_sample_has_the_classical_interval_with_finite_population_correction() -> None:
    values, population = [3.0, 5.0, 4.0, 6.0, 2.0], 12
    found = mean_total(values, population - 5)
    variance = sum((v - 4) ** 2 for v in values) / 4
    half = 2.776445105 * population * math.sqrt((1 - 5 / population) * variance / 5)
    assert (found.low, found.value, found.high) == pytest.approx((28 - half, 28, 28 + half))


def test_long_answers_make_the_upper_side_the_longer_one() -> None:
    found = mean_total([10.0, 12.0, 11.0, 9.0, 60.0], 500)
    assert found.high - found.value > 1.5 * (found.value - found.low)
    alike = mean_total([7.0] * 5, 500)
    assert (alike.low, alike.high) == (3500, 3500)


def test_the_interval_is_never_below_nothing_and_wants_two_units() -> None:
    assert mean_total([0.0, 4.0], 5).low == 0.0
    with pytest.raises(ValueError, match="at least two"):
        unseen_total(10.0, [0.0], [0.0], 5)


def test_infinity_is_null_in_json() -> None:
    row = (Interval(1.0, 0.5, math.inf) + 1).times(2).to_json()
    assert row == {"value": 4.0, "low": 3.0, "high": None}


@pytest.mark.parametrize("shape", ["even", "capped", "skewed"])
def test_the_interval_of_a_total_holds_the_truth_in_about_95_of_100_draws(shape: str) -> None:
    drawn = random.Random(7)
    lengths = [
        {
            "even": drawn.gauss(100, 20),
            "capped": float(min(64, drawn.randrange(5, 120))),
            "skewed": min(256.0, drawn.lognormvariate(3.5, 0.7)),
        }[shape]
        for _ in range(300)
    ]
    truth, n, draws, held = sum(lengths), 20, 1000, 0
    for _ in range(draws):
        seen = drawn.sample(lengths, n)
        found = mean_total(seen, len(lengths) - n) + sum(seen)
        held += found.low <= truth <= found.high
    assert 0.92 <= held / draws <= 0.99
