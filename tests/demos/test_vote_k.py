"""Vote-k by hand, and against the paper's definition in fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.demos import selector
from limbeck.errors import UserError
from tests.demos.pools import Given, angles, pool_of


def test_votes_by_hand() -> None:
    """Two neighbours each: a {b, c}, b {a, c}, c {a, b}, d {b, c}, e {c, d}.

    c has the votes of a, b, d, e. Then they count a tenth, and c votes no more: a has b's, b those
    of a and d, d that of e. Then b is chosen, with 0.2; d keeps e's tenth, a and e have none.
    """
    encoder = angles(a=0, b=10, c=20, d=41, e=75)
    found = selector("vote_k", pool_of(*"abcde"), encoder=encoder, neighbours=2).select("q", 5)
    assert found.ids == ("d2", "d1", "d3", "d0", "d4")
    assert found.scores == pytest.approx((4, 0.2, 0.1, 0, 0))


def reference(neighbours: list[list[int]]) -> list[tuple[int, Fraction]]:
    """Su et al. 2023, section 2.1, as written."""
    chosen: list[tuple[int, Fraction]] = []
    left = list(range(len(neighbours)))
    while left:
        names = [name for name, _ in chosen]
        weight = {
            v: Fraction(1, 10 ** sum(other in neighbours[v] for other in names)) for v in left
        }
        votes = {u: sum((weight[v] for v in left if u in neighbours[v]), Fraction()) for u in left}
        best = max(left, key=lambda u: (votes[u], -u))
        chosen.append((best, votes[best]))
        left.remove(best)
    return chosen


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 25), st.integers(1, 6))
def test_the_order_is_that_of_the_definition(seed: int, size: int, count: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(size, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    neighbours = [np.argsort(-row)[: min(count, size - 1)].tolist() for row in cosines]
    expected = reference(neighbours)
    encoder = Given({f"t{n}": row.tolist() for n, row in enumerate(vectors)})
    pool = pool_of(*encoder.vectors)
    found = selector("vote_k", pool, encoder=encoder, neighbours=count).select("q", size)
    assert found.ids == tuple(f"d{n}" for n, _ in expected)
    assert found.scores == pytest.approx([float(votes) for _, votes in expected])


def test_an_excluded_demo_is_replaced_by_the_next() -> None:
    encoder = angles(a=0, b=10, c=20, d=41, e=75)
    one = selector("vote_k", pool_of(*"abcde"), encoder=encoder, neighbours=2)
    assert one.select("a", 2, ["d2"]).ids == ("d1", "d3")
    assert one.select("b", 2).ids == ("d2", "d1")
    assert one.select("c", 9, ["d1", "d4"]).ids == ("d2", "d3", "d0")


def test_a_demo_does_not_vote_for_itself() -> None:
    """Copies are nearest to each other; dropping the nearest hit would leave a vote for itself."""
    encoder = angles(a=0, b=90)
    found = selector("vote_k", pool_of("a", "a", "b"), encoder=encoder, neighbours=1).select("q", 3)
    assert found.scores == (2.0, 0.0, 0.0)
    assert found.ids == ("d0", "d1", "d2")


def test_no_neighbours_are_refused() -> None:
    with pytest.raises(UserError, match="1 neighbour at least, got 0"):
        selector("vote_k", pool_of("a"), neighbours=0)
