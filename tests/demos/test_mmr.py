"""Maximal marginal relevance, by hand."""

from __future__ import annotations

import pytest

from limbeck.demos import selector
from limbeck.errors import UserError
from tests.demos.pools import Given, pool_of

POOL = pool_of("a", "b", "c")
# To the query 0.8, 0.6, 0.8; a and b 0.96, a and c 0.28, b and c 0.
ENCODER = Given({"a": (0.8, 0.6), "b": (0.6, 0.8), "c": (0.8, -0.6), "q": (1, 0)})


@pytest.mark.parametrize(
    ("relevance", "ids", "scores"),
    [
        # 0.5 * 0.8; 0.5 * 0.8 - 0.5 * 0.28; 0.5 * 0.6 - 0.5 * 0.96
        (0.5, ("d0", "d2", "d1"), (0.4, 0.26, -0.18)),
        (1, ("d0", "d2", "d1"), (0.8, 0.8, 0.6)),
        (0, ("d0", "d2", "d1"), (0, -0.28, -0.96)),
        (0.9, ("d0", "d2", "d1"), (0.72, 0.692, 0.444)),
    ],
)
def test_marginal_relevance(
    relevance: float, ids: tuple[str, ...], scores: tuple[float, ...]
) -> None:
    found = selector("mmr", POOL, encoder=ENCODER, relevance=relevance).select("q", 3)
    assert found.ids == ids
    assert found.scores == pytest.approx(scores, abs=1e-6)


def test_what_is_chosen_depends_on_what_is_excluded() -> None:
    found = selector("mmr", POOL, encoder=ENCODER).select("q", 2, ["d2"])
    assert found.ids == ("d0", "d1")
    found = selector("mmr", POOL, encoder=ENCODER).select("q", 2, ["d0"])
    assert found.ids == ("d2", "d1")
    assert found.scores == pytest.approx((0.4, 0.3))


def test_only_the_nearest_are_looked_at() -> None:
    """d1 is most like d0, but the only other one among the two nearest."""
    encoder = Given({"a": (1, 0), "b": (0.96, 0.28), "c": (0.6, -0.8), "q": (0.8, 0.6)})
    one = selector("mmr", POOL, encoder=encoder, relevance=0.1, top=2)
    assert one.select("q", 2).ids == ("d1", "d0")
    assert selector("mmr", POOL, encoder=encoder, relevance=0.1).select("q", 2).ids == ("d1", "d2")
    assert len(one.select("q", 3).ids) == 3


def test_a_copy_of_a_chosen_demo_comes_last() -> None:
    encoder = Given({"a": (1, 0.1), "b": (0.8, -0.6), "q": (1, 0)})
    pool = pool_of("a", "a", "b")
    assert selector("mmr", pool, encoder=encoder).select("q", 3).ids == ("d0", "d2", "d1")


@pytest.mark.parametrize("options", [{"relevance": 1.1}, {"relevance": -1}, {"top": 0}])
def test_options_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(UserError, match="MMR"):
        selector("mmr", POOL, **options)
