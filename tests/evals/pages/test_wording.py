"""The words for every case of gap closed, and numbers that do not mislead."""

from __future__ import annotations

import math
from typing import Any

import pytest

from limbeck.evals.pages import findings, wording
from tests.evals.report_example import example
from tests.evals.report_parts import (
    gap,
    imitation,
    interval,
    task,
    unbounded,
)


def verdict(*tasks: dict[str, Any]) -> list[str]:
    return findings.verdict({"tasks": list(tasks)})


CASES = [
    (gap(0.68, 0.61, 0.75), "68% [61%, 75%] of the gap to the teacher closed on t."),
    (
        gap(0.8, 0.5, 1.1),
        "80% [50%, 110%] of the gap to the teacher closed on t; "
        "the interval reaches the teacher's level.",
    ),
    (
        gap(1.2, 1.05, 1.36),
        "120% [105%, 136%] of the gap to the teacher closed on t; "
        "the student is measurably past the teacher.",
    ),
    (
        gap(0.05, -0.08, 0.18),
        "no measurable part of the gap to the teacher closed on t: 5% [−8%, 18%].",
    ),
    (
        gap(0.5, -0.1, 1.1),
        "undecided on t: 50% [−10%, 110%] of the gap closed fits both no change and the whole gap.",
    ),
    (
        gap(-0.45, -0.8, -0.12),
        "the student moved away from the teacher on t: −45% [−80%, −12%] of the gap closed.",
    ),
    (
        gap(0.5, 0.3, 0.7) | {"teacher_minus_base": interval(-0.2, -0.3, -0.1)},
        "the teacher is worse than base on t, "
        "and the student went 50% [30%, 70%] of the way to it.",
    ),
    (
        gap(0.3, 0.02, 0.6) | {"student_minus_base": interval(0.06, -0.01, 0.13)},
        "30% [2%, 60%] of the gap to the teacher closed on t "
        "(borderline: the interval of student − base includes zero).",
    ),
    (
        gap(0.3, -0.02, 0.6) | {"student_minus_base": interval(0.06, 0.01, 0.13)},
        "no measurable part of the gap to the teacher closed on t: 30% [−2%, 60%] "
        "(borderline: student − base by itself is measurably better).",
    ),
    ({"student": None}, "base and student not both measured on t."),
    (
        {"gap_closed": None, "student_minus_base": None},
        "gap closed not computed on t.",
    ),
    (
        {"teacher": None, "gap_closed": None},
        "no teacher score on t; the student is measurably better than base there: "
        "+7.0 points [+2.0, +12.0].",
    ),
]


@pytest.mark.parametrize(("changes", "sentence"), CASES)
def test_every_case_of_gap_closed_has_its_sentence(changes: dict[str, Any], sentence: str) -> None:
    assert verdict(task("t", **changes))[1:] == [f"Ability: {sentence}"]


def test_an_unbounded_gap_prints_no_percentage_and_says_what_could_be_seen() -> None:
    assert verdict(unbounded("t"))[1] == (
        "Ability: gap closed not measurable on t (teacher not measurably better than base); "
        "the student is not measurably different from base there "
        "(smallest detectable change 7.9 points)."
    )


def test_the_ends_of_an_unbounded_gap_are_no_interval() -> None:
    outside = {"value": 0.5, "low": 0.8, "high": -0.3, "bounded": False}
    assert wording.gap_cell(unbounded(gap_closed=outside))[0] == wording.NOT_BETTER
    assert "50%" not in " ".join(verdict(unbounded(gap_closed=outside)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (interval(0.06, 0.02, 0.1), "better than base there: +6.0 points [+2.0, +10.0]"),
        (interval(-0.06, -0.1, -0.02), "worse than base there: −6.0 points [−10.0, −2.0]"),
    ],
)
def test_a_student_may_move_where_the_teacher_does_not(change: dict[str, Any], words: str) -> None:
    line = verdict(unbounded("t", student_minus_base=change))[1]
    assert line.endswith(f"; the student is measurably {words}.")


def test_tasks_with_nothing_to_tell_apart_share_a_sentence_after_those_with_findings() -> None:
    lines = verdict(unbounded("a"), task("found"), unbounded("b"), unbounded("c"))
    assert len(lines) == 3
    assert "found" in lines[1]
    assert "not measurable on a, b and c (teacher" in lines[2]


def test_where_less_is_better_a_fall_is_a_gain() -> None:
    lines = verdict(imitation(teacher=None, gap_closed=None))
    assert lines[0].startswith("Imitation improved measurably;")
    assert "better than base there: −9.59 [−10.20, −8.98] nats per token" in lines[1]


def test_a_missing_teacher_interval_leaves_the_scores_to_say_who_is_worse() -> None:
    lower = {"value": 0.2, "stderr": 0.03}
    case = task("t", teacher=lower, teacher_minus_base=None)
    assert wording.gap_state(case) == "teacher_worse"
    assert wording.gap_state(case | {"higher_is_better": False}) == "part"


