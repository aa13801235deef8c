"""Gains over no demos and over random ones: paired, on the rows that both conditions have."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from limbeck.evals.in_context.resample import draws
from limbeck.evals.in_context.summary import summary
from tests.evals.in_context.made import answered, copying, setting, task
from tests.evals.in_context.made_up import RIGHT, ROWS, part
from tests.evals.in_context.test_summary import HOW, point, saying

SEED = 3


def test_every_model_has_the_gain_of_every_condition_over_none() -> None:
    (mood,) = part(["mood"])["tasks"]
    for one in mood["points"]:
        for model, told in one["models"].items():
            if not one["shots"]:
                assert "minus_none" not in told
                continue
            counts, none = RIGHT[model][one["condition"]], RIGHT[model]["none/0"][0]
            gain = (sum(counts) / len(counts) - none) / ROWS
            assert told["minus_none"]["value"] == pytest.approx(gain)
            assert told["minus_none"]["low"] <= gain <= told["minus_none"]["high"]
    # Of one condition by another way: rows and seeds drawn anew together, row by row.
    weights = draws(ROWS, 2, 0, "mood")
    student = point(mood, "random/2")["models"]["student"]["minus_none"]
    gains = []
    for rows, seeds in zip(weights.rows[1:], weights.seeds[1:], strict=True):
        with_demos = seeds[0] * rows[:32].sum() + seeds[1] * rows[:28].sum()
        gains.append(with_demos - rows[:16].sum())
    assert student["low"] == pytest.approx(float(np.percentile(gains, 2.5)))
    assert student["high"] == pytest.approx(float(np.percentile(gains, 97.5)))


def test_a_model_that_is_deaf_to_demos_gains_nothing_of_them() -> None:
    found = summary({"深": answered(saying({0, 2}), task(rows=9), how=HOW)}, seed=SEED)
    for part_ in (found["tasks"][0], found["mean"]):
        for one in part_["points"]:
            if one["shots"]:
                told = one["models"]["深"]["minus_none"]
                assert told == {"value": 0, "low": 0, "high": 0}


def lost(answers: list[Any], condition: str, *rows: int) -> list[Any]:
    """The same with calls that failed."""
    made = copy.deepcopy(answers)
    for one in made[0]["conditions"]:
        if one["condition"] == condition:
            for seed in one["probabilities"]:
                for row in rows:
                    seed[row] = None
    return made


def test_rows_that_one_condition_lacks_are_in_neither_side() -> None:
    # Copying is right where the last demo has the row's label: not the same rows as without demos,
    # where the first label is said.
    given = answered(copying, task(rows=6), how=HOW)
    whole = summary({"m": given}, seed=SEED)["tasks"][0]
    for condition, rows in (("none/0", (0, 3)), ("random/2", (1, 2)), ("bm25/2", (5,))):
        found = summary({"m": lost(given, condition, *rows)}, seed=SEED)["tasks"][0]
        kept = [row for row in range(6) if row not in rows]
        right = {
            one["condition"]: np.mean(
                [
                    [np.argmax(seed[row]) == given[0]["rows"][row]["target"] for row in kept]
                    for seed in one["probabilities"]
                ]
            )
            for one in given[0]["conditions"]
        }
        for key, name, other in (
            ("random/2", "minus_none", "none/0"),
            ("bm25/2", "minus_none", "none/0"),
            ("bm25/2", "minus_random", "random/2"),
        ):
            told = point(found, key)["models"]["m"][name]["value"]
            if condition in (key, other):
                assert told == pytest.approx(right[key] - right[other]), (condition, key, name)
            else:
                assert told == point(whole, key)["models"]["m"][name]["value"]


def test_without_a_row_or_a_condition_in_common_there_is_no_gain() -> None:
    given = answered(copying, task(rows=4), how=HOW)
    apart = lost(lost(given, "none/0", 0, 1), "random/2", 2, 3)
    found = summary({"m": apart}, seed=SEED)["tasks"][0]
    assert "minus_none" not in point(found, "random/2")["models"]["m"]
    assert "minus_none" in point(found, "random/1")["models"]["m"]
    only = answered(copying, task(rows=4), how=setting(shots=(1, 2)))
    for one in summary({"m": only}, seed=SEED)["tasks"][0]["points"]:
        assert "minus_none" not in one["models"]["m"]
