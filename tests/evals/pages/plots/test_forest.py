"""The geometry of the forest plot."""

from __future__ import annotations

import pytest

from limbeck.evals.pages.plots.forest import forest
from tests.evals.report_example import example
from tests.evals.report_parts import (
    gap,
    imitation,
    interval,
    pool,
    task,
    unbounded,
)


def test_tasks_of_one_unit_share_a_panel_and_kinds_have_heads() -> None:
    nats, rouge, points = forest(example())
    assert (nats["unit"], rouge["unit"], points["unit"]) == (
        "nats per token",
        "of the score",
        "points",
    )
    assert [row["head"] for row in points["rows"] if row["head"]] == ["Ability", "Forgetting"]
    names = [row["label"] for row in points["rows"] if not row["head"]]
    assert names[6] == "Mean over 6 tasks"
    assert names.count("arithmetic") == 1  # the second view is not drawn
    ys = [row["y"] for row in points["rows"]]
    assert ys == sorted(set(ys))
    assert points["bottom"] > ys[-1]


def test_right_is_better_where_less_is_better_too() -> None:
    [panel] = forest({"tasks": [imitation()]})
    row = panel["rows"][1]
    assert panel["zero"] < row["student"]["value"] < row["teacher"]["value"]
    assert row["student"]["low"] < row["student"]["value"] < row["student"]["high"]
    assert any(text.startswith("−") for _, text in panel["ticks"])
    assert all("-" not in text for _, text in panel["ticks"])


def test_a_gain_is_to_the_teachers_as_the_gap_closed_says() -> None:
    [panel] = forest({"tasks": [task(**gap(1 / 3, 0.12, 0.55))]})
    row, zero = panel["rows"][1], panel["zero"]
    part = (row["student"]["value"] - zero) / (row["teacher"]["value"] - zero)
    assert part == pytest.approx(1 / 3, abs=1e-3)
    assert row["words"] == "gap 33% [12%, 55%]"


def test_a_gap_without_a_bound_still_has_both_marks() -> None:
    [panel] = forest({"tasks": [unbounded()]})
    row = panel["rows"][1]
    assert row["words"] == "gap not measurable"
    assert row["student"] is not None
    assert row["teacher"]["low"] < panel["zero"] < row["teacher"]["high"]
    assert panel["words"] == (
        "recall: student − base +1.0 points [−3.0, +5.0], teacher − base +2.0 points "
        "[−2.0, +6.0], gap not measurable"
    )


def test_a_mean_is_a_diamond_whose_point_is_its_value() -> None:
    mean = pool("ability", ["a", "b"], student_minus_base=interval(0.03, 0.01, 0.07))
    [panel] = forest({"tasks": [task("a"), task("b")], "pooled": [mean]})
    row = panel["rows"][-1]
    assert row["pooled"]
    span = row["student"]
    assert span["middle"] == pytest.approx(100 * 0.02 / 0.06, abs=0.2)
    assert span["low"] + span["width"] == pytest.approx(span["high"], abs=1e-3)


def test_no_mean_is_drawn_over_different_units_and_nothing_where_nothing_is_known() -> None:
    assert not any(row.get("pooled") for panel in forest(example())[:2] for row in panel["rows"])
    bare = task(student_minus_base=None, teacher_minus_base=None)
    assert forest({"tasks": [bare]}) == []
    assert forest({}) == []
