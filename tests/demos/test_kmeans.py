"""k-means: the clusters that are there, and a demo of each."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from limbeck.demos import selector
from limbeck.demos.kmeans import cluster
from tests.demos.pools import angles, pool_of

# Three groups; the middles are nearest to the centres.
GROUPS = angles(a=0, b=4, c=9, d=100, e=103, f=107, g=110, h=220, i=222)
POOL = pool_of(*"adbhcefgi")  # a d b h c e f g i


def test_the_nearest_to_each_centre_the_largest_cluster_first() -> None:
    """Centres: near 4.3 degrees (b), 105 (e and f are 2 away, e first), 221 (h, i equal)."""
    found = selector("kmeans", POOL, encoder=GROUPS).select("q", 3)
    inputs = {demo.id: demo.input for demo in POOL}
    assert [inputs[name] for name in found.ids] == ["e", "b", "h"]
    assert found.scores == pytest.approx((4 / 9, 3 / 9, 2 / 9))


def test_an_excluded_demo_is_replaced_from_its_cluster() -> None:
    one = selector("kmeans", POOL, encoder=GROUPS)
    assert one.select("q", 3, ["d2"]).ids == ("d5", "d0", "d3")  # a for b: 4.3 against 4.7 away
    assert one.select("q", 3, ["d3", "d8"]).ids == ("d5", "d2", "d6")  # a second of the largest


def test_the_seed_decides_nothing_where_clusters_are_clear() -> None:
    found = {selector("kmeans", POOL, encoder=GROUPS, seed=n).select(str(n), 3) for n in range(9)}
    assert len(found) < 4  # k-means++ may begin with two centres in one group, and stay there


def test_fewer_vectors_than_clusters() -> None:
    pool = pool_of("a", "b", "a", "a", "b")
    found = selector("kmeans", pool, encoder=angles(a=0, b=90)).select("q", 4)
    assert found.ids == ("d0", "d1", "d2", "d4")
    assert found.scores == pytest.approx((0.6, 0.4, 0.6, 0.4))


def test_the_clusters_are_the_best_of_all() -> None:
    """Every split of eight weighted points in two, by the sum of squares."""
    rng = np.random.default_rng(4)
    rows = np.concatenate([rng.normal(size=(4, 3)), rng.normal(size=(4, 3)) + 6])
    rows = rows.astype(np.float32)
    weights = rng.integers(1, 4, 8).astype(np.float64)

    def cost(inside: list[int]) -> float:
        total = 0.0
        for side in (inside, [n for n in range(8) if n not in inside]):
            centre = np.average(rows[side], axis=0, weights=weights[side])
            total += float(weights[side] @ ((rows[side] - centre) ** 2).sum(axis=1))
        return total

    splits = [list(some) for size in range(1, 5) for some in itertools.combinations(range(8), size)]
    best = min(splits, key=cost)
    centres = cluster(rows, weights, 2, seed=0)
    nearest = ((rows[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert cost(np.flatnonzero(nearest == nearest[best[0]]).tolist()) == pytest.approx(cost(best))


def test_first_centres_are_drawn_by_weight_and_distance() -> None:
    rows = np.array([[0, 0], [0, 1], [0, 1]], np.float32) * np.array([[1], [1], [3]], np.float32)
    one = Counter(
        float(cluster(rows, np.array([6.0, 3.0, 1.0]), 1, seed)[0, 1]) for seed in range(5)
    )
    assert list(one) == pytest.approx([0.6])  # the mean: (0 * 6 + 1 * 3 + 3) / 10
    assert len(cluster(rows, np.ones(3), 3, seed=1)) == 3
    assert len(cluster(rows[[1, 1, 1]], np.ones(3), 3, seed=1)) == 1
    assert len(cluster(rows[:0], np.ones(0), 3, seed=1)) == 0
