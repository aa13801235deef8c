"""The geometry of gain by support."""

from __future__ import annotations

from limbeck.evals.pages.plots.support import between, slope, support
from tests.evals.report_example import example
from tests.evals.report_parts import support as found
from tests.evals.report_parts import task


def test_a_panel_has_a_mark_of_both_models_in_every_quartile() -> None:
    [panel] = support({"tasks": [task("t", support=found())]})
    assert [len(marks) for marks in panel["marks"].values()] == [4, 4]
    student, teacher = panel["marks"]["student"], panel["marks"]["teacher"]
    assert all(a["x"] < b["x"] for a, b in zip(student, teacher, strict=True))
    ys = [mark["y"] for mark in student]
    assert ys == sorted(ys, reverse=True)  # it grows, and up is more
    assert student[0]["high"] < student[0]["y"] < student[0]["low"]
    assert [text for _, text in panel["x_ticks"]] == [
        "0.02–0.11",
        "0.11–0.19",
        "0.19–0.34",
        "0.34–0.97",
    ]


def test_panels_of_one_unit_share_their_axis() -> None:
    small = found()
    for part in small["quartiles"]:
        part["teacher_minus_base"] = None
    one, two = support({"tasks": [task("a", support=found()), task("b", support=small)]})
    assert one["y_ticks"] == two["y_ticks"]
    assert one["zero"] == two["zero"]
    assert two["marks"]["teacher"] == []


def test_up_is_better_where_less_is_better_too() -> None:
    falling = found()
    for part in falling["quartiles"]:
        part["student_minus_base"] = {"value": -1.0, "low": -2.0, "high": -0.5}
        part["teacher_minus_base"] = None
    [panel] = support({"tasks": [task("t", support=falling, higher_is_better=False, unit="nats")]})
    assert all(mark["y"] < panel["zero"] for mark in panel["marks"]["student"])


def test_the_slope_is_a_sentence_or_nothing() -> None:
    told = "+2.1 points [+0.4, +3.8] per 0.1 of similarity, p = 0.015"
    assert slope(task(support=found())) == told
    assert slope(task(support=found(slope=None))) == ""
    assert slope(task()) == ""
    assert [panel["slope"] for panel in support(example())] == [told, ""]


def test_ranges_of_one_value_and_of_none() -> None:
    assert between({"low": 0.5, "high": 0.5}) == "0.50"
    assert between({"low": None, "high": None}) == "n/a"
    assert support({"tasks": [task(), task(support={"quartiles": [], "slope": None})]}) == []
