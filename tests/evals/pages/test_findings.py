"""The findings of a transfer report: what leads, what is counted, and what is called measurable."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.evals.pages import findings
from tests.evals.report_example import example
from tests.evals.report_parts import (
    flips,
    gap,
    interval,
    judge,
    pool,
    style,
    task,
    unbounded,
    with_holm,
)

KIND = "Copied errors"
COPIED = {key: value for key, value in flips()["copied"].items() if key != "both_wrong"}
OPEN: dict[str, Any] = {"value": 0.5, "low": None, "high": None, "bounded": False}


def lines(report: dict[str, Any], kind: str) -> list[str]:
    found = findings.verdict(report)[1:]
    return [line.partition(": ")[2] for line in found if line.startswith(f"{kind}: ")]


def pooled(gap_closed: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A report of two ability tasks that did not move, with style, and that mean."""
    mean = pool("ability", ["a", "b"], gap_closed=gap_closed, left_out=[], **changes)
    return {"tasks": [unbounded("a"), unbounded("b")], "style": style(), "pooled": [mean]}


def bounded(*ends: float) -> dict[str, Any]:
    return interval(*ends, bounded=True)


@pytest.mark.parametrize(
    ("closed", "words"),
    [
        (bounded(0.95, 0.88, 1.02), "Style 95% [88%, 102%] closed"),
        (bounded(0.5, 0.4, 0.6), "Style 50% [40%, 60%] closed"),
        (
            bounded(1.3, 1.1, 1.5),
            "Style 130% [110%, 150%] closed, past a second sample of the teacher",
        ),
        (bounded(0.1, -0.1, 0.3), "No measurable part of the style gap closed, 10% [−10%, 30%]"),
        (bounded(0.5, -0.2, 1.2), "Style undecided, 50% [−20%, 120%] closed"),
        (
            bounded(-0.5, -0.8, -0.2),
            "Style moved away from the teacher's, −50% [−80%, −20%] closed",
        ),
        (OPEN, "Style gap not measurable, the base's style is not measurably another"),
        (None, "Style was not measured"),
    ],
)
def test_the_headline_begins_with_style(closed: Any, words: str) -> None:
    report = {"tasks": [task()], "style": style(closed=closed)}
    assert findings.headline(report) == f"{words}; ability grew measurably."


