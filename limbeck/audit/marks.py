"""Marks of a sheet, a human's or a judge model's, as shares with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.wilson import wilson

QUESTIONS = ("instruction_valid", "input_fits", "output_correct")
# Self-Instruct (arXiv 2212.10560), table 2: of 200 rows.
PAPER = {"instruction_valid": 184, "input_fits": 158, "output_correct": 116, "all_three": 108}
PAPER_ROWS = 200
FEW = 30  # marks below which a share says little
MODEL = "the model "  # begins the name of a marker that is none of us

Marks = Mapping[str, bool | None]
"""One row's marks, by all three questions; None is not marked."""
NOT_MARKED: Marks = dict.fromkeys(QUESTIONS)


def summary(marked: Mapping[str, Marks], by: Sequence[str]) -> dict[str, Any]:
    """Share and interval for each question, and for all three together.

    `by` are the markers' names: a model's begins with MODEL, and without one it was a human.
    `all_three` looks only at rows with all three marks, and `in_part` counts those with one or
    two: a single "no" would settle such a row and a single "yes" would not, so counting them
    would press the share down.
    """
    given = {q: [m[q] for m in marked.values() if m[q] is not None] for q in QUESTIONS}
    questions = {q: _share(sum(map(bool, marks)), len(marks), q) for q, marks in given.items()}
    whole = [marks for marks in marked.values() if None not in marks.values()]
    good = sum(all(marks.values()) for marks in whole)
    questions["all_three"] = _share(good, len(whole), "all_three")
    begun = sum(any(mark is not None for mark in marks.values()) for marks in marked.values())
    return {
        "by": " and ".join(by) or "a human",
        "human": not any(name.startswith(MODEL) for name in by),
        "rows": len(marked),
        "in_part": begun - len(whole),
        "questions": questions,
    }


def _share(yes: int, n: int, question: str) -> dict[str, Any]:
    low, high = wilson(yes, n)
    paper_low, paper_high = wilson(PAPER[question], PAPER_ROWS)
    paper = {"share": PAPER[question] / PAPER_ROWS, "low": paper_low, "high": paper_high}
    share = yes / n if n else None
    return {"yes": yes, "marked": n, "share": share, "low": low, "high": high, "paper": paper}