@pytest.mark.parametrize(
    ("tasks", "headline"),
    [
        (
            [imitation(), unbounded()],
            "Imitation improved measurably; ability did not measurably change.",
        ),
        (
            [imitation(), task("a"), task("b", **gap(-0.5, -0.8, -0.2)), unbounded()],
            "Imitation improved measurably; "
            "ability grew measurably on 1 of 3 tasks but fell measurably on 1 of 3 tasks.",
        ),
        (
            [task("a", **gap(-0.5, -0.8, -0.2))],
            "Style was not measured; ability fell measurably.",
        ),
        (
            [imitation(student_minus_base=interval(1.0, 0.5, 1.5)), task(student_minus_base=None)],
            "Imitation became measurably worse; ability could not be compared with base.",
        ),
    ],
)
def test_the_headline_counts_what_moved(tasks: list[dict[str, Any]], headline: str) -> None:
    assert verdict(*tasks)[0] == headline


@pytest.mark.parametrize("tasks", [[], None])
def test_no_task_is_no_finding(tasks: object) -> None:
    assert findings.verdict({"tasks": tasks}) == [
        "Nothing was measured: this report holds no tasks."
    ]


def test_the_caller_escapes_names_and_units_and_not_our_own_words() -> None:
    case = task("x", unit="<u>", teacher=None, gap_closed=None)
    lines = findings.verdict({"tasks": [case]}, escape=lambda text: f"«{text}»")
    assert "no teacher score on «x»; " in lines[1]
    assert "[+0.02, +0.12] «<u>»." in lines[1]


def test_braces_in_a_name_are_only_text() -> None:
    assert "closed on {gap} {0.x}." in verdict(task("{gap} {0.x}"))[1]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ({"value": 0.314159, "stderr": 0.0213}, "share", "31.4% ± 2.1"),
        ({"value": 14.402, "stderr": 0.3}, "nats per token", "14.40 ± 0.30"),
        ({"value": 0.0, "stderr": None}, "share", "0.0%"),
        ({"value": math.nan, "stderr": 1.0}, "share", "n/a"),
        ({"value": 10**400}, "", "n/a"),
        (None, "share", "n/a"),
    ],
)
def test_scores_have_sensible_digits(value: dict[str, Any] | None, unit: str, text: str) -> None:
    assert wording.score(value, unit) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0004, "0.0004"), (-0.0, "0.00"), (-1234.5, "−1,234.50"), (0.1, "0.10")]
)
def test_what_is_not_nought_is_not_printed_as_nought(value: float, text: str) -> None:
    assert wording.fixed(value, 2) == text


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((0.98, 0.94, 0.997), "98.0% [94.0%, 99.7%]"),
        ((0.5, 0.49, 0.51), "50.0% [49.0%, 51.0%]"),
        ((12.5, -30.0, 55.0), "1,250% [−3,000%, 5,500%]"),
        ((1.0, 0.9, 1.1), "100% [90%, 110%]"),
    ],
)
def test_gap_closed_is_never_clipped_nor_rounded_onto_the_teacher(
    ends: tuple[float, float, float], text: str
) -> None:
    assert wording.gap_text(interval(*ends)) == text


def test_the_cell_of_an_unbounded_gap_gives_the_teachers_lead_instead() -> None:
    words, note = wording.gap_cell(unbounded())
    assert words == "teacher not measurably better"
    assert note == "teacher − base +2.0 points [−2.0, +6.0]"


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("a\x00b\x7f", "a␀b⟨U+007F⟩"),
        ("\ud800x\uffff", "�x�"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("abc\u202edef", "abc⟨U+202E⟩def"),
        ("a\r\nb\rc\u2028d\te", "a\nb\nc\nd\te"),
        ("العربية 中文 👩🏽‍🔬 é", "العربية 中文 👩🏽‍🔬 é"),
    ],
)
def test_controls_are_made_visible_and_languages_pass(raw: str, seen: str) -> None:
    assert wording.visible(raw) == seen


def test_a_name_is_one_line() -> None:
    assert wording.visible(" a\n\tb\u2029c ", one_line=True) == "a b c"


def test_numbers_after_a_name_from_right_to_left_keep_their_order() -> None:
    line = verdict(task("العربية", **gap(0.05, -0.08, 0.18)))[1]
    assert line.endswith("closed on العربية\u200e: 5% [−8%, 18%].")
    assert wording.visible("عربي\u200e", one_line=True) == "عربي\u200e"


def test_the_example_holds_every_state_that_a_plot_must_draw() -> None:
    states = {wording.gap_state(row) for row in example()["tasks"]}
    assert {"part", "past", "away", "open", "unbounded", "no_teacher"} <= states


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("gguf:/home/me/模型/qwen.gguf", "gguf:qwen.gguf"),
        ("/srv/models/small", "small"),
        ("openai:/models/served", "openai:served"),
        ("hf:ORG/NAME", "hf:ORG/NAME"),
        ("ORG/NAME", "ORG/NAME"),
        ("bundled", "bundled"),
        ("fake:a\x1bb", "fake:a␛b"),
        (None, "n/a"),
    ],
)
def test_a_model_is_named_without_folders_of_this_machine(name: object, shown: str) -> None:
    assert wording.model_name(name) == shown
