"""Random demos: drawn anew for every query and seed, fairly."""

from __future__ import annotations

from collections import Counter

from limbeck.demos import selector
from tests.demos.pools import pool_of

POOL = pool_of(*"abcdefgh")


def test_queries_and_seeds_draw_for_themselves() -> None:
    one, other = selector("random", POOL), selector("random", POOL, seed=1)
    drawn = {one.select(f"问题{n}", 4).ids for n in range(20)}
    assert len(drawn) > 15
    assert one.select("q", 8).ids != other.select("q", 8).ids
    assert one.select("q", 8).scores == (0.0,) * 8


def test_every_demo_is_as_likely() -> None:
    one = selector("random", POOL)
    counts = Counter(name for n in range(800) for name in one.select(str(n), 2, ["d3"]).ids)
    assert sorted(counts) == ["d0", "d1", "d2", "d4", "d5", "d6", "d7"]
    assert all(180 < count < 280 for count in counts.values())  # 229 each, 3.6 standard deviations


def test_fewer_are_the_first_of_more() -> None:
    one = selector("random", POOL)
    assert one.select("q", 8).ids[:3] == one.select("q", 3).ids
