"""Record filter `vote`: typed answers are counted, and a majority must be clear."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.filters.vote import Vote
from limbeck.protocols import Filter
from limbeck.record import Message, Provenance, Record, user


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


def test_questions_that_look_alike_vote_apart() -> None:
    def asked(messages: tuple[Message, ...], *answers: str, parent: str = "") -> list[Record]:
        parents = (parent,) if parent else ()
        return [
            Record(messages, f"Answer: {answer}", Provenance("t", index=n, parents=parents))
            for n, answer in enumerate(answers)
        ]

    def in_(unit: str) -> tuple[Message, ...]:
        return (Message("system", f"Answer in {unit}."), user("How far?"))

    rows = [*asked(in_("miles"), *"5555"), *asked(in_("km"), *"8885")]
    assert kept(Vote(), rows) == [True] * 4 + [True, True, True, False]
    rows = [
        *asked((user("What is 2²?"),), *"4444"),
        *asked((user("What is 22?"),), "22", "22", "4"),
    ]
    assert kept(Vote(), rows) == [True] * 4 + [True, True, False]
    rows = [*asked((user("q"),), *"444", parent="a"), *asked((user("q"),), *"55", parent="b")]
    assert kept(Vote(), rows) == [True] * 5


def test_paths_that_an_earlier_filter_took_count_among_all() -> None:
    rows = paths("q", *["7"] * 8, kind="number", paths=8)
    assert kept(Vote(margin=0.5), rows[:4]) == [True] * 4
    verdicts = Vote(margin=0.5).judge(rows[:3])
    assert [(verdict.reason, verdict.score) for verdict in verdicts] == [("no_majority", 3 / 8)] * 3


def test_options_are_counted_by_letter_and_by_text() -> None:
    meta = {"kind": "choice", "options": ["red ball", "blue ball", "green ball"]}
    assert kept(Vote(), paths("q", "blue ball", "B", "A", **meta)) == [True, True, False]


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("length", "truncated"), ("max_tokens", "truncated"), ("content_filter", "refused")],
)
def test_what_did_not_end_as_it_should_has_no_vote(finish: str, reason: str) -> None:
    rows = [*paths("q", "7", "7"), *paths("q", "7", finish_reason=finish)]
    assert [verdict.reason for verdict in Vote().judge(rows)] == ["", "", reason]


@pytest.mark.parametrize("meta", [{}, {"kind": "auto"}, {"kind": "integer"}])
def test_without_a_known_kind_answers_count_by_their_form(meta: dict[str, Any]) -> None:
    assert kept(Vote(), paths("q", "1,200", "1200.0", "$1200", "7", **meta)) == [True] * 3 + [False]
