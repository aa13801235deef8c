"""Record filter `vote`: typed answers are counted, and a majority must be clear."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.filters.vote import Vote
from limbeck.protocols import Filter
from limbeck.record import Provenance, Record, user


def paths(question: str, *answers: str, **meta: Any) -> list[Record]:
    return [
        Record((user(question),), f"思考…\nAnswer: {answer}", Provenance("t", index=n), meta=meta)
        for n, answer in enumerate(answers)
    ]


def kept(judge: Vote, records: list[Record]) -> list[bool]:
    return [verdict.keep for verdict in judge.judge(records)]


def test_spellings_of_one_number_vote_together() -> None:
    rows = paths("q", "1,200", "7", "1200.0", "$1,200", "7.5", kind="number")
    verdicts = Vote().judge(rows)
    assert [v.keep for v in verdicts] == [True, False, True, True, False]
    assert {v.reason for v in verdicts if not v.keep} == {"minority"}
    assert {v.score for v in verdicts} == {3 / 5}
    assert [v.record for v in verdicts] == [row.id for row in rows]
    assert isinstance(Vote(), Filter)


def test_a_tie_and_a_narrow_lead_are_no_majority() -> None:
    assert kept(Vote(margin=0), paths("q", "7", "8", "7", "8", kind="number")) == [False] * 4
    close = paths("q", "7", "7", "7", "8", "8", kind="number")
    assert kept(Vote(margin=0.2), close) == [True] * 3 + [False] * 2  # a lead of 1 in 5
    verdicts = Vote(margin=0.21).judge(close)
    assert {v.reason for v in verdicts} == {"no_majority"}


def test_one_vote_is_not_enough_unless_the_recipe_says_so() -> None:
    assert kept(Vote(), paths("q", "7", kind="number")) == [False]
    assert kept(Vote(votes=1), paths("q", "7", kind="number")) == [True]


def test_questions_vote_apart() -> None:
    rows = [*paths("a", "7", "7", "8", kind="number"), *paths("b", "8", "8", "7", kind="number")]
    assert kept(Vote(), rows) == [True, True, False] * 2


def test_what_has_no_answer_or_was_cut_off_has_no_vote_but_counts() -> None:
    rows = paths("q", "7", "7", "8", kind="number")
    rows += [
        Record((user("q"),), "I wonder.", Provenance("t", index=8), meta={"kind": "number"}),
        Record(
            (user("q"),),
            "Answer: 7",
            Provenance("t", index=9),
            meta={"kind": "number", "finish_reason": "length"},
        ),
    ]
    verdicts = Vote(margin=0.2).judge(rows)
    assert [v.reason for v in verdicts] == ["", "", "minority", "unparseable", "truncated"]
    assert {v.reason for v in Vote(margin=0.3).judge(rows)} == {
        "no_majority",
        "unparseable",
        "truncated",
    }


@pytest.mark.parametrize(
    ("kind", "answers", "expected"),
    [
        ("date", ["05/01/2020", "May 1, 2020", "01/05/2020"], [True, True, False]),
        ("yesno", ["Yes", "yes.", "No"], [True, True, False]),
        ("choice", ["(B)", "B", "A"], [True, True, False]),
        ("text", ["Paris", "paris", "Rome"], [True, True, False]),
    ],
)
def test_every_kind_is_counted_by_its_value(
    kind: str, answers: list[str], expected: list[bool]
) -> None:
    meta = {"kind": kind}
    if kind == "choice":
        meta["options"] = ["x", "y", "z"]  # type: ignore[assignment]
    assert kept(Vote(), paths("q", *answers, **meta)) == expected
