"""The in-context part of a report, from what models said."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from limbeck.errors import UserError
from limbeck.evals.in_context.scores import Predictions
from limbeck.evals.in_context.summary import summary, voted
from tests.evals.in_context.made import LABELS, Says, answered, choices, copying, setting, task

HOW = setting(select=("random", "bm25"), controls=("flipped", "random_words"))


def number(query: str) -> int:
    return int(query.split("number ")[1].split()[0])


def saying(right: set[int]) -> Says:
    """Right on these rows, and says the next label on all others; whatever the demos are."""

    def says(demos: list[tuple[str, str]], query: str, labels: list[str]) -> dict[str, float]:
        row = number(query)
        said = labels[(row + (row not in right)) % 3]
        return {label: 0.8 if label == said else 0.1 for label in labels}

    return says


def following(demos: list[tuple[str, str]], query: str, labels: list[str]) -> dict[str, float]:
    """Learns from the demos alone: the label that they give to texts with the same last word."""
    word = query.split()[-1]
    said = next((label for text, label in reversed(demos) if text.split()[-1] == word), labels[0])
    return {label: 0.98 if label == said else 0.01 for label in labels}


def point(found: dict[str, Any], key: str) -> Any:
    return next(one for one in found["points"] if one["condition"] == key)


def test_differences_and_the_gap_closed_are_those_of_the_rows() -> None:
    made = task(rows=12)
    models = {
        "base": answered(saying({0, 1, 2}), made, how=HOW),
        "student": answered(saying(set(range(6))), made, how=HOW),
        "teacher": answered(saying(set(range(9))), made, how=HOW),
    }
    found = summary(models, seed=0)
    (one,) = found["tasks"]
    assert (one["n"], one["labels"]) == (12, list(LABELS))
    here = point(one, "random/2")
    accuracy = {name: here["models"][name]["accuracy"]["value"] for name in models}
    assert accuracy == {"base": 0.25, "student": 0.5, "teacher": 0.75}
    assert here["student_minus_base"]["value"] == 0.25
    assert here["student_minus_base"]["low"] <= 0.25 <= here["student_minus_base"]["high"]
    assert here["student_minus_teacher"]["value"] == -0.25
    assert here["gap_closed"]["value"] == pytest.approx(0.5)
    # 12 rows, of which 6 are said alike by student and teacher to be right and 3 wrong.
    assert here["agreement"]["student"]["value"] == pytest.approx(9 / 12)
    assert here["distance"]["student"]["value"] == pytest.approx(0.7 * 3 / 12)
    assert here["models"]["base"]["accuracy"]["seeds"] == [0.25] * 3
    # Confident at 0.8 and right in a quarter: 0.55 too sure. Brier 0.06 where right, 1.46 else.
    assert here["models"]["base"]["ece"]["value"] == pytest.approx(0.55)
    assert here["models"]["base"]["brier"]["value"] == pytest.approx(0.25 * 0.06 + 0.75 * 1.46)
    # A model that is deaf to its demos gains nothing by better ones, nor loses by exchanged ones.
    for key in ("bm25/2", "random/2/flipped"):
        gain = point(one, key)["models"]["student"]["minus_random"]
        assert gain == {"value": 0, "low": 0, "high": 0}


def test_a_model_that_reads_its_demos_is_told_from_one_that_does_not() -> None:
    made = task(rows=12, pool=30)
    how = setting(shots=(0, 12), seeds=5, controls=("flipped", "random_words"))
    found = summary(
        {"reads": answered(following, made, how=how), "copies": answered(copying, made, how=how)},
        seed=0,
    )
    (one,) = found["tasks"]
    plain, flipped, words = (
        point(one, key)["models"]
        for key in ("random/12", "random/12/flipped", "random/12/random_words")
    )
    assert plain["reads"]["accuracy"]["value"] > 0.9
    assert words["reads"]["accuracy"]["value"] == plain["reads"]["accuracy"]["value"]
    assert flipped["reads"]["accuracy"]["value"] < 0.1
    assert flipped["reads"]["followed"] > 0.9
    assert plain["copies"]["copied"] == 1
    assert plain["copies"]["copyable"] == pytest.approx(plain["copies"]["accuracy"]["value"])
    assert "copied" not in point(one, "none/0")["models"]["reads"]
    assert "gap_closed" not in point(one, "random/12")


def test_the_worst_seed_and_the_vote() -> None:
    made = task(rows=9)
    found = summary({"a": answered(copying, made, how=setting(seeds=5))}, seed=0)
    told = point(found["tasks"][0], "random/2")["models"]["a"]
    assert len(told["accuracy"]["seeds"]) == 5
    assert told["accuracy"]["worst"] == min(told["accuracy"]["seeds"])
    assert told["accuracy"]["value"] == pytest.approx(sum(told["accuracy"]["seeds"]) / 5)
    assert told["vote"]["value"] == pytest.approx(1 / 3)  # every row is said the same label
    assert "vote" not in point(found["tasks"][0], "none/0")["models"]["a"]


def test_a_vote_goes_by_seeds_and_a_tie_by_probability() -> None:
    table = np.array([[[0.9, 0.1], [0.45, 0.55]], [[0.4, 0.6], [0.9, 0.1]], [[0.4, 0.6], [0, 0]]])
    made = voted(Predictions(table, np.array([0, 0]), soft=True, shared=True))
    assert made.predicted.tolist() == [[1, 0]]


def test_rows_that_any_model_lost_are_left_out_for_all() -> None:
    made = task(rows=6)
    right, wrong = answered(saying(set(range(6))), made), answered(saying(set()), made)
    where = next(one for one in right[0]["conditions"] if one["condition"] == "random/1")
    where["probabilities"][1][4] = None
    found = summary({"right": right, "wrong": wrong}, seed=0)
    here = point(found["tasks"][0], "random/1")
    assert (here["n"], here["dropped"]) == (5, 1)
    assert here["models"]["right"]["accuracy"] == {
        **{"value": 1, "low": 1, "high": 1},
        **{"seeds": [1, 1, 1], "worst": 1},
    }
    assert here["models"]["wrong"]["accuracy"]["value"] == 0
    assert point(found["tasks"][0], "random/2")["dropped"] == 0


def test_the_mean_is_over_tasks_with_the_same_weight() -> None:
    tasks = [task(rows=3, name="a"), task(rows=9, name="b")]
    found = summary({"x": answered(saying({0, 1, 2}), *tasks, how=HOW)}, seed=0)
    here = point(found["mean"], "random/2")
    assert found["mean"]["tasks"] == ["a", "b"]
    assert here["n"] == 12
    assert here["models"]["x"]["accuracy"]["value"] == pytest.approx((1 + 3 / 9) / 2)
    assert here["models"]["x"]["vote"]["value"] == pytest.approx(2 / 3)


def test_rows_with_their_own_options_have_no_f1_and_no_control() -> None:
    how = setting(controls=("flipped",))
    found = summary({"x": answered(copying, choices(), how=how)}, seed=0)
    (one,) = found["tasks"]
    assert [p["condition"] for p in one["points"]] == ["none/0", "random/1", "random/2"]
    told = point(one, "random/1")["models"]["x"]
    assert told["accuracy"]["value"] == 0.5  # the first option is said: "yes" is right, "red" not
    assert "macro_f1" not in told
    assert told["brier"]["value"] > 0


def test_models_that_were_asked_other_things_do_not_compare() -> None:
    one = answered(copying, task())
    other = copy.deepcopy(one)
    other[0]["conditions"][1]["demos"][0] = [["demo0"]]
    with pytest.raises(UserError, match=r"x and y were asked other rows, or after other demos"):
        summary({"x": one, "y": other}, seed=0)


def test_runs_of_any_name_are_held_against_the_first() -> None:
    made = task(rows=12)
    models = {
        "ours": answered(saying(set(range(6))), made),
        "teacher": answered(saying(set(range(9))), made),
        "仅标签": answered(saying({0, 1, 2}), made),
    }
    found = summary(models, seed=0, first="ours")
    for part in (found["tasks"][0], found["mean"]):
        here = point(part, "random/2")
        assert list(here["minus_first"]) == ["teacher", "仅标签"]
        assert here["minus_first"]["teacher"]["value"] == 0.25
        low, high = (here["minus_first"]["仅标签"][end] for end in ("low", "high"))
        assert low < -0.25 < high <= 0
        assert not {"gap_closed", "agreement", "student_minus_teacher"} & set(here)
