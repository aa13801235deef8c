"""Flips and copied errors, counted by hand and made by students that copy or do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from limbeck.evals.statistics.flips import flips

#          0  1  2  3  4  5  6  7
BASE = [0, 0, 1, 1, 0, 0, 1, 0]
STUDENT = [1, 0, 0, 1, 0, 1, 0, 0]
TEACHER = [1, 1, 1, 0, 0, 0, 0, 0]
ANSWERS: dict[str, list[str | None]] = {
    "base": ["b", "b", "a", "a", "b", "c", "a", None],
    "student": ["a", "b", "b", "a", "C ", "a", "b", "d"],
    "teacher": ["a", "a", "a", "b", "c", "c", "b", "d"],
}


def test_by_hand() -> None:
    found = flips(BASE, STUDENT, TEACHER, ANSWERS)
    assert found["n"] == 8
    assert found["acquired"] == {"count": 1, "of": 2}
    assert found["forgotten"] == {"count": 2, "of": 3}
    assert found["past_teacher"] == {"count": 2, "of": 5}
    copied = found["copied"]
    # Items 3 to 7: the student copies 4, 6 and 7; base gives the teacher's answer in 5.
    assert (copied["of"], copied["count"]) == (5, 3)
    assert (copied["rate"], copied["base_rate"]) == (0.6, 0.2)
    assert copied["difference"]["value"] == pytest.approx(0.4)
    half = stats.t.ppf(0.975, 4) * stats.sem([0, 1, -1, 1, 1])
    assert copied["difference"]["high"] == pytest.approx(0.4 + half)
    assert copied["p_value"] == pytest.approx(stats.binomtest(3, 4).pvalue)
    # Of those both have wrong and readable, item 4 is left: one item has no interval.
    assert copied["both_wrong"] == {
        "of": 1,
        "count": 1,
        "rate": 1.0,
        "base_rate": 0.0,
        "difference": None,
        "p_value": None,
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ＡＢＣ", " abc\n", True),
        ("Straße", "STRASSE", True),
        ("caf\u00e9", "cafe\u0301", True),
        ("北京", "北京 ", True),
        ("القاهرة", "القاهرة", True),
        ("🐈", "🐈", True),
        ("北京", "东京", False),
        ("🐈", "🐕", False),
        ("", "", False),
        (" ", " ", False),
    ],
)
def test_answers_are_compared_in_every_script(one: str, other: str, same: bool) -> None:
    answers = {"base": ["x", "x"], "student": [one, "y"], "teacher": [other, "z"]}
    found = flips([0, 0], [0, 0], [0, 0], answers)["copied"]
    assert found["count"] == same
    assert found["of"] == (2 if other.strip() else 1)


def test_an_unreadable_answer_of_the_teacher_is_no_error_to_copy() -> None:
    answers: dict[str, Any] = {"base": ["b"], "student": [None], "teacher": [None]}
    assert flips([0], [0], [0], answers, options=[4])["copied"] is None
    assert flips([0], [0], [1], {**answers, "teacher": ["a"]}, options=[4])["copied"] is None
    assert flips([0], [0], [0])["copied"] is None


def copied_by(scores: Any, answers: Any, **more: Any) -> Any:
    base, student, teacher = scores
    return flips(base, student, teacher, answers, **more)["copied"]


def made(seed: int, n: int, options: int, copies: float) -> Any:
    """Three models that err on their own, but for the student's share of copied answers."""
    random = np.random.default_rng(seed)
    base, student, teacher = random.integers(options, size=(3, n))
    student = np.where(random.uniform(size=n) < copies, teacher, student)
    scores = [(said == 0).astype(float) for said in (base, student, teacher)]
    named = {"base": base, "student": student, "teacher": teacher}
    return scores, {role: [f"option {k}" for k in said] for role, said in named.items()}


def test_a_copying_student_is_found() -> None:
    scores, answers = made(0, 400, 4, 0.5)
    copied = copied_by(scores, answers)
    assert copied["difference"]["low"] > 0.1
    assert copied["both_wrong"]["p_value"] < 0.001
    assert copied["both_wrong"]["base_rate"] == pytest.approx(1 / 3, abs=0.1)


def test_a_student_that_errs_by_itself_is_not_found_more_often_than_it_should() -> None:
    tries = (made(seed, 120, 4, 0) for seed in range(200))
    found = [copied_by(scores, said) for scores, said in tries]
    assert sum(row["p_value"] < 0.05 for row in found) / 200 < 0.08
    assert sum(row["both_wrong"]["p_value"] < 0.05 for row in found) / 200 < 0.08


def test_more_errors_alone_are_not_copies_where_both_are_wrong() -> None:
    random = np.random.default_rng(1)
    n = 2000
    base, student, teacher = random.integers(4, size=(3, n))
    base = np.where(random.uniform(size=n) < 0.6, 0, base)  # right more often than the student
    scores = [(said == 0).astype(float) for said in (base, student, teacher)]
    said = {
        role: [f"{k}" for k in answers]
        for role, answers in (("base", base), ("student", student), ("teacher", teacher))
    }
    copied = copied_by(scores, said)
    assert copied["p_value"] < 0.001  # the share of all items rises with the errors
    assert copied["both_wrong"]["p_value"] > 0.05  # and this does not


def test_with_two_options_an_error_has_no_author() -> None:
    scores, answers = made(0, 50, 2, 0.5)
    assert copied_by(scores, answers) is None
    assert copied_by(scores, answers, options=[2] * 50) is None
    assert copied_by(scores, answers, options=[None] * 50) is not None  # free answers
    mixed = copied_by(scores, answers, options=[2] * 25 + [4] * 25)
    assert mixed["of"] == int((scores[2][25:] == 0).sum())


def test_clusters_are_taken_whole() -> None:
    scores, answers = made(3, 60, 4, 0.5)
    alone = copied_by(scores, answers)
    repeated = [np.repeat(one, 5) for one in scores]
    said = {role: [t for t in texts for _ in range(5)] for role, texts in answers.items()}
    whole = copied_by(repeated, said, clusters=np.repeat(np.arange(60), 5).tolist())
    assert whole["difference"] == pytest.approx(alone["difference"])
    assert copied_by(scores, answers, clusters=["one"] * 60)["p_value"] is None


def test_what_is_not_right_or_wrong_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or 1"):
        flips([0.5], [0], [0])
    with pytest.raises(ValueError, match="different numbers"):
        flips([0, 1], [0], [0])
    with pytest.raises(ValueError, match="1 items have 2 of student"):
        flips([0], [0], [0], {"base": ["a"], "student": ["a", "b"], "teacher": ["a"]})
    with pytest.raises(ValueError, match="1 items have 2 of options"):
        flips([0], [0], [0], {"base": ["a"], "student": ["a"], "teacher": ["a"]}, options=[4, 4])
