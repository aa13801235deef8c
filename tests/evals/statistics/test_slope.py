"""Slopes per doubling: exact lines, by hand, nested subsets, and coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from limbeck.evals.statistics.slope import log_slope

SIZES = [1000, 2000, 4000, 8000]


def test_a_line_in_the_logarithm_is_found_exactly() -> None:
    line = np.array([0.1, 0.15, 0.2, 0.25])
    found = log_slope(SIZES, np.repeat(line[:, None], 3, axis=1))
    assert found["value"] == pytest.approx(0.05)
    assert found["low"] == pytest.approx(0.05)
    assert found["high"] == pytest.approx(0.05)
    assert log_slope([1, 4, 64], [[0], [2], [6]])["value"] == pytest.approx(1)


def test_of_means_it_is_students_over_seeds() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=(4, 5))
    slopes = [stats.linregress(np.log2(SIZES), scores[:, seed]).slope for seed in range(5)]
    found = log_slope(SIZES, scores)
    half = stats.t.ppf(0.975, 4) * stats.sem(slopes)
    assert found["value"] == pytest.approx(np.mean(slopes))
    assert found["low"] == pytest.approx(np.mean(slopes) - half)
    assert found["p_value"] == pytest.approx(stats.ttest_1samp(slopes, 0).pvalue)


def test_of_one_seed_it_is_over_items() -> None:
    scores = np.random.default_rng(1).normal(size=(4, 1, 30))
    slopes = [stats.linregress(np.log2(SIZES), scores[:, 0, item]).slope for item in range(30)]
    found = log_slope(SIZES, scores)
    half = stats.t.ppf(0.975, 29) * stats.sem(slopes)
    assert found["value"] == pytest.approx(np.mean(slopes))
    assert found["high"] == pytest.approx(np.mean(slopes) + half)
    assert log_slope(SIZES, scores.mean(axis=2)) == {
        "value": pytest.approx(np.mean(slopes)),
        "low": None,
        "high": None,
        "p_value": None,
    }


def test_what_moves_all_sizes_alike_does_not_matter() -> None:
    random = np.random.default_rng(2)
    scores = random.normal(size=(4, 3, 20))
    moved = scores + 5 * random.normal(size=(3, 1)) + 5 * random.normal(size=20)
    assert log_slope(SIZES, moved) == pytest.approx(log_slope(SIZES, scores))


def test_clusters_are_taken_whole() -> None:
    random = np.random.default_rng(3)
    scores = random.normal(size=(4, 3, 20))
    scores += np.arange(4)[:, None, None] * random.normal(size=20)  # items differ in slope
    copies = np.repeat(scores, 4, axis=2)
    whole = log_slope(SIZES, copies, clusters=np.repeat(np.arange(20), 4).tolist())
    assert whole == pytest.approx(log_slope(SIZES, scores))
    assert log_slope(SIZES, copies)["low"] != pytest.approx(whole["low"])


@pytest.mark.parametrize(("seeds", "spread"), [(3, 0.0), (3, 0.3), (5, 0.3), (1, 0.0)])
def test_it_covers_with_nested_subsets(seeds: int, spread: float) -> None:
    random = np.random.default_rng(10 * seeds)
    covered = 0
    for _ in range(300):
        # What a seed's first rows taught stays with all larger subsets: a random walk over sizes.
        walk = spread * np.cumsum(random.normal(size=(4, seeds, 1)), axis=0)
        items = random.normal(size=50) + 0.2 * np.arange(4)[:, None, None] * random.normal(size=50)
        line = 0.1 * np.arange(4)[:, None, None]
        found = log_slope(SIZES, line + items + walk + random.normal(size=(4, seeds, 50)))
        assert found["low"] is not None
        assert found["high"] is not None
        covered += found["low"] <= 0.1 <= found["high"]
    assert covered / 300 > 0.92
    if spread or seeds == 1:
        assert covered / 300 < 0.985


def test_sizes_and_scores_that_make_no_line_are_refused() -> None:
    with pytest.raises(ValueError, match="two different sizes above 0"):
        log_slope([1000, 1000], np.zeros((2, 3)))
    with pytest.raises(ValueError, match="two different sizes above 0"):
        log_slope([0, 1000], np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"2 sizes, seeds"):
        log_slope([1, 2], np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"2 sizes, seeds"):
        log_slope([1, 2], [0, 1])
    with pytest.raises(ValueError, match="no finite number"):
        log_slope([1, 2], [[0.0], [math.nan]])
    with pytest.raises(ValueError, match="have no clusters"):
        log_slope([1, 2], [[0, 1], [1, 2]], clusters=["a", "b"])
