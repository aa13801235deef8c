"""What a task gives without a language model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from limbeck.demos import Demo
from limbeck.evals.in_context.baselines import baselines
from limbeck.evals.in_context.task import Task
from tests.evals.in_context.made import LABELS, choices, task


def named(made: Task, **how: Any) -> dict[str, dict[str, Any]]:
    found = baselines(made, **{"neighbours": 1, "near": 0.9, "seed": 0} | how)
    return {one["name"]: one for one in found}


def test_guessing_and_the_pools_majority() -> None:
    made = task(rows=9)
    pool = tuple(replace(demo, output="差") if n < 3 else demo for n, demo in enumerate(made.pool))
    found = named(replace(made, pool=pool))
    assert found["random"]["accuracy"] == {"value": pytest.approx(1 / 3)}
    # With even targets and even guesses F1 is a bit below 1/3.
    assert 0.25 < found["random"]["macro_f1"]["value"] < 1 / 3
    assert found["majority"]["label"] == "差"
    assert found["majority"]["accuracy"]["value"] == pytest.approx(1 / 3)
    # Of targets one label has precision 1/3 and recall 1: F1 1/2; the others 0.
    assert found["majority"]["macro_f1_target"]["value"] == pytest.approx(1 / 6)
    assert found["majority"]["macro_f1"]["value"] == pytest.approx(1 / 6)


def test_neighbours_vote_and_near_copies_do_not() -> None:
    rows = tuple(
        Demo(f"r{n}", "t", text, label, LABELS)
        for n, (text, label) in enumerate([("red apple 😀", "good"), ("blue 电影", "bad")])
    )
    pool = (
        Demo("p0", "t", "a red apple pie with cream on top", "good", LABELS),
        Demo("p1", "t", "one 电影 in blue and white that I saw", "bad", LABELS),
        Demo("p2", "t", "RED APPLE 😀", "差", LABELS),
    )
    found = named(Task("t", rows, pool, LABELS))
    assert found["knn_bm25"]["accuracy"]["value"] == 1
    assert found["knn_dense"]["accuracy"]["value"] == 1
    assert found["knn_dense"]["neighbours"] == 1


def test_without_demos_nobody_votes_and_own_options_leave_guessing() -> None:
    assert list(named(task(), neighbours=0)) == ["random", "majority"]
    found = named(choices())
    assert list(found) == ["random"]
    assert found["random"]["accuracy"]["value"] == pytest.approx((1 / 2 + 1 / 3) / 2)
