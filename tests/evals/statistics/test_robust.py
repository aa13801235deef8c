"""CR2 variances and their degrees of freedom, against their definition with whole matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from limbeck.evals.statistics.robust import cluster_weights, mean_covariance, satterthwaite, slope
from limbeck.evals.transfer import t_quantile

SIZES = [1, 1, 2, 3, 5, 8]


def by_definition(x: Any, y: Any, index: Any) -> tuple[float, float]:
    """CR2 variance of the last coefficient and Bell and McCaffrey's degrees of freedom, from the
    n by n hat matrix (Imbens and Kolesar 2016, equations 6 and 10)."""
    n = len(y)
    inverse = np.linalg.inv(x.T @ x)
    hat = x @ inverse @ x.T
    residual_maker = np.eye(n) - hat
    residuals = residual_maker @ y
    variance, columns = 0.0, []
    for cluster in np.unique(index):
        of = index == cluster
        values, vectors = np.linalg.eigh(np.eye(of.sum()) - hat[np.ix_(of, of)])
        adjusted = vectors @ np.diag(values**-0.5) @ vectors.T
        weights = (x @ inverse)[of, -1] @ adjusted
        variance += (weights @ residuals[of]) ** 2
        columns.append(residual_maker[:, of] @ weights)
    products = np.array(columns) @ np.array(columns).T
    return variance, np.trace(products) ** 2 / np.trace(products @ products)


def test_a_mean_is_the_regression_on_a_constant() -> None:
    index = np.repeat(np.arange(6), SIZES)
    values = np.random.default_rng(0).normal(size=(20, 2))
    covariance, degrees = mean_covariance(values, index.tolist())
    for column in range(2):
        expected = by_definition(np.ones((20, 1)), values[:, column], index)
        assert (covariance[column, column], degrees) == pytest.approx(expected)
    total, _ = mean_covariance(values.sum(axis=1)[:, None], index.tolist())
    assert covariance.sum() == pytest.approx(total[0, 0])  # so the products are right, too


def test_the_weights_of_clusters_are_those_of_the_mean() -> None:
    index = np.repeat(np.arange(6), SIZES)
    values = np.random.default_rng(0).normal(size=20)
    found, weights = cluster_weights(20, index.tolist())
    sums = np.bincount(found, values - values.mean())
    expected, _ = mean_covariance(values[:, None], index.tolist())
    assert ((weights * sums) ** 2).sum() == pytest.approx(expected[0, 0])


@pytest.mark.parametrize("clusters", [None, list(range(20)), [f"{n // 2}" for n in range(20)]])
def test_clusters_of_one_size_give_the_usual_error(clusters: Any) -> None:
    values = np.random.default_rng(0).normal(size=(20, 1))
    covariance, degrees = mean_covariance(values, clusters)
    parts = values[:, 0] if clusters is None or len(set(clusters)) == 20 else None
    if parts is None:
        parts = values[:, 0].reshape(10, 2).mean(axis=1)
    assert covariance[0, 0] == pytest.approx(stats.sem(parts) ** 2)
    assert degrees == pytest.approx(len(parts) - 1)


def test_a_slope_and_its_error_are_least_squares() -> None:
    random = np.random.default_rng(1)
    x, y = random.uniform(size=20), random.normal(size=20)
    index = np.repeat(np.arange(6), SIZES)
    value, stderr, degrees = slope(x, y, index.tolist())
    assert value == pytest.approx(stats.linregress(x, y).slope)
    design = np.stack([np.ones(20), x], axis=1)
    assert (stderr**2, degrees) == pytest.approx(by_definition(design, y, index))


def test_without_clusters_a_slope_has_hc2_errors() -> None:
    random = np.random.default_rng(2)
    x, y = random.uniform(size=30), random.normal(size=30)
    design = np.stack([np.ones(30), x], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    hat = design @ inverse @ design.T
    residuals = y - hat @ y
    meat = design.T @ np.diag(residuals**2 / (1 - np.diag(hat))) @ design
    _, stderr, _ = slope(x, y, None)
    assert stderr**2 == pytest.approx((inverse @ meat @ inverse)[1, 1])


def test_degrees_of_freedom_fall_as_one_cluster_takes_over() -> None:
    values = np.random.default_rng(0).normal(size=(200, 1))
    found = [
        mean_covariance(values, [0] * large + list(range(1, 201 - large)))[1]
        for large in (1, 20, 50, 100, 190)
    ]
    assert found[0] == pytest.approx(199)
    assert found == sorted(found, reverse=True)
    assert 1 <= found[-1] < 2


def test_the_interval_of_a_mean_covers_where_one_cluster_holds_half() -> None:
    random = np.random.default_rng(0)
    sizes = [1, 1, 2, 2, 3, 4, 6, 8, 12, 20, 40, 100]
    index = np.repeat(np.arange(12), sizes)
    covered = usual = 0
    for _ in range(1000):
        values = random.normal(size=12)[index] / 2 + random.normal(size=199)
        covariance, degrees = mean_covariance(values[:, None], index.tolist())
        covered += abs(values.mean()) <= t_quantile(0.975, degrees) * covariance[0, 0] ** 0.5
        sums = np.bincount(index, values - values.mean())
        error = np.sqrt((sums**2).sum() * 12 / 11) / 199
        usual += abs(values.mean()) <= t_quantile(0.975, 11) * error
    assert 0.92 <= covered / 1000 <= 0.97
    assert usual / 1000 < 0.87  # what G / (G - 1) with G - 1 degrees of freedom would have given


def test_satterthwaite_by_hand() -> None:
    assert satterthwaite(3, [(1, 4), (2, 10)]) == pytest.approx(9 / (1 / 4 + 4 / 10))
    assert satterthwaite(2, [(1, 7), (1, 7)]) == pytest.approx(14)  # alike: all of both
    assert satterthwaite(5, [(5, 3), (0, 100)]) == pytest.approx(3)  # one alone: its own
    assert satterthwaite(0, [(0, 3), (0, 4)]) == 7


def test_what_has_no_interval_is_refused() -> None:
    x, y = np.arange(4.0), np.arange(4.0)
    with pytest.raises(ValueError, match="two clusters"):
        mean_covariance(x[:, None], ["one"] * 4)
    with pytest.raises(ValueError, match="two clusters"):
        mean_covariance(np.zeros((0, 1)), None)
    with pytest.raises(ValueError, match="4 items have 3 clusters"):
        mean_covariance(x[:, None], [1, 2, 3])
    with pytest.raises(ValueError, match="three clusters; got 2"):
        slope(x, y, [1, 1, 2, 2])
    with pytest.raises(ValueError, match="two different values"):
        slope(np.full(4, 0.3), y, None)
