"""The rounds' numbers: by hand and by scipy, paired by item, and adjusted over rounds and tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.stats

from limbeck.errors import UserError
from limbeck.evals.rounds.rounds import RoundRun
from limbeck.wilson import wilson
from tests.evals.rounds.loops import made, result, right, run, three


def t_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """A mean with its 95% interval, by scipy."""
    found = np.array(values)
    half = scipy.stats.t.ppf(0.975, len(found) - 1) * scipy.stats.sem(found)
    return float(found.mean()), float(found.mean() - half), float(found.mean() + half)


def test_every_round_is_compared_with_base_teacher_and_the_round_before() -> None:
    [task] = made(three())["tasks"]
    assert (task["task"], task["n"], task["base"], task["teacher"]) == ("数学", 100, 0.2, 0.8)
    keys = [(one["arm"], one["number"]) for one in task["rounds"]]
    loop, control = "loop", "control_rows"
    assert keys == [(loop, 1), (loop, 2), (control, 2), (loop, 3), (control, 3)]
    by_key = dict(zip(keys, task["rounds"], strict=True))
    last = by_key[loop, 3]
    low, high = wilson(50, 100)
    assert last["score"] == pytest.approx({"value": 0.5, "low": low, "high": high})
    value, low, high = t_interval([0.0] * 70 + [1.0] * 30)
    moved = last["student_minus_base"]
    assert (moved["value"], moved["low"], moved["high"]) == pytest.approx((value, low, high))
    assert moved["p_value"] == pytest.approx(2 / 2**30)
    assert last["gap_closed"]["value"] == pytest.approx(0.3 / 0.6)
    assert last["gap_closed"]["low"] < 0.5 < last["gap_closed"]["high"]
    assert last["of_teacher"]["value"] == pytest.approx(0.5 / 0.8)
    assert last["from_before"]["value"] == pytest.approx(0.1)
    assert last["from_before"]["p_value"] == pytest.approx(2 / 2**10)
    assert last["from_first"]["value"] == pytest.approx(0.2)
    # A control's round 2 comes from round 1, which is the loop's.
    assert by_key[control, 2]["from_before"]["value"] == pytest.approx(0.02)
    assert by_key[control, 3]["from_before"]["value"] == pytest.approx(0.1)
    assert by_key[loop, 1]["from_before"] is None
    assert by_key[loop, 1]["from_first"] is None


def test_the_loop_is_held_against_its_control_item_by_item() -> None:
    [task] = made(three(8))["tasks"]
    second, third = task["against"]
    assert [(one["arm"], one["number"]) for one in (second, third)] == [
        ("control_rows", 2),
        ("control_rows", 3),
    ]
    value, low, high = t_interval([0.0] * 92 + [1.0] * 8)
    assert (third["value"], third["low"], third["high"]) == pytest.approx((value, low, high))
    p = scipy.stats.binomtest(8, 8).pvalue
    assert third["p_value"] == pytest.approx(p)
    assert third["p_holm"] == pytest.approx(2 * p)  # two rounds, both p the same
    stderr = scipy.stats.sem([0.0] * 92 + [1.0] * 8)
    factor = scipy.stats.norm.ppf(0.975) + scipy.stats.norm.ppf(0.8)
    assert third["smallest_detectable"] == pytest.approx(factor * stderr)


def test_a_loop_that_is_no_other_than_its_control_has_no_spread() -> None:
    [task] = made(three(0))["tasks"]
    entry = task["against"][-1]
    assert (entry["value"], entry["p_value"], entry["smallest_detectable"]) == (0, 1, None)


def test_holm_is_over_rounds_and_tasks_of_an_arm_and_over_means_apart() -> None:
    runs = three(8, names=("a", "b"))
    # b is worse than its control by 3 items in round 3, and by 2 in round 2.
    for one, count in ((runs[3], 42), (runs[4], 53)):
        one.roles["student"]["tasks"][1] = result({"b": right(count)})["tasks"][0]
    mean, a, b = made(runs)["tasks"]
    assert (mean["task"], mean["of"]) == ("ability, mean of 2 tasks", ["a", "b"])
    p = {8: 2 / 2**8, 2: 0.5, 3: 0.25}
    assert [one["p_value"] for one in b["against"]] == pytest.approx([p[2], p[3]])
    # Four p-values: two of eight items, then that of three, then that of two.
    assert [one["p_holm"] for one in a["against"]] == pytest.approx([4 * p[8], 4 * p[8]])
    assert [one["p_holm"] for one in b["against"]] == pytest.approx([2 * p[3], 2 * p[3]])
    two = sorted(one["p_value"] for one in mean["against"])
    assert min(one["p_holm"] for one in mean["against"]) == pytest.approx(2 * two[0])


def test_the_mean_over_tasks_weighs_tasks_the_same_and_varies_within_them() -> None:
    runs = three(8, names=("a", "b"))
    for one in runs:  # b has 40 items only
        for role in one.roles.values():
            del role["tasks"][1]["items"][40:]
    mean = made(runs)["tasks"][0]
    loop = [np.array([float(n < 50) for n in range(size)]) for size in (100, 40)]
    control = [np.array([float(n < 42) for n in range(size)]) for size in (100, 40)]
    differences = [one - other for one, other in zip(loop, control, strict=True)]
    entry = mean["against"][-1]
    assert entry["value"] == pytest.approx(np.mean([d.mean() for d in differences]))
    # The variance of a mean of two independent means.
    variance = sum(d.var() / len(d) for d in differences) / 4
    half = (entry["high"] - entry["low"]) / 2
    assert half == pytest.approx(1.977 * math.sqrt(variance), rel=0.01)
    # Under no difference each of the 8 items of a (b has none) may have either sign.
    assert entry["p_value"] == pytest.approx(2 / 2**8, abs=0.002)


def test_items_that_one_round_did_not_answer_count_for_none() -> None:
    runs = three()
    runs[1].roles["student"]["tasks"][0]["items"][0]["score"] = None
    runs[0].roles["teacher"]["tasks"][0]["items"][99]["score"] = None
    runs[4].roles["student"]["tasks"][0]["items"][50]["score"] = None
    [task] = made(runs)["tasks"]
    assert (task["n"], task["asked"]) == (97, 100)
    assert task["base"] == pytest.approx(19 / 97)


def test_a_task_that_nobody_answered_is_left_out_and_told() -> None:
    runs = three(8, names=("a", "b"))
    for item in runs[2].roles["student"]["tasks"][1]["items"]:
        item["score"] = None
    found = made(runs)
    assert [task["task"] for task in found["tasks"]] == ["a"]
    assert found["left_out"] == [{"task": "b", "why": "fewer than two items were answered by all"}]


def test_questions_of_one_template_vary_together() -> None:
    runs = three(8)
    for one in runs:
        for role in one.roles.values():
            for n, item in enumerate(role["tasks"][0]["items"]):
                item["cluster"] = f"t{n // 10}"
    [task] = made(runs)["tasks"]
    assert task["clusters"] == 10
    by_cluster = [0.0] * 4 + [0.8] + [0.0] * 5  # of items 42 to 49
    value, low, high = t_interval(by_cluster)
    entry = task["against"][-1]
    assert (entry["value"], entry["low"], entry["high"]) == pytest.approx((value, low, high))
    assert entry["p_value"] == 1.0  # one cluster alone may have either sign


def test_a_teacher_that_is_no_better_leaves_no_gap() -> None:
    for count in (20, 5):  # as good as the base, and measurably worse
        runs = [
            replace(one, roles={**one.roles, "teacher": result({"数学": right(count)})})
            for one in three()
        ]
        [task] = made(runs)["tasks"]
        gaps = [one["gap_closed"] for one in task["rounds"]]
        assert gaps == [{"value": None, "low": None, "high": None, "bounded": False}] * 5


def test_less_is_better_where_it_is() -> None:
    loss = {"kind": "imitation", "metric": "nll", "higher_is_better": False}

    def levels(count: float) -> dict[str, Any]:
        column = [2 - count + 0.1 * (n % 3) for n in range(12)]
        return result({"imitation_nll": column}, **loss)

    runs = [
        replace(one, roles={"base": levels(0.0), "student": levels(s), "teacher": levels(1.0)})
        for one, s in zip(three(), (0.2, 0.4, 0.6, 0.3, 0.5), strict=True)
    ]
    [task] = made(runs)["tasks"]
    assert (task["unit"], task["higher_is_better"]) == ("", False)
    assert task["rounds"][3]["gap_closed"]["value"] == pytest.approx(0.6)
    assert task["rounds"][3]["of_teacher"] is None
    assert task["against"][-1]["value"] == pytest.approx(-0.1)


def test_a_black_box_without_likelihoods_has_no_gap() -> None:
    runs = [replace(one, roles={**one.roles, "teacher": result({})}) for one in three()]
    [task] = made(runs)["tasks"]
    assert (task["teacher"], task["rounds"][0]["gap_closed"]) == (None, None)


def test_one_round_is_a_loop_without_comparisons() -> None:
    found = made([run("loop", 1, {"t": right(30)}, discriminated=None, held_out=None)])
    assert found["arms"][0]["rounds"] == [1]
    assert found["tasks"][0]["against"] == []
    assert found["stop"]["best"] == 1


def test_a_control_without_its_last_round_is_compared_where_both_are() -> None:
    [task] = made(three()[:-1])["tasks"]
    assert [one["number"] for one in task["against"]] == [2]


def test_imitation_tasks_with_other_items_are_left_out_and_others_are_an_error() -> None:
    def renamed(name: str) -> list[RoundRun]:
        runs = three(8, names=("t", name))
        runs[2].roles["student"]["tasks"][1]["items"][0]["doc"] = "another"
        return runs

    found = made(renamed("imitation_rouge_l"))
    assert [one["task"] for one in found["left_out"]] == ["imitation_rouge_l"]
    assert [task["task"] for task in found["tasks"]] == ["t"]
    with pytest.raises(UserError, match="evaluated on different items of 数"):
        made(renamed("数"))


def test_a_loop_without_its_first_round_or_with_two_of_one_is_a_sentence() -> None:
    with pytest.raises(UserError, match="no round 1"):
        made(three()[1:])
    with pytest.raises(UserError, match="two runs of one round"):
        made([*three(), three()[0]])


def test_the_best_round_is_the_first_of_those_that_score_most() -> None:
    runs = three()
    runs[2] = replace(runs[2], roles=runs[1].roles)
    stop = made(runs, stop_task="数学")["stop"]
    assert [one["score"] for one in stop["scores"]] == pytest.approx([0.3, 0.4, 0.4])
    assert (stop["task"], stop["best"]) == ("数学", 2)
