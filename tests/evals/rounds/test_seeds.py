"""Loops of several seeds: their means by hand, intervals over items and loops, and what is left
out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from limbeck.errors import UserError
from limbeck.evals.rounds.rounds import RoundRun
from limbeck.evals.rounds.seed_tables import tables
from limbeck.evals.rounds.seeds import SeededLoop, over_seeds
from tests.evals.rounds.loops import made, result, right, run, three


def loops(*runs: Sequence[RoundRun]) -> list[SeededLoop]:
    return [SeededLoop(f"轮{n}", n, n, "all done", own) for n, own in enumerate(runs)]


def interval(values: np.ndarray) -> tuple[float, float]:
    """Of the mean of values (loops, items): Howe's, over items and loops, written down again."""
    count, n = values.shape
    by_item, by_loop = values.mean(axis=0), values.mean(axis=1)
    residuals = values - by_item - (by_loop - by_loop.mean())[:, None]
    both = (residuals**2).sum() / (n * (n - 1) * count * (count - 1))
    items = max(0.0, by_item.var(ddof=1) / n - both)
    seeds = by_loop.var(ddof=1) / count
    t_items, t_loops = (scipy.stats.t.ppf(0.975, df) for df in (n - 1, count - 1))
    half = np.sqrt(items * t_items**2 + seeds * t_loops**2)
    return float(values.mean() - half), float(values.mean() + half)


def test_the_loop_less_its_control_is_paired_within_each_loop() -> None:
    gains = (8, 2, -4)
    found = over_seeds(loops(*(three(gain) for gain in gains)), {"reserve": None}, "0.1")
    json.dumps(found)
    [task] = found["tasks"]
    assert (task["n"], task["base"], task["teacher"]) == pytest.approx((100, 0.2, 0.8))
    assert [(one["arm"], one["number"]) for one in task["against"]] == [
        ("control_rows", 2),
        ("control_rows", 3),
    ]
    last = task["against"][1]
    assert last["loops"] == pytest.approx([0.08, 0.02, -0.04])
    assert last["value"] == pytest.approx(0.02)
    assert last["sd"]["value"] == pytest.approx(0.06)
    values = np.array([np.array(right(50), float) - right(50 - gain) for gain in gains])
    assert (last["low"], last["high"]) == pytest.approx(interval(values))
    assert last["p_value"] > 0.05
    third = next(one for one in task["rounds"] if one["arm"] == "loop" and one["number"] == 3)
    assert third["score"] == pytest.approx({"value": 0.5, "low": 0.5, "high": 0.5})
    assert third["gap_closed"]["value"] == pytest.approx(0.5)
    control = task["rounds"][-1]
    assert control["loops"] == pytest.approx([0.42, 0.48, 0.54])
    assert control["from_before"]["value"] == pytest.approx(0.1)


def test_a_lead_that_every_loop_shows_is_measurable_and_one_of_a_single_loop_is_not() -> None:
    def last(*gains: int) -> float:
        found = over_seeds(loops(*(three(gain) for gain in gains)), {}, "0.1")
        return float(found["tasks"][0]["against"][1]["low"])

    assert last(12, 11, 13) > 0
    assert last(36, 0, 0) < 0  # the same mean; of its own loop the first would be measurable
    assert made(three(36))["tasks"][0]["against"][1]["low"] > 0


def test_p_is_adjusted_over_tasks_and_the_mean_stands_first() -> None:
    names = ("数学", "language")
    found = over_seeds(loops(three(8, names=names), three(10, names=names)), {}, "0.1")
    mean, *single = found["tasks"]
    assert (mean["of"], mean["n"]) == (list(names), 200)
    assert [task["task"] for task in single] == list(names)
    assert mean["against"][1]["value"] == pytest.approx(0.09)
    raw = [entry["p_value"] for task in single for entry in task["against"]]
    adjusted = [entry["p_holm"] for task in single for entry in task["against"]]
    assert min(adjusted) == pytest.approx(min(1.0, 4 * min(raw)))
    moved = [one["student_minus_base"]["p_holm"] for task in single for one in task["rounds"]]
    assert None not in moved


def test_only_rounds_that_all_loops_have_are_there() -> None:
    short = [one for one in three() if one.key not in {("loop", 3), ("control_rows", 3)}]
    found = over_seeds(loops(three(), short), {}, "0.1")
    assert found["missing"] == [
        {"arm": "control_rows", "number": 3},
        {"arm": "loop", "number": 3},
    ]
    assert [loop["rounds"] for loop in found["loops"]] == [3, 2]
    assert {one["number"] for one in found["tasks"][0]["rounds"]} == {1, 2}
    assert found["arms"] == [
        {"arm": "loop", "rounds": [1, 2]},
        {"arm": "control_rows", "rounds": [2]},
    ]


def test_an_item_that_one_loop_did_not_answer_is_left_out_of_all() -> None:
    other = three()
    other[2] = replace(
        other[2],
        roles=dict(other[2].roles) | {"student": result({"数学": [None, *right(50)[1:]]})},
    )
    [task] = over_seeds(loops(three(), other), {}, "0.1")["tasks"]
    assert (task["n"], task["asked"]) == (99, 100)
    assert task["base"] == pytest.approx(19 / 99)


def test_a_task_of_one_loop_only_is_named() -> None:
    found = over_seeds(loops(three(names=("数学", "two")), three(names=("数学",))), {}, "0.1")
    assert [task["task"] for task in found["tasks"]] == ["数学"]
    assert [one["task"] for one in found["left_out"]] == ["two"]


def test_loops_on_other_items_are_refused() -> None:
    longer = [
        run("loop", 1, {"数学": [*right(30), 1.0]}),
        run("loop", 2, {"数学": [*right(30), 1.0]}),
    ]
    with pytest.raises(UserError, match="different items of 数学"):
        over_seeds(loops(three(), longer), {}, "0.1")


def test_without_a_teacher_in_every_loop_no_gap_is_told() -> None:
    without = [
        replace(one, roles={k: v for k, v in one.roles.items() if k != "teacher"})
        for one in three()
    ]
    [task] = over_seeds(loops(three(), without), {}, "0.1")["tasks"]
    assert (task["teacher"], task["teacher_minus_base"]) == (None, None)
    assert {one["gap_closed"] for one in task["rounds"]} == {None}


def test_no_gap_is_closed_where_the_teacher_is_measurably_worse() -> None:
    """As in one loop: a student on its way down to such a teacher closes no gap."""

    def worse(gain: int) -> list[RoundRun]:
        ends = {"base": result({"数学": right(80)}), "teacher": result({"数学": right(20)})}
        return [replace(one, roles=dict(one.roles) | ends) for one in three(gain)]

    [task] = over_seeds(loops(*(worse(gain) for gain in (8, 9, 7))), {}, "0.1")["tasks"]
    assert task["teacher_minus_base"]["high"] < 0
    [alone] = made(worse(8))["tasks"]
    for one in (*task["rounds"], *alone["rounds"]):
        assert one["gap_closed"] == {"value": None, "low": None, "high": None, "bounded": False}
    [table] = tables({"tasks": [task], "loops": [{"name": "轮"}] * 3})
    assert {row[table.head.index("gap closed")] for row in table.rows[1:]} == {
        "cannot be told: teacher worse"
    }
