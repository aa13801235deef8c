"""Gains over several training seeds: by hand, against the analysis of variance, by coverage."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from limbeck.evals.statistics.training_seeds import training_seeds, two_way
from limbeck.evals.transfer import difference


def test_by_hand() -> None:
    # Students 1 1 0 and 1 0 0 over a base of 0: gains 2/3 and 1/3, of items 1, 1/2, 0.
    base, teacher = [0, 0, 0], [1, 1, 1]
    found = training_seeds([(base, [1, 1, 0], teacher), (base, [1, 0, 0], teacher)])
    assert (found["seeds"], found["n"]) == (2, 3)
    assert found["gains"] == pytest.approx([2 / 3, 1 / 3])
    assert found["student_minus_base"]["value"] == pytest.approx(1 / 2)
    # Items: (1/4 + 1/4)/2/3 = 1/12. Seeds: (1/36 + 1/36)/2 = 1/36. Residuals are 1/6, -1/3, 1/6
    # and their negatives: 1/3 in all, over 2 (items) 3 (n) 2 seeds: 1/36.
    reach = stats.t.ppf(0.975, 2) ** 2 * (1 / 12 - 1 / 36) + stats.t.ppf(0.975, 1) ** 2 / 36
    assert found["student_minus_base"]["high"] == pytest.approx(1 / 2 + math.sqrt(reach))
    assert found["gap_closed"]["value"] == pytest.approx(1 / 2)
    assert found["gap_closed"]["low"] == pytest.approx(1 / 2 - math.sqrt(reach))  # the gap is sure
    sd = math.sqrt(1 / 18)
    assert found["sd"]["value"] == pytest.approx(sd)
    assert found["sd"]["low"] == pytest.approx(sd / math.sqrt(stats.chi2.ppf(0.975, 1)))
    assert found["sd"]["high"] == pytest.approx(sd / math.sqrt(stats.chi2.ppf(0.025, 1)))


def test_the_parts_are_those_of_the_analysis_of_variance() -> None:
    random = np.random.default_rng(0)
    seeds, n = 4, 25
    values = random.normal(size=(seeds, 1)) + random.normal(size=n) + random.normal(size=(seeds, n))
    (items, one), (over_seeds, other) = two_way(values[:, :, None], None)
    off = values - values.mean(0) - values.mean(1, keepdims=True) + values.mean()
    error = (off**2).sum() / ((seeds - 1) * (n - 1))
    mean_square_items = seeds * values.mean(0).var(ddof=1)
    mean_square_seeds = n * values.mean(1).var(ddof=1)
    assert items[0, 0] == pytest.approx((mean_square_items - error) / (seeds * n))
    assert over_seeds[0, 0] == pytest.approx(mean_square_seeds / (seeds * n))
    assert one == pytest.approx(n - 1)
    assert other == seeds - 1


def test_each_item_as_its_own_cluster_is_no_cluster_and_copies_say_no_more() -> None:
    values = np.random.default_rng(1).normal(size=(3, 20, 2))
    plain = two_way(values, None)
    same = two_way(values, list(range(20)))
    copies = two_way(np.repeat(values, 4, axis=1), np.repeat(np.arange(20), 4).tolist())
    for found in (same, copies):
        for (one, degrees), (other, others) in zip(plain, found, strict=True):
            assert other == pytest.approx(one)
            assert others == pytest.approx(degrees)


def test_one_seed_has_the_error_of_its_items() -> None:
    values = np.random.default_rng(2).normal(size=(1, 20, 1))
    ((covariance, degrees),) = two_way(values, None)
    expected = difference(np.zeros(20), values[0, :, 0])
    assert math.sqrt(covariance[0, 0]) == pytest.approx(expected.stderr)
    assert degrees == pytest.approx(19)


def simulated(random: Any, seeds: int, spread: float, n: int = 100) -> dict[str, Any]:
    items = random.normal(size=n)
    base, teacher = random.normal(size=n) + items, 2 + random.normal(size=n) + items
    runs = [
        (base, items + random.normal(size=n) + 1 + spread * random.normal(), teacher)
        for _ in range(seeds)
    ]
    return training_seeds(runs)


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("spread", [0.0, 0.1, 0.5])
def test_it_covers_at_least_what_it_says(seeds: int, spread: float) -> None:
    random = np.random.default_rng(seeds)
    gain = gap = 0
    for _ in range(200):
        found = simulated(random, seeds, spread)
        one, other = found["student_minus_base"], found["gap_closed"]
        gain += one["low"] <= 1 <= one["high"]
        gap += other["low"] <= 0.5 <= other["high"]
        assert (one["p_value"] < 0.05) == (one["low"] > 0 or one["high"] < 0)
    # Of 200 intervals at 95%, 180 or fewer would cover in one case of 500.
    assert gain > 180
    assert gap > 180
    if spread == 0.5 and seeds > 2:
        assert gain < 200  # wide enough, but not without end


def test_seeds_that_differ_widen_the_interval_and_their_deviation_is_told() -> None:
    found = simulated(np.random.default_rng(0), 5, 1.0)
    alike = simulated(np.random.default_rng(0), 5, 0.0)

    def width(row: Any) -> float:
        return float(row["student_minus_base"]["high"] - row["student_minus_base"]["low"])

    assert width(found) > 2 * width(alike) > 0
    assert found["sd"]["low"] < 1 < found["sd"]["high"]


def test_without_a_teacher_there_is_a_gain_only() -> None:
    random = np.random.default_rng(0)
    runs = [(np.zeros(9), random.normal(size=9), None) for _ in range(3)]
    found = training_seeds(runs)
    assert found["teacher_minus_base"] is None
    assert found["gap_closed"] is None
    assert found["student_minus_base"]["low"] is not None
    with pytest.raises(ValueError, match="some runs have a teacher"):
        training_seeds([*runs, (np.zeros(9), np.ones(9), np.ones(9))])


def test_runs_that_do_not_compare_are_refused() -> None:
    with pytest.raises(ValueError, match="at least two runs, got 1"):
        training_seeds([([0, 1], [1, 1], [1, 1])])
    with pytest.raises(ValueError, match="scores of 2 and 3 items"):
        training_seeds([([0, 1], [1, 1], [1, 1]), ([0, 1], [1, 1, 0], [1, 1])])
