"""Gains by similarity to the data: bins by hand, slopes by other formulas and by simulation."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from limbeck.evals.statistics.support import FEWEST, quartiles, support
from limbeck.evals.transfer import gap_closed


def sizes(values: Any) -> list[int]:
    return [len(places) for places in quartiles(np.asarray(values, dtype=float))]


def test_quartiles_are_of_one_size_where_they_can_be() -> None:
    random = np.random.default_rng(0)
    assert sizes(random.uniform(size=80)) == [20] * 4
    assert sizes(random.uniform(size=81)) == [20, 20, 21, 20]
    assert sizes(np.arange(40)) == [10] * 4


def test_few_items_or_values_make_fewer_bins() -> None:
    assert sizes(np.arange(19)) == [19]
    assert sizes(np.arange(20)) == [10, 10]
    assert sizes(np.arange(30)) == [10, 10, 10]
    assert sizes([0.0] * 50 + [1.0] * 50) == [50, 50]
    assert sizes([0.0] * 95 + [1.0] * 5) == [100]  # five items say nothing
    assert sizes([0.5] * 100) == [100]
    assert sizes([0.0] * 30 + list(np.arange(1, 71))) == [30, 20, 25, 25]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=120))
def test_every_item_is_in_one_bin_and_equal_ones_in_the_same(values: list[int]) -> None:
    near = np.array(values, dtype=float)
    bins = quartiles(near)
    assert sorted(np.concatenate(bins).tolist()) == list(range(len(values)))
    assert 1 <= len(bins) <= 4
    assert len(bins) == 1 or min(len(places) for places in bins) >= FEWEST
    for lower, upper in pairwise(bins):
        assert near[lower].max() < near[upper].min()


def made(seed: int, n: int, slope: float) -> Any:
    random = np.random.default_rng(seed)
    near = random.uniform(size=n)
    base = random.normal(size=n)
    student = base + slope * near / 0.1 + (0.2 + near) * random.normal(size=n)
    return near, base, student, base + 4 + random.normal(size=n)


def test_a_bin_has_its_own_gap_closed() -> None:
    near, base, student, teacher = made(0, 100, 0.3)
    found = support(near, base, student, teacher)
    assert found is not None
    order = np.argsort(near)
    assert [row["n"] for row in found["quartiles"]] == [25] * 4
    for number, row in enumerate(found["quartiles"]):
        places = order[25 * number : 25 * (number + 1)]
        expected = gap_closed(base[places], student[places], teacher[places])
        assert (row["low"], row["high"]) == (near[places[0]], near[places[-1]])
        assert row["gap_closed"]["value"] == pytest.approx(expected.value)
        assert row["gap_closed"]["low"] == pytest.approx(expected.low)
        assert row["gap_closed"]["high"] == pytest.approx(expected.high)
        assert row["student_minus_base"]["low"] == pytest.approx(expected.student_minus_base.low)
        assert row["teacher_minus_base"]["high"] == pytest.approx(expected.teacher_minus_base.high)
    values = [row["gap_closed"]["value"] for row in found["quartiles"]]
    assert values == sorted(values)


def test_the_slope_is_per_tenth_of_similarity() -> None:
    near, base, student, teacher = made(1, 100, 0.3)
    found = support(near, base, student, teacher)
    assert found is not None
    line = stats.linregress(near, student - base)
    assert found["slope"]["value"] == pytest.approx(line.slope / 10)
    assert found["slope"]["low"] < 0.3 < found["slope"]["high"]
    exact = support([0.1, 0.2, 0.3, 0.4], [0] * 4, [1, 2, 3, 4], None)
    assert exact is not None
    assert exact["slope"]["value"] == pytest.approx(1)


def test_order_does_not_matter() -> None:
    scores = made(2, 90, 0.3)
    shuffled = np.random.default_rng(0).permutation(90)
    one, other = support(*scores), support(*(column[shuffled] for column in scores))
    assert one is not None
    assert other is not None
    assert other["slope"] == pytest.approx(one["slope"])
    for row, same in zip(one["quartiles"], other["quartiles"], strict=True):
        assert same["gap_closed"] == pytest.approx(row["gap_closed"])


def test_the_slope_is_calibrated_where_spread_grows_and_templates_vary_together() -> None:
    random = np.random.default_rng(0)
    clusters = np.repeat(np.arange(30), [2] * 15 + [6] * 15)
    n, covered, rejected, repeats = len(clusters), 0, 0, 500
    for _ in range(repeats):
        near = 0.7 * random.uniform(size=30)[clusters] + 0.3 * random.uniform(size=n)
        noise = random.normal(size=30)[clusters] + random.normal(size=n)
        gain = (0.2 + near) * noise
        found = support(near, np.zeros(n), gain + 2 * near, None, clusters=clusters.tolist())
        assert found is not None
        covered += found["slope"]["low"] <= 0.2 <= found["slope"]["high"]
        none = support(near, np.zeros(n), gain, None, clusters=clusters.tolist())
        assert none is not None
        rejected += none["slope"]["p_value"] < 0.05
        assert (none["slope"]["p_value"] < 0.05) != (
            none["slope"]["low"] <= 0 <= none["slope"]["high"]
        )
    assert 0.925 <= covered / repeats <= 0.975
    assert 0.025 <= rejected / repeats <= 0.075


def test_copies_of_items_say_no_more_than_the_items() -> None:
    near, base, student, teacher = made(3, 60, 0.3)
    once = support(near, base, student, teacher)
    copies = [np.repeat(column, 4) for column in (near, base, student, teacher)]
    four = support(*copies, clusters=np.repeat(np.arange(60), 4).tolist())
    assert once is not None
    assert four is not None
    assert four["slope"] == pytest.approx(once["slope"])
    assert four["quartiles"][0]["gap_closed"] == pytest.approx(once["quartiles"][0]["gap_closed"])


def test_what_cannot_be_said_is_left_out() -> None:
    near, base, student, teacher = made(4, 40, 0.3)
    assert support(np.full(40, 0.5), base, student, teacher) is None
    assert support([0.5], [0], [1], [1]) is None
    alone = support(near, base, student, teacher, clusters=["one"] * 40)
    assert alone is not None
    assert alone["slope"] is None
    assert alone["quartiles"][0]["student_minus_base"] is None
    assert alone["quartiles"][0]["gap_closed"] is None
    unknown = support(near, base, student, None)
    assert unknown is not None
    assert unknown["quartiles"][0]["student_minus_base"] is not None
    assert unknown["quartiles"][0]["teacher_minus_base"] is None
    with pytest.raises(ValueError, match="same items"):
        support(near, base[1:], student, teacher)
    with pytest.raises(ValueError, match="same items"):
        support(near, base, student, teacher, clusters=["one"])
