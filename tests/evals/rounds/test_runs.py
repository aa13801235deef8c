"""What a round cost on the way to a student, and what the stop rule compares."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.evals.rounds.runs import added, cost_to, held_out_score
from tests.evals.rounds.loops import costs, result, right, three


def test_costs_add_up_and_a_missing_price_is_not_nought() -> None:
    whole = added([costs(3, 0.5), costs(2, 0.25)])
    assert whole == {"calls": 5, "prompt_tokens": 50, "completion_tokens": 25, "usd": 0.75}
    assert added([costs(3, 0.5), costs(2, None)])["usd"] is None
    assert added([costs(3, 0.5), costs(0, None)])["usd"] == 0.5  # nothing was asked there
    assert added([]) == {"calls": 0, "prompt_tokens": 0, "completion_tokens": 0, "usd": 0}


def test_a_student_costs_what_was_done_before_it() -> None:
    grid = {run.key: run for run in three()}

    def calls(arm: str, number: int) -> int | None:
        found = cost_to(grid, arm, number)
        return None if found is None else found["calls"]

    assert calls("loop", 1) == 100
    assert calls("loop", 2) == 100 + (50 + 20) + 100  # told apart and written in round 1
    assert calls("loop", 3) == 100 + 2 * 70 + 200
    assert calls("control_rows", 2) == 100 + 20 + 100  # round 1 is shared, and it writes for itself
    assert calls("control_rows", 3) == 100 + 2 * 120
    assert calls("control_cost", 2) is None
    del grid["control_rows", 2]
    assert calls("control_rows", 3) is None


def roles(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {"student": {"tasks": [one for task in tasks for one in task["tasks"]]}}


def test_the_stop_score_is_a_task_or_a_mean_over_tasks_and_more_is_better() -> None:
    loss = {"metric": "nll", "higher_is_better": False}
    found = roles(
        result({"a": right(30), "b": [1.0, None, 0.0, None]}),
        result({"imitation_nll": [2.0]}, kind="imitation", **loss),
        result({"a": right(90)}, view="likelihood"),
    )
    assert held_out_score(found, None) == pytest.approx((0.3 + 0.5) / 2)
    assert held_out_score(found, "b") == pytest.approx(0.5)
    assert held_out_score(found, "imitation_nll") == pytest.approx(-2)


def test_no_score_is_none_and_not_a_mean_of_other_tasks() -> None:
    found = roles(result({"a": right(30), "b": [None, None]}))
    assert held_out_score(found, None) is None
    assert held_out_score(found, "a") == pytest.approx(0.3)
    assert held_out_score(found, "elsewhere") is None
    assert held_out_score(roles(), None) is None