@pytest.mark.parametrize(
    ("gap_closed", "changes", "words"),
    [
        (bounded(0.2, 0.07, 0.34), {}, "ability 20% [7%, 34%] closed (mean over 2 tasks)"),
        (
            bounded(1.2, 1.1, 1.3),
            {},
            "ability 120% [110%, 130%] closed, past the teacher (mean over 2 tasks)",
        ),
        (
            bounded(0.0, -0.1, 0.1),
            {"student_minus_base": interval(0.0, -0.1, 0.1)},
            "no measurable part of the ability gap closed, 0% [−10%, 10%] (mean over 2 tasks)",
        ),
        (
            bounded(0.5, -0.5, 1.5),
            {"student_minus_base": interval(0.0, -0.1, 0.1)},
            "ability undecided, 50% [−50%, 150%] closed (mean over 2 tasks)",
        ),
        (
            bounded(-0.5, -0.8, -0.2),
            {},
            "ability moved away from the teacher's, −50% [−80%, −20%] closed (mean over 2 tasks)",
        ),
        (
            OPEN,
            {"student_minus_base": interval(0.0, -0.1, 0.1)},
            "ability gap not measurable, teacher not measurably better than base "
            "(mean over 2 tasks)",
        ),
        (
            OPEN,
            {},
            "ability gap not measurable, teacher not measurably better than base "
            "(mean over 2 tasks), though the student is measurably better than base: "
            "+3.1 points [+1.1, +5.1]",
        ),
    ],
)
def test_substance_is_the_mean_over_ability_tasks_and_the_counts_follow_it(
    gap_closed: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    headline = findings.headline(pooled(gap_closed, **changes))
    by_task = "By task, ability did not measurably change on any of 2 tasks."
    assert headline == f"Style 95% [88%, 102%] closed; {words}. {by_task}"


def test_what_was_forgotten_is_in_the_headline_only_where_it_is_measurable() -> None:
    worse = {"kind": "forgetting", "student_minus_base": interval(-0.06, -0.1, -0.02)}
    report = {"tasks": [task(), task("x", **worse), unbounded("y", kind="forgetting")]}
    assert findings.headline(report).endswith(" Forgetting is measurable on 1 of 2 tasks.")
    assert lines(report, "Forgetting") == [
        "measurably worse than base on x (−6.0 points [−10.0, −2.0]).",
        "no measurable change on y (+1.0 points [−3.0, +5.0]).",
    ]
    assert "Forgetting" not in findings.headline({"tasks": [task()]})


def test_nothing_moved_is_said_in_one_sentence() -> None:
    report = {"tasks": [unbounded("a"), unbounded("b")], "style": style(closed=OPEN)}
    assert findings.headline(report) == "Nothing moved measurably in style or ability."
    moved = {**report, "tasks": [unbounded("a"), task("b")]}
    assert "Nothing" not in findings.headline(moved)
    assert "Nothing" not in findings.headline({**report, "style": style()})


def test_a_claim_over_several_tasks_needs_holms_p() -> None:
    tasks = [with_holm(task("a"), 0.024), with_holm(task("b"), 0.06), with_holm(unbounded(), 1.0)]
    report = {"tasks": tasks}
    assert "ability grew measurably on 1 of 3 tasks" in findings.headline(report)
    assert lines(report, "Ability")[1] == (
        "33% [12%, 55%] of the gap to the teacher closed on b (borderline: student − base is "
        "better by itself, not after Holm's adjustment (p = 0.060))."
    )
    assert "Holm's adjusted p is below 0.05" in findings.reading(report)
    assert "no adjustment" in findings.reading({"tasks": [task()]})
    assert findings.reading({"tasks": []}) == ""


def test_a_small_p_over_an_interval_that_holds_zero_is_no_claim() -> None:
    report = {"tasks": [with_holm(unbounded("a"), 0.01), unbounded("b")]}
    assert "did not measurably change on any of 2 tasks" in findings.headline(
        {**report, "style": style()}
    )


def test_tasks_of_one_case_share_a_sentence_with_their_own_numbers() -> None:
    tasks = [task("a", **gap(0.3, 0.1, 0.5)), unbounded("b"), task("c", **gap(0.6, 0.4, 0.8))]
    assert lines({"tasks": tasks}, "Ability")[0] == (
        "part of the gap to the teacher closed on a (30% [10%, 50%]), c (60% [40%, 80%])."
    )


def test_a_mean_says_its_gain_and_what_leaving_one_task_out_does() -> None:
    assert lines(example(), "Ability")[0] == (
        "20% [7%, 34%] of the gap to the teacher closed on the mean over 6 tasks "
        "(student − base +3.1 points [+1.1, +5.1]); leaving out one task it is 15.0% "
        "(without arithmetic) to 30.0% (without dates)."
    )


def test_a_mean_over_different_units_gives_no_difference() -> None:
    assert lines(example(), "Imitation")[0] == (
        "71% [66%, 76%] of the gap to the teacher closed on the mean over 2 tasks."
    )


def test_the_second_view_enters_neither_counts_nor_findings() -> None:
    second = task("b", view="likelihood", teacher=None, gap_closed=None)
    assert findings.verdict({"tasks": [task("a"), second]}) == findings.verdict(
        {"tasks": [task("a")]}
    )


@pytest.mark.parametrize(
    ("low", "p", "told"), [(0.11, 0.001, True), (-0.01, 0.001, False), (0.11, 0.06, False)]
)
def test_copied_errors_are_told_where_they_are_measurably_above_base(
    low: float, p: float, told: bool
) -> None:
    copied = COPIED | {"difference": interval(0.22, low, 0.33), "p_value": p}
    found = lines({"tasks": [task("t", flips=flips(copied=copied))]}, "Copied errors")
    assert found == (
        [
            "of the teacher's 100 readable wrong answers on t, the student gives 34.0%, "
            "the base 12.0%: +22.0 points [+11.0, +33.0]."
        ]
        if told
        else []
    )


def test_copying_is_claimed_only_among_items_that_both_have_wrong_where_these_are_counted() -> None:
    copied = COPIED
    told = lines({"tasks": [task("t", flips=flips(copied=copied | {"both_wrong": copied}))]}, KIND)
    assert told == [
        "of the teacher's 100 readable wrong answers on t that base and student have wrong as "
        "well, the student gives 34.0%, the base 12.0%: +22.0 points [+11.0, +33.0]."
    ]
    for other in (None, copied | {"p_value": 0.4}):
        row = task("t", flips=flips(copied=copied | {"both_wrong": other}))
        assert lines({"tasks": [row]}, KIND) == []


def test_copied_errors_of_several_tasks_are_adjusted_for_their_number() -> None:
    copied = COPIED | {"p_value": 0.03}
    tasks = [task(name, flips=flips(copied=copied)) for name in "ab"]
    assert lines({"tasks": tasks[:1]}, "Copied errors") != []
    assert lines({"tasks": tasks}, "Copied errors") == []


def test_holm_is_that_of_the_textbook() -> None:
    # Four times the smallest, three times the next, and never less than one before.
    assert findings.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert findings.holm([0.9, None, 0.6]) == [1.0, None, 1.0]


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_and_keeps_their_order(p_values: list[float]) -> None:
    made = [p for p in findings.holm(p_values) if p is not None]
    assert all(after >= before and after <= 1 for before, after in zip(p_values, made, strict=True))
    pairs = sorted(zip(p_values, made, strict=True))
    assert [after for _, after in pairs] == sorted(made)


def test_a_judge_is_preferred_only_where_the_interval_excludes_a_half() -> None:
    report = {"tasks": [task()], "judge": judge()}
    assert lines(report, "Judge") == [
        "student against base: measurably preferred, wins 71.0% [63.0%, 79.0%] (ties half); "
        "with length and style held equal 58.0% [49.0%, 67.0%].",
        "student against second teacher sample: no measurable preference, wins "
        "44.0% [36.0%, 52.0%] (ties half).",
    ]


def test_style_says_what_lags_and_whether_it_can_be_told_apart() -> None:
    assert lines(example(), "Style") == [
        "95% [88%, 102%] closed, 9 features on 120 prompts; 3 of them measurably short of the "
        "teacher, least hedges 31% [21%, 41%], closing summary 87% [77%, 97%], "
        "length 88% [78%, 98%].",
        "a classifier still tells the student's answers from the teacher's: AUC "
        "0.62 [0.55, 0.69] (base 0.97 [0.95, 0.99], a second sample of the teacher "
        "0.51 [0.44, 0.58]); 0.5 is no difference.",
    ]
    same = style(features=[], auc={"student": interval(0.52, 0.45, 0.59)})
    assert lines({"tasks": [], "style": same}, "Style") == [
        "a classifier does not measurably tell the student's answers from the teacher's: AUC "
        "0.52 [0.45, 0.59]; 0.5 is no difference."
    ]


def test_names_are_escaped_once_and_everywhere() -> None:
    report = example(
        tasks=[task("t", flips=flips()), unbounded("u", kind="forgetting")],
        pooled=[],
        style=style(features=style()["features"][6:7]),
    )
    told = "\n".join(findings.verdict(report, escape=lambda name: f"«{name}»"))
    assert "««" not in told
    assert {"«t»", "«u»", "«hedges»", "«student»"} <= set(told.replace(",", "").split())


def test_features_that_do_not_count_are_in_no_mean() -> None:
    features = style()["features"]
    features[6]["counts"] = False
    told = lines(example(style=style(features=features)), "Style")[0]
    assert told.startswith("95% [88%, 102%] closed, 8 features on 120 prompts; 2 of them")
    assert "hedges" not in told


def test_a_gap_over_fewer_tasks_than_the_gain_says_so() -> None:
    mean = pool("ability", ["a", "b", "c"], with_teacher=["a", "b"], left_out=[])
    found = lines({"tasks": [task(name) for name in "abc"], "pooled": [mean]}, "Ability")[0]
    assert found.endswith("; the gap is that of the 2 tasks with a teacher's score.")
