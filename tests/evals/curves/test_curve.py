"""The curve's numbers: by hand, paired over items, with seeds crossed, and pooled over tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.evals.curves.curve import CurveRun, curve

ITEMS = 40


def result(scores: dict[str, Sequence[float | None]], parameters: int = 1000) -> dict[str, Any]:
    tasks = [
        {
            "task": name,
            "kind": "ability",
            "metric": "acc",
            "higher_is_better": True,
            "items": [
                {"id": f"{n}", "doc": f"{name}{n}", "prompt": f"p{n}", "score": score, "output": ""}
                for n, score in enumerate(column)
            ],
        }
        for name, column in scores.items()
    ]
    return {"about": "a model", "parameters": parameters, "tasks": tasks}


def right(share: float, first: int = 0) -> list[float | None]:
    """So many of the items right, from the place `first` on."""
    count = round(share * ITEMS)
    return [float((n - first) % ITEMS < count) for n in range(ITEMS)]


def run(
    rows: int,
    seed: int,
    own: dict[str, Sequence[float | None]],
    *,
    student: str = "small",
    parameters: int = 1000,
    **roles: Any,
) -> CurveRun:
    names = dict.fromkeys(own)
    found = {
        "base": result({name: right(0.2) for name in names}),
        "student": result(own, parameters),
        "teacher": result({name: right(0.8) for name in names}),
    }
    return CurveRun(f"{student}-{rows}-{seed}", student, rows, seed, rows, 9 * rows, found | roles)


def growing(student: str = "small", parameters: int = 1000, more: float = 0.0) -> list[CurveRun]:
    """A tenth more at every doubling; the second seed is a twentieth above the first."""
    return [
        run(
            rows,
            seed,
            {"数学": right(0.3 + 0.1 * step + 0.05 * seed + more)},
            student=student,
            parameters=parameters,
        )
        for step, rows in enumerate((50, 100, 200))
        for seed in (0, 1)
    ]


def test_a_curve_has_the_mean_its_seeds_and_the_slope_of_a_doubling() -> None:
    made = curve("r", "1", growing())
    assert (made["rows"], made["seeds"]) == ([50, 100, 200], [0, 1])
    [task] = made["tasks"]
    assert (task["task"], task["n"], task["unit"], task["teacher"]) == ("数学", 40, "share", 0.8)
    [found] = task["curves"]
    assert found["base"] == pytest.approx(0.2)
    scores = [point["score"] for point in found["points"]]
    assert [score["value"] for score in scores] == pytest.approx([0.325, 0.425, 0.525])
    assert scores[0]["seeds"] == pytest.approx([0.3, 0.35])
    assert (scores[0]["low"], scores[0]["high"]) == pytest.approx((0.3, 0.35))
    assert found["per_doubling"]["value"] == pytest.approx(0.1)
    assert found["per_doubling"]["low"] < 0.1 < found["per_doubling"]["high"]
    gaps = [point["gap_closed"]["value"] for point in found["points"]]
    assert gaps == pytest.approx([0.125 / 0.6, 0.225 / 0.6, 0.325 / 0.6])
    assert found["points"][2]["student_minus_base"]["value"] == pytest.approx(0.325)
    assert task["sizes"] is None
    assert made["runs"][0]["scores"] == {"数学": pytest.approx(0.3)}


def test_one_seed_and_one_size_are_a_point_without_a_slope() -> None:
    made = curve("r", "1", [run(50, 3, {"t": right(0.5)})])
    [found] = made["tasks"][0]["curves"]
    assert found["per_doubling"] is None
    assert found["points"][0]["gap_closed"]["value"] == pytest.approx(0.5)
    assert found["points"][0]["student_minus_base"]["p_value"] == pytest.approx(2 / 2**12)  # 12 won


def test_sizes_are_compared_with_the_most_rows() -> None:
    runs = [*growing("large", 4000, 0.2), *growing("small", 1000)]
    [task] = curve("r", "1", runs)["tasks"]
    assert [c["student"] for c in task["curves"]] == ["large", "small"]
    assert task["sizes"]["rows"] == 200
    assert [p["student"] for p in task["sizes"]["points"]] == ["small", "large"]
    assert task["sizes"]["per_doubling"]["value"] == pytest.approx(0.1)  # 0.2 over two doublings


def test_what_one_model_did_not_answer_counts_for_none() -> None:
    runs = growing()
    runs[3].roles["student"]["tasks"][0]["items"][0]["score"] = None
    runs[0].roles["teacher"]["tasks"][0]["items"][39]["score"] = None
    [task] = curve("r", "1", runs)["tasks"]
    assert task["n"] == 38


def test_a_black_box_without_likelihoods_leaves_no_gap() -> None:
    runs = [run(50, seed, {"t": right(0.5)}, teacher=result({})) for seed in (0, 1)]
    [task] = curve("r", "1", runs)["tasks"]
    assert task["teacher"] is None
    assert task["curves"][0]["points"][0]["gap_closed"] is None


def test_tasks_of_a_kind_are_pooled_and_weigh_the_same() -> None:
    runs = [run(50, seed, {"a": right(0.2), "b": right(0.6), "c": right(0.4)}) for seed in (0, 1)]
    pooled, *single = curve("r", "1", runs)["tasks"]
    assert pooled["task"] == "ability, mean of 3 tasks"
    assert pooled["of"] == ["a", "b", "c"]
    assert [task["task"] for task in single] == ["a", "b", "c"]
    point = pooled["curves"][0]["points"][0]
    assert point["score"]["value"] == pytest.approx(0.4)
    assert point["gap_closed"]["value"] == pytest.approx(0.2 / 0.6)


def test_a_run_that_is_missing_or_other_items_are_sentences() -> None:
    with pytest.raises(UserError, match="no run of small with 100 rows and seed 1"):
        curve("r", "1", [one for one in growing() if (one.rows, one.seed) != (100, 1)])
    runs = growing()
    runs[2].roles["student"]["tasks"][0]["items"][0]["doc"] = "other"
    with pytest.raises(UserError, match="evaluated on different items of 数学"):
        curve("r", "1", runs)
