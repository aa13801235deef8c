"""The sentences of the style section, for every state that it can be in."""

from __future__ import annotations

import pytest

from limbeck.evals.style.words import finding, notes, values
from tests.evals.style.made import section

AUC = (
    "; a classifier tells the student's 0.74 [0.66, 0.81], base's 0.97 [0.95, 0.99], the second "
    "sample's 0.51 [0.44, 0.58] from the teacher's answers (AUC, 0.5 is not)."
)


def closed(value: float, low: float, high: float) -> dict[str, object]:
    return {"value": value, "low": low, "high": high, "bounded": True}


def test_the_finding_is_one_sentence() -> None:
    way = "Style: 71% [60%, 83%] of the way to a second sample of the teacher's"
    assert finding(section()) == way + AUC
    assert finding(section(auc={})) == way + "."


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (closed(-0.3, -0.5, -0.1), "farther from it than base"),
        (closed(0.1, -0.1, 0.3), "not measurably nearer than base"),
        (closed(1.4, 1.2, 1.6), "past it"),
        ({"value": 3.0, "low": None, "high": None, "bounded": False}, "not measurably farther"),
        ({}, "not measurably farther"),
    ],
)
def test_what_is_not_shown_is_not_said(of: dict[str, object], said: str) -> None:
    assert said in finding(section(closed=of))


def test_an_unbounded_share_is_no_number() -> None:
    of = {"value": 3.0, "low": None, "high": None, "bounded": False}
    assert "300%" not in finding(section(closed=of))


@pytest.mark.parametrize("found", [{}, {"prompts": 0}, {"prompts": None}])
def test_nothing_measured(found: dict[str, object]) -> None:
    assert finding(found) == "Style: no prompt was answered by all models."
    assert all(isinstance(note, str) for note in notes(found))


def test_values_to_read() -> None:
    assert values(section()) == [
        "lists: base 12.0%, student 67.0%, teacher 81.0%, second sample 83.0%",
        "word overlap: base 12.0%, student 67.0%, second sample 83.0%",
    ]


def test_notes_tell_what_was_asked() -> None:
    assert notes(section())[0] == (
        "Asked: 100 prompts; 2 more were not answered by all and are left out; 3 of the file were "
        "training prompts and were not asked; temperature 0.7; 256 tokens at most."
    )


def test_notes_warn_of_cut_answers_and_of_a_second_sample_that_is_none() -> None:
    quiet = " ".join(notes(section()))
    assert "cut off" not in quiet
    assert "ignore seeds" not in quiet
    ends = section()["outcomes"]
    ends["base"] |= {"complete": 20, "truncated": 75}
    loud = " ".join(notes(section(outcomes=ends, same=60)))
    assert "base 75.0%" in loud
    assert "for 60 of 100 prompts" in loud
