"""Shares of marks and Wilson's intervals."""

from __future__ import annotations

from limbeck.audit.marks import MODEL, Marks, summary


def marks(*values: bool | None) -> Marks:
    return dict(zip(("instruction_valid", "input_fits", "output_correct"), values, strict=True))


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
