"""Pooled gap closed: by hand, against resampling, and by how often it covers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from limbeck.evals.statistics.pooled import pooled
from limbeck.evals.transfer import gap_closed


def task(random: Any, n: int, gain: float, gap: float) -> Any:
    base = random.normal(size=n)
    return base, base + gain + random.normal(size=n), base + gap + random.normal(size=n)


def test_by_hand() -> None:
    # Gains 1 0 1 0 and 0 0 (means 1/2, 0); gaps 1 1 1 0 and 1 0 (means 3/4, 1/2).
    first = ([0, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, 0])
    found = pooled({"first": first, "second": ([0, 0], [0, 0], [1, 0])})
    assert found["tasks"] == found["with_teacher"] == ["first", "second"]
    assert found["n"] == 6
    assert found["student_minus_base"]["value"] == pytest.approx(1 / 4)
    assert found["teacher_minus_base"]["value"] == pytest.approx(5 / 8)
    assert found["gap_closed"]["value"] == pytest.approx(2 / 5)  # not the mean of 2/3 and 0
    # Variances of the gains' means: (1/3)/4 with 3 degrees of freedom, and 0; halved twice.
    half = stats.t.ppf(0.975, 3) * math.sqrt(1 / 12 / 4)
    assert found["student_minus_base"]["high"] == pytest.approx(1 / 4 + half)
    # Of the gaps': (1/4)/4 and (1/2)/2, with 3 and 1.
    one, two = 1 / 16 / 4, 1 / 4 / 4
    degrees = (one + two) ** 2 / (one**2 / 3 + two**2 / 1)
    half = stats.t.ppf(0.975, degrees) * math.sqrt(one + two)
    assert found["teacher_minus_base"]["low"] == pytest.approx(5 / 8 - half)


def test_one_task_is_its_own_gap_closed() -> None:
    scores = task(np.random.default_rng(0), 80, 0.5, 2)
    clusters = [n // 3 for n in range(80)]
    found = pooled({"only": scores}, clusters={"only": clusters})
    alone = gap_closed(*scores, clusters=clusters)
    assert found["gap_closed"]["value"] == pytest.approx(alone.value)
    assert found["gap_closed"]["low"] == pytest.approx(alone.low)
    assert found["gap_closed"]["high"] == pytest.approx(alone.high)
    assert found["student_minus_base"]["low"] == pytest.approx(alone.student_minus_base.low)
    assert found["left_out"] == []


def test_it_agrees_with_resampling_items_within_tasks() -> None:
    random = np.random.default_rng(1)
    tasks = {"a": task(random, 300, 0.3, 1), "b": task(random, 900, 0.1, 0.4)}
    draws = []
    for _ in range(4000):
        means = []
        for b, s, t in tasks.values():
            places = random.integers(len(b), size=len(b))
            means.append([(s - b)[places].mean(), (t - b)[places].mean()])
        gain, gap = np.mean(means, axis=0)
        draws.append(gain / gap)
    found = pooled(tasks)["gap_closed"]
    low, high = np.percentile(draws, [2.5, 97.5])
    width = high - low
    assert found["low"] == pytest.approx(low, abs=0.06 * width)
    assert found["high"] == pytest.approx(high, abs=0.06 * width)


def test_every_task_weighs_the_same_and_each_is_left_out_once() -> None:
    random = np.random.default_rng(2)
    tasks = {f"{n}": task(random, n, 0.1 * n / 50, 1) for n in (50, 100, 500)}
    found = pooled(tasks)
    means = [(s - b).mean() for b, s, _ in tasks.values()]
    assert found["student_minus_base"]["value"] == pytest.approx(np.mean(means))
    assert [entry["task"] for entry in found["left_out"]] == ["50", "100", "500"]
    without = pooled({name: scores for name, scores in tasks.items() if name != "100"})
    assert found["left_out"][1]["gap_closed"] == without["gap_closed"]


def test_one_task_without_a_gap_does_not_decide() -> None:
    random = np.random.default_rng(3)
    good = task(random, 400, 0.5, 1)
    none = task(random, 400, 0.0, 0.0)
    found = pooled({"good": good, "none": none})
    assert abs(gap_closed(*none).value) > 0.6 or not gap_closed(*none).bounded
    assert found["gap_closed"]["bounded"]
    assert found["gap_closed"]["value"] == pytest.approx(0.5, abs=0.2)


def test_without_a_teacher_a_task_counts_in_the_gain_only() -> None:
    random = np.random.default_rng(4)
    both = {"a": task(random, 60, 0.5, 1), "b": task(random, 60, 0.3, 1)}
    alone = random.normal(size=(2, 60))
    found = pooled({**both, "nll": (alone[0], alone[1] + 3, None)})
    assert found["with_teacher"] == ["a", "b"]
    assert found["gap_closed"] == pooled(both)["gap_closed"]
    assert found["left_out"] == pooled(both)["left_out"]
    assert found["student_minus_base"]["value"] > 1
    none = pooled({"nll": (alone[0], alone[1], None)})
    assert none["teacher_minus_base"] is None
    assert none["gap_closed"] is None
    assert none["left_out"] == []


def test_lower_is_better_is_negated() -> None:
    random = np.random.default_rng(5)
    up, down = task(random, 60, 0.5, 1), task(random, 60, 0.4, 1)
    negated = tuple(-scores for scores in down)
    expected = pooled({"up": up, "down": down})
    assert pooled({"up": up, "down": negated}, lower_is_better=["down"]) == expected


def test_it_covers_where_tasks_have_few_clusters() -> None:
    covered, widths, repeats = 0, 0.0, 250
    sizes = {"many": [1] * 200, "few": [20] * 6, "eight": [5] * 8}
    clusters = {name: np.repeat(np.arange(len(s)), s).tolist() for name, s in sizes.items()}
    for seed in range(repeats):
        random = np.random.default_rng(seed)
        tasks = {}
        for name, index in clusters.items():
            n, luck = len(index), random.normal(size=(2, max(index) + 1)) * 0.4
            gain = 0.3 + luck[0][index] + random.normal(size=n)
            gap = 0.6 + gain + luck[1][index] + random.normal(size=n)
            tasks[name] = (np.zeros(n), gain, gap)
        found = pooled(tasks, clusters=clusters)["gap_closed"]
        assert found["bounded"] or found["low"] is None
        if found["bounded"]:
            covered += found["low"] <= 1 / 3 <= found["high"]
            widths += found["high"] - found["low"]
        else:
            covered += 1
    assert 0.93 <= covered / repeats <= 0.975
    assert widths / repeats < 1


def test_what_cannot_be_pooled_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="at least one task"):
        pooled({})
    with pytest.raises(ValueError, match="arc: at least two items"):
        pooled({"arc": ([0], [1], [1])})
    with pytest.raises(ValueError, match="数学: the models have different numbers"):
        pooled({"数学": ([0, 1], [1, 1, 1], [1, 1])})
    with pytest.raises(ValueError, match="arc: a score is no finite number"):
        pooled({"arc": ([0, math.nan], [1, 1], [1, 1])})
    with pytest.raises(ValueError, match=r"arc: .*two clusters"):
        pooled({"arc": ([0, 1], [1, 1], [1, 1])}, clusters={"arc": ["one", "one"]})
