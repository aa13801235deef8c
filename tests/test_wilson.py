"""Wilson's interval of a share."""

from __future__ import annotations

import math

import pytest

from limbeck.wilson import Z95, wilson


@pytest.mark.parametrize(  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    ("yes", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_those_of_newcombes_table(yes: int, n: int, low: float, high: float) -> None:
    assert [round(end, 4) for end in wilson(yes, n)] == [low, high]


def test_nothing_says_nothing_and_all_or_none_stay_within_0_and_1() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == 1.0
    assert 0 < wilson(5, 5)[0] < 1


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (3, 4), (7, 20), (100, 100)])
def test_the_interval_ends_where_the_score_test_does(hits: int, n: int) -> None:
    for end in wilson(hits, n, Z95):
        if 0 < end < 1:
            error = math.sqrt(end * (1 - end) / n)
            assert abs(hits / n - end) == pytest.approx(Z95 * error)
