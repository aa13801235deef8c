"""Shares of marks and Wilson's intervals."""

from __future__ import annotations

import math

import pytest

from limbeck.audit.marks import MODEL, Marks, summary, wilson


def marks(*values: bool | None) -> Marks:
    return dict(zip(("instruction_valid", "input_fits", "output_correct"), values, strict=True))


@pytest.mark.parametrize(  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    ("yes", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_those_of_newcombes_table(yes: int, n: int, low: float, high: float) -> None:
    assert [round(end, 4) for end in wilson(yes, n)] == [low, high]


def test_the_ends_solve_wilsons_equation() -> None:
    for yes, n in ((108, 200), (184, 200), (3, 7)):
        for end in wilson(yes, n):
            off = abs(end - yes / n) / math.sqrt(end * (1 - end) / n)
            assert off == pytest.approx(1.959964, abs=1e-6)


def test_nothing_marked_says_nothing_and_all_or_none_stay_within_0_and_1() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == 1.0
    assert 0 < wilson(5, 5)[0] < 1


def test_every_question_counts_its_own_marks_and_all_three_whole_rows() -> None:
    rows = {
        "a": marks(True, True, True),
        "b": marks(True, True, False),
        "c": marks(False, None, None),
        "d": marks(None, None, None),
        "e": marks(True, None, True),
    }
    found = summary(rows, ("Ana", "李雷"))
    counts = {name: (q["yes"], q["marked"]) for name, q in found["questions"].items()}
    assert counts == {
        "instruction_valid": (3, 4),
        "input_fits": (2, 2),
        "output_correct": (2, 3),
        "all_three": (1, 2),
    }
    assert (found["rows"], found["in_part"]) == (5, 2)
    assert (found["by"], found["human"]) == ("Ana and 李雷", True)
    assert found["questions"]["all_three"]["share"] == 0.5


def test_the_papers_shares_stand_beside_ours() -> None:
    found = summary({"a": marks(None, None, None)}, ())
    papers = [question["paper"]["share"] for question in found["questions"].values()]
    assert papers == [0.92, 0.79, 0.58, 0.54]
    assert found["questions"]["input_fits"]["share"] is None
    assert found["by"] == "a human"


def test_one_models_signature_makes_the_marks_no_humans() -> None:
    assert not summary({"a": marks(True, True, True)}, ("Ana", f"{MODEL}openai:m"))["human"]
