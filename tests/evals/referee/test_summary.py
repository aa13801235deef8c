"""The summary's numbers, computed by hand or by another method than the code's."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from limbeck.evals.referee.ask import Scored
from limbeck.evals.referee.summary import summary

ROWS = [
    Scored("1", [(9, 4), (7, 6)]),  # 8, 5
    Scored("2", [(8, 5), (4, 5)], asked_again=1),  # 6, 5; flipped
    Scored("海", [(10, 8), (8, 10)]),  # 9, 9; flipped
    Scored("مرحبا", [(9, 5), (9, 5)]),  # 9, 5
    Scored("5", [(9, 1), None], asked_again=1),
    Scored("6", [None, None], asked_again=2),
    Scored("7", [None, (9, 1)], failed="transient: gone"),
]
NONE = {"value": None, "low": None, "high": None}


def test_golden_values() -> None:
    found = summary(ROWS)
    assert {key: found[key] for key in ("n", "unparsed", "failed", "asked_again")} == {
        "n": 4,
        "unparsed": 2,
        "failed": 1,
        "asked_again": 4,
    }
    # Of 8, 6, 9, 9: variance (0 + 4 + 1 + 1) / 3 = 2, standard error sqrt(2 / 4); t(3) = 3.182446.
    assert found["teacher"] == pytest.approx(around(8, 3.182446305 * math.sqrt(0.5)) | {"high": 10})
    # Of 5, 5, 9, 5: variance (1 + 1 + 9 + 1) / 3 = 4, standard error 1.
    assert found["student"] == pytest.approx(around(6, 3.182446305))
    # Two of four: Wilson's is 0.5 -+ (z / (1 + z^2 / 4)) sqrt(1 / 16 + z^2 / 64).
    z = 1.959963985
    half = z / (1 + z**2 / 4) * math.sqrt(1 / 16 + z**2 / 64)
    assert found["flip_rate"] == pytest.approx(around(0.5, half))
    # None of four: Wilson's is 0 to z^2 / (4 + z^2).
    assert found["tie_rate"] == pytest.approx({"value": 0, "low": 0, "high": z**2 / (4 + z**2)})
    # First less second place, by pair: (5 - 1) / 2, (3 + 1) / 2, (2 + 2) / 2, (4 - 4) / 2.
    assert found["first_place"] == pytest.approx(around(1.5, 3.182446305 * math.sqrt(1 / 4)))
    # Means 6 and 8, variances of the means 1 and 1/2, covariance (0 + 2 + 3 - 1) / 3 / 4 = 1/3.
    # With q^2 = 10.127964 the ends solve (64 - q^2 / 2) g^2 - 2 (48 - q^2 / 3) g + 36 - q^2 = 0.
    q2 = 3.182446305**2
    low, high = sorted(np.roots([64 - q2 / 2, -2 * (48 - q2 / 3), 36 - q2]).tolist())
    assert found["relative"] == pytest.approx({"value": 0.75, "low": low, "high": high})
    assert (round(low, 4), round(high, 4)) == (0.3907, 1.1236)


def around(value: float, half: float) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + half}


def test_a_tie_is_one_in_both_orders() -> None:
    rows = [
        Scored("1", [(8, 8), (3, 3)]),
        Scored("2", [(8.5, 8.5), (8.5, 8.5)]),
        Scored("3", [(8, 8), (9, 8)]),
        Scored("4", [(9, 7), (7, 9)]),
    ]
    assert [row.tied for row in rows] == [True, True, False, False]
    assert [row.gap for row in rows] == [0, 0, 0.5, 0]
    assert Scored("x", [(8, 8), None]).tied is None
    assert summary([*rows, Scored("x", [(8, 8), None])])["tie_rate"]["value"] == 0.5


def test_what_was_not_read_is_in_no_mean() -> None:
    found, read = summary(ROWS), summary(ROWS[:4])
    for key in ("teacher", "student", "flip_rate", "tie_rate", "first_place", "relative"):
        assert found[key] == read[key]


def test_nothing_read_has_no_numbers() -> None:
    for rows in ([], ROWS[4:]):
        found = summary(rows)
        assert found["n"] == 0
        for key in ("teacher", "student", "flip_rate", "tie_rate", "first_place", "relative"):
            assert found[key] == NONE
    assert (summary(ROWS[4:])["unparsed"], summary(ROWS[4:])["failed"]) == (2, 1)


def test_one_pair_has_means_and_no_intervals() -> None:
    found = summary(ROWS[:1])
    assert found["teacher"] == NONE | {"value": 8}
    assert found["relative"] == NONE | {"value": 0.625}
    assert found["flip_rate"]["high"] == pytest.approx(0.793451)


def test_an_unbounded_quotient_has_no_interval() -> None:
    found = summary([Scored("1", [(1, 5), (1, 5)]), Scored("2", [(9, 5), (9, 5)])])
    assert found["relative"] == NONE | {"value": 1.0}
    json.dumps(found, allow_nan=False)


SCORE = st.integers(2, 20).map(lambda halves: halves / 2)
ORDERS = st.lists(st.tuples(SCORE, SCORE), min_size=2, max_size=2)


@given(st.lists(ORDERS, min_size=2, max_size=12))
@settings(deadline=None, max_examples=60)
def test_intervals_by_another_method(given_: list[Any]) -> None:
    rows = [Scored(str(number), orders) for number, orders in enumerate(given_)]
    found = summary(rows)
    scores = np.array(given_)  # (pairs, orders, sides)
    means = scores.mean(axis=1)
    for side, key in enumerate(("teacher", "student")):
        values = means[:, side]
        half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
        ends = around(values.mean(), half)
        held = {"low": max(1, ends["low"]), "high": min(10, ends["high"])}
        assert found[key] == pytest.approx(ends | held, abs=1e-9)
    assert found["flip_rate"]["value"] == pytest.approx(
        np.mean([np.sign(a - b) != np.sign(c - d) for (a, b), (c, d) in given_])
    )
    assert found["tie_rate"]["value"] == pytest.approx(
        np.mean([a == b and c == d for (a, b), (c, d) in given_])
    )
    assert found["tie_rate"]["value"] + found["flip_rate"]["value"] <= 1 + 1e-9
    low, high = found["relative"]["low"], found["relative"]["high"]
    if low is None:
        return
    # An end of Fieller's interval is a quotient that a paired t test rejects just so at 5%.
    for end in (low, high):
        off = means[:, 1] - end * means[:, 0]
        if off.std() > 1e-6 and 0.1 < end < 10:  # the scale has no other
            assert stats.ttest_1samp(off, 0).pvalue == pytest.approx(0.05, abs=1e-6)
    assert low <= found["relative"]["value"] + 1e-9
    assert found["relative"]["value"] <= high + 1e-9


@given(st.lists(ORDERS, min_size=1, max_size=6))
@settings(deadline=None)
def test_the_place_does_not_change_the_means(given_: list[Any]) -> None:
    """A referee that adds a point to whoever stands first changes nothing but the first place."""
    plain = summary([Scored("x", orders) for orders in given_])
    moved = summary([Scored("x", [(a + 1, b), (c, d + 1)]) for (a, b), (c, d) in given_])
    gap = plain["teacher"]["value"] - plain["student"]["value"]
    assert moved["teacher"]["value"] - moved["student"]["value"] == pytest.approx(gap)
    assert moved["first_place"]["value"] == pytest.approx(plain["first_place"]["value"] + 1)
