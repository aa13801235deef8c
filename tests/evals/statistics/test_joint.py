"""Ratios whose error has several parts, against Fieller's formula and against their definition."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from limbeck.evals.statistics.joint import Joint, finite, gap_row, interval
from limbeck.evals.transfer import Difference, GapClosed, fieller, gap_closed

ONE = np.array([[0.0004, 0.0001], [0.0001, 0.0009]])
TWO = np.array([[0.0016, 0.0002], [0.0002, 0.0001]])


def ends(found: dict[str, Any]) -> tuple[float, float]:
    assert found["bounded"]
    return found["low"], found["high"]


@pytest.mark.parametrize("rule", ["satterthwaite", "howe"])
def test_one_part_is_fiellers_interval(rule: Any) -> None:
    for gain, gap in ((0.1, 0.4), (-0.1, 0.4), (0.1, -0.4), (0.5, 0.2)):
        found = Joint((gain, gap), [(ONE, 11)], rule).gap_closed()
        expected = fieller(gain, gap, ONE, float(stats.t.ppf(0.975, 11)))
        assert ends(found) == pytest.approx(expected)
        assert found["value"] == pytest.approx(gain / gap)


def test_gap_closed_of_a_task_is_that_of_a_joint() -> None:
    random = np.random.default_rng(0)
    base, student, teacher = random.normal(size=(3, 50)) + np.array([[0], [1], [2]])
    pairs = np.stack([student - base, teacher - base])
    found = Joint(pairs.mean(axis=1), [(np.cov(pairs) / 50, 49)]).gap_closed()
    assert found == pytest.approx(gap_row(gap_closed(base, student, teacher)))


def test_the_ends_are_where_the_test_of_each_rule_turns() -> None:
    joint = Joint((0.1, 0.4), [(ONE, 40), (TWO, 2)])
    for end in ends(joint.gap_closed()):
        c = np.array([1, -end])
        v1, v2 = c @ ONE @ c, c @ TWO @ c
        degrees = (v1 + v2) ** 2 / (v1**2 / 40 + v2**2 / 2)
        seen = abs(0.1 - end * 0.4) / math.sqrt(v1 + v2)
        assert 2 * stats.t.sf(seen, degrees) == pytest.approx(0.05)
    howe = Joint((0.1, 0.4), [(ONE, 40), (TWO, 2)], "howe")
    for end in ends(howe.gap_closed()):
        c = np.array([1, -end])
        reach = stats.t.ppf(0.975, 40) ** 2 * (c @ ONE @ c)
        reach += stats.t.ppf(0.975, 2) ** 2 * (c @ TWO @ c)
        assert abs(0.1 - end * 0.4) == pytest.approx(math.sqrt(reach))
    assert ends(howe.gap_closed())[0] < ends(joint.gap_closed())[0]


@pytest.mark.parametrize("rule", ["satterthwaite", "howe"])
@pytest.mark.parametrize("gap", [0.02, 0.06, 0.07, 0.075, 0.08, 0.2])
def test_the_ratio_is_bounded_where_the_interval_of_the_gap_excludes_nothing(
    rule: Any, gap: float
) -> None:
    joint = Joint((0.1, gap), [(ONE, 40), (TWO, 2)], rule)
    found = joint.gap_closed()
    assert found["bounded"] == (joint.gap().low > 0)
    assert (found["low"] is None) == (found["high"] is None) == (not found["bounded"])


@pytest.mark.parametrize("rule", ["satterthwaite", "howe"])
def test_p_is_that_of_the_interval_that_ends_at_nothing(rule: Any) -> None:
    joint = Joint((0.1, 0.4), [(ONE, 40), (TWO, 2)], rule)
    half = joint.gain().high - 0.1
    at_end = Joint((half, 0.4), [(ONE, 40), (TWO, 2)], rule)
    assert at_end.p_value() == pytest.approx(0.05)
    assert at_end.gain().low == pytest.approx(0, abs=1e-12)
    assert Joint((0.0, 0.4), [(ONE, 40)], rule).p_value() == 1
    alone = Joint((0.1, 0.4), [(ONE, 40)], rule).p_value()
    assert alone == pytest.approx(2 * stats.t.sf(0.1 / 0.02, 40))


def test_without_any_spread_everything_is_certain() -> None:
    joint = Joint((0.1, 0.4), [(np.zeros((2, 2)), 9)])
    assert joint.gap_closed() == {"value": 0.25, "low": 0.25, "high": 0.25, "bounded": True}
    assert joint.p_value() == pytest.approx(0, abs=1e-12)
    assert joint.gain() == Difference(0.1, 0.1, 0.1, 0)
    assert Joint((0.0, 0.0), [(np.zeros((2, 2)), 9)]).gap_closed()["value"] is None


def test_rows_hold_no_infinity() -> None:
    none = Difference(math.nan, -math.inf, math.inf, math.nan)
    assert interval(none) == {"value": None, "low": None, "high": None}
    row = gap_row(GapClosed(math.nan, -math.inf, math.inf, False, none, none, 1.0, 2))
    assert row == {"value": None, "low": None, "high": None, "bounded": False}
    assert finite(2) == 2
