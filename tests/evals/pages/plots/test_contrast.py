"""The geometry of style against substance."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from limbeck.evals.pages.plots.contrast import APART, contrast
from tests.evals.report_example import example
from tests.evals.report_parts import (
    feature,
    gap,
    pool,
    style,
    task,
    unbounded,
)


def drawn(**changes: Any) -> dict[str, Any]:
    found = contrast(example(**changes))
    assert found is not None
    return found


def strip(found: dict[str, Any], label: str) -> dict[str, Any]:
    [one] = [one for one in found["strips"] if one["label"] == label]
    return dict(one)


def test_style_imitation_and_ability_are_strips_and_forgetting_is_none() -> None:
    found = drawn()
    assert [one["label"] for one in found["strips"]] == ["Style", "Imitation", "Ability"]
    assert strip(found, "Style")["aside"] == "9 features, 1 not measurable"
    assert strip(found, "Ability")["aside"] == "6 tasks, 2 not measurable"
    assert strip(found, "Style")["words"] == "95% [88%, 102%]"


def test_a_value_of_one_stands_at_the_ceiling_and_nought_at_the_base() -> None:
    features = [feature("a", 0.0), feature("b", 1.0)]
    found = drawn(style=style(features=features))
    assert [dot["x"] for dot in strip(found, "Style")["dots"]] == [found["zero"], found["one"]]
    assert found["title"] == "Style against substance"


def test_the_mean_is_a_diamond_only_with_an_interval() -> None:
    mean = strip(drawn(), "Ability")["mean"]
    assert mean["low"] < mean["value"] < mean["low"] + mean["width"]
    free = pool("ability", ["arithmetic", "dates"])
    free["gap_closed"] = {"value": 0.5, "low": None, "high": None, "bounded": False}
    one = strip(drawn(pooled=[free]), "Ability")
    assert (one["mean"], one["words"]) == (None, "mean not measurable")


@pytest.mark.parametrize("number", [1, 3, 9])
def test_near_dots_stand_above_one_another_as_far_as_there_is_room(number: int) -> None:
    features = [feature(f"f{i}", 0.9 + i / 1000) for i in range(number)]
    dots = strip(drawn(style=style(features=features)), "Style")["dots"]
    assert len(dots) == number
    assert len({dot["y"] for dot in dots}) == min(number, 3)
    if number == 3:
        assert all(
            abs(a["x"] - b["x"]) >= APART or a["y"] != b["y"] for a, b in combinations(dots, 2)
        )


def test_what_lies_beyond_the_axis_is_an_arrow_at_its_end() -> None:
    tasks = [task("a", **gap(9.0, 7.0, 11.0)), task("b", **gap(-9.0, -11.0, -7.0))]
    low, high = strip(drawn(tasks=tasks, pooled=[]), "Ability")["dots"]
    assert (low["left"], low["right"], high["left"], high["right"]) == (True, False, False, True)
    assert 0 < low["x"] < high["x"] < 100


def test_the_names_of_the_ends_never_touch() -> None:
    near = [feature("one", 0.9), feature("two", 0.95)]
    assert [n["text"] for n in strip(drawn(style=style(features=near)), "Style")["named"]] == [
        "one"
    ]
    far = [feature("one", 0.1), feature("two", 0.95)]
    assert len(strip(drawn(style=style(features=far)), "Style")["named"]) == 2


def test_one_strip_is_no_contrast_and_a_worse_teacher_is_no_ceiling() -> None:
    assert contrast({"tasks": [task()]}) is None
    assert contrast({"tasks": [unbounded()], "style": style()}) is None
    assert contrast({}) is None
    worse = task("w", teacher={"value": 0.2, "stderr": 0.02}, teacher_minus_base=None)
    found = drawn(tasks=[task(), worse], pooled=[])
    assert strip(found, "Ability")["aside"] == "2 tasks, 1 not measurable"


def test_without_style_imitation_stands_against_ability() -> None:
    assert drawn(style=None)["title"] == "Imitation against ability"


def test_its_words_have_every_dot() -> None:
    words = drawn()["words"]
    for name in ("hedges 31% [21%, 41%]", "copying 120% [105%, 136%]", "mean 20% [7%, 34%]"):
        assert name in words
