"""Given scores: one for every demo, the greatest first."""

from __future__ import annotations

import math

import pytest

from limbeck.demos import selector
from limbeck.errors import UserError
from tests.demos.pools import pool_of

POOL = pool_of("a", "b", "c")


def test_the_greatest_score_is_first_for_every_query() -> None:
    one = selector("reward", POOL, scores={"d2": -1.5, "d0": -3, "d1": -1.5})
    assert one.select("x", 2) == (("d1", "d2"), (-1.5, -1.5))
    assert one.select("y", 2, ["d1"]) == (("d2", "d0"), (-1.5, -3.0))


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        ({"d0": 1, "d1": 1}, "the demo 'd2' has no score"),
        ({"d0": 1, "d1": 1, "d2": 1, "d3": 1}, "a score for 'd3', which is not in the pool"),
        ({"d0": 1, "d1": math.nan, "d2": 1}, "the score of the demo 'd1' is nan"),
        ({"d0": 1, "d1": 1, "d2": -math.inf}, "the score of the demo 'd2' is -inf"),
    ],
)
def test_scores_that_do_not_fit_are_refused(scores: dict[str, float], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        selector("reward", POOL, scores=scores)
