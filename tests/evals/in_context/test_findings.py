"""The verdict on in-context ability: every sentence against counts known by construction."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.evals.in_context.findings import findings, headline
from tests.evals.in_context.made_up import RIGHT, WEATHER, part, right


def told(found: dict[str, Any], **options: Any) -> dict[str, str]:
    """The lines by their kind."""
    lines = [line.partition(": ") for line in findings(found, **options)]
    assert all(after.endswith(".") for _, _, after in lines)
    return {kind: after for kind, _, after in lines}


def test_a_student_that_learned_from_demos() -> None:
    found = part()
    assert headline(found) == (
        "In context, after 2 random demos, the student is measurably more accurate than base "
        "(mean over 2 tasks)."
    )
    lines = told(found)
    assert list(lines) == ["In context", "Demos", "Controls", "Agreement"]
    # (20 + 16) / 80, (32 + 28) / 80 and 72 / 80; 30 of 45 points are two thirds.
    scores = lines["In context"]
    assert scores.startswith(
        "mean accuracy over 2 tasks after 2 random demos: base 45.0%, student 75.0% (+30.0 points ["
    )
    assert ", teacher 90.0%; without a model, the most frequent label " in scores
    assert "By task, the student is measurably more accurate than base on 2 of 2 tasks." in scores
    assert ". 67% [" in scores
    assert scores.endswith("of the gap to the teacher closed on the mean over 2 tasks.")
    assert lines["Demos"].startswith("after 2 random demos the student's accuracy is 75.0% [")
    assert "without demos 40.0% [" in lines["Demos"]
    assert ": demos help it measurably. The base's is 45.0% [" in lines["Demos"]
    assert (
        "the student's accuracy falls measurably, from 75.0% to 20.0% (−55.0 points ["
        in (lines["Controls"])
    )
    assert "of the rows: it reads its demos' labels. The base's accuracy " in lines["Controls"]
    assert "the base's accuracy does not change measurably, from 45.0% to 45.0% (0.0 points" in (
        lines["Controls"].replace("The base", "the base")
    )
    # Guessing: the mean of 1/2 and 1/3.
    assert lines["Controls"].endswith(", measurably above guessing (41.7%).")
    # Right and wrong alike in 36 and 32 of 40 rows; the base in 24 and 20.
    assert lines["Agreement"].startswith(
        "of the labels predicted after 2 random demos, the student's is the teacher's in 85.0% ["
    )
    assert ", the base's is the teacher's in 55.0% [" in lines["Agreement"]


def test_a_single_task_is_named_and_its_exchanged_labels_are_counted() -> None:
    found = part(["mood"])
    lines = told(found, escape=lambda text: text.replace("mood", "MOOD"))
    assert lines["In context"].startswith("accuracy on MOOD after 2 random demos: base 45.0%")
    assert "By task" not in lines["In context"]
    assert "closed on MOOD." in lines["In context"]
    assert "(mean over" not in headline(found)
    # Of two labels what is not right is the exchanged one: 32 of 40.
    assert "from 75.0% to 20.0%" in lines["Controls"]
    assert "it says the exchanged label in 80.0% of the rows" in lines["Controls"]


@pytest.mark.parametrize(
    ("without", "words"),
    [
        (16, "demos help it measurably"),
        (28, "the intervals overlap, so that a gain from demos is not shown"),
        (40, "demos harm it measurably"),
    ],
)
def test_the_curves_end_is_held_against_its_beginning(without: int, words: str) -> None:
    assert f": {words}." in told(part(counts=right(none__0=(without,))))["Demos"]


@pytest.mark.parametrize(
    ("flipped", "words"),
    [
        ((6, 10), "falls measurably, from 75.0% to 20.0%"),
        ((30, 30), "does not change measurably, from 75.0% to 75.0%"),
        ((40, 40), "rises measurably, from 75.0% to 100.0%"),
    ],
)
def test_exchanged_labels_move_accuracy_each_way(flipped: tuple[int, ...], words: str) -> None:
    line = told(part(["mood"], right(random__2__flipped=flipped)))["Controls"]
    assert f"the student's accuracy {words}" in line
    assert ("it reads its demos' labels." in line) == words.startswith("falls")
    assert ("is not shown." in line) == words.startswith("does not")


def test_a_student_no_better_than_base_or_worse_is_told_as_such() -> None:
    same = part(counts=right(random__2=(20, 16)))
    assert "the student is not measurably different from base (mean" in headline(same)
    assert "measurably different from base on none of 2 tasks" in told(same)["In context"]
    worse = part(counts=right(random__2=(4, 4)))
    assert "the student is measurably less accurate than base (mean" in headline(worse)
    assert "moved away from the teacher" in told(worse)["In context"]


def test_a_teacher_no_better_than_base_gives_no_gap() -> None:
    level = part(counts=right("teacher", random__2=(20, 16)))
    assert told(level)["In context"].endswith(
        "Gap closed not measurable (teacher not measurably better than base)."
    )
    assert "%" not in told(level)["In context"].rpartition(". ")[2]


def test_what_was_not_asked_is_not_told() -> None:
    none = part(counts=right(none__0=None, random__2__flipped=None, random__2__random_words=None))
    assert list(told(none)) == ["In context", "Agreement"]
    words_only = told(part(counts=right(random__2__flipped=None)))["Controls"]
    assert words_only.startswith("with random words for labels the student's accuracy is 85.0% [")
    two = {name: RIGHT[name] for name in ("base", "student")}
    lines = told(part(counts=two))
    assert list(lines) == ["In context", "Demos", "Controls"]
    assert "teacher" not in lines["In context"]


def test_a_curve_without_demos_says_so() -> None:
    only = {name: {"none/0": rows["none/0"]} for name, rows in RIGHT.items()}
    found = part(counts=only)
    assert headline(found) == (
        "In context, without demos, the student is not measurably different from base (mean over "
        "2 tasks)."
    )
    assert told(found)["In context"].startswith("mean accuracy over 2 tasks without demos: base 40")
    assert "Demos" not in told(found)


def test_a_task_that_was_lost_leaves_counts_by_task() -> None:
    found = part(lost={WEATHER: list(RIGHT["student"])})
    assert found["mean"]["points"] == []
    assert headline(found) == (
        "In context, after 2 random demos, the student is measurably more accurate than base on 1 "
        "of 2 tasks."
    )
    lines = told(found)
    assert lines["In context"] == (
        "the tasks share no condition, so that there is no mean over them."
    )
    assert lines["Controls"].startswith("with exchanged labels in the demos the student's")
    assert lines["Controls"].endswith("'s accuracy falls measurably on 1 of 1 tasks.")


def test_a_control_that_one_task_lacks_is_counted_over_the_others() -> None:
    found = part(lost={WEATHER: ["random/2/flipped"]})
    line = told(found)["Controls"]
    assert "falls measurably on 1 of 1 tasks. With random words" in line


@pytest.mark.parametrize(
    "empty",
    [
        {"tasks": [], "mean": {"tasks": [], "points": []}},
        {"tasks": None, "mean": None, "protocol": None, "failed_calls": None},
        {"tasks": [{"task": "t", "points": []}], "mean": {"points": []}},
    ],
)
def test_nothing_measured_is_said_in_one_sentence(empty: dict[str, Any]) -> None:
    assert headline(empty) == "In-context ability was asked for, but nothing of it was measured."
    assert findings(empty) == []
