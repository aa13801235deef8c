"""The record filters `answer` and `consistent`."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.filters.answer import Answer, Consistent, consistent
from limbeck.record import Provenance, Record, user
from limbeck.registry import build


def record(completion: str, target: str | None = "12", **meta: Any) -> Record:
    return Record((user("5 + 7?"),), completion, Provenance("test"), target, meta)


@pytest.mark.parametrize(
    ("row", "keep", "reason"),
    [
        (record("The answer is 12."), True, ""),
        (record("The answer is 13."), False, "wrong"),
        (record("The answer is 12 or 13."), False, "wrong"),
        (record("Who knows?"), False, "unparseable"),
        (record("The answer is"), False, "truncated"),
        (record("<think>12"), False, "truncated"),
        (record("The answer is 12.", finish_reason="stop"), True, ""),
        (record("The answer is 12.", finish_reason="length"), False, "truncated"),
        (record("The answer is 13.", finish_reason="length"), False, "truncated"),
        (record("The answer is 12.", finish_reason="max_tokens"), False, "truncated"),
        (record("The answer is 12.", finish_reason="model_length"), False, "truncated"),
        (record("The answer is 12.", finish_reason="content_filter"), False, "refused"),
        (record("The answer is 12.", finish_reason="end_turn"), True, ""),
        (record("The answer is 12.", finish_reason=None), True, ""),
        (record("Paris", "B", options=["London", "Paris"]), True, ""),
        (record("B) London", "B", options=["London", "Paris"]), False, "unparseable"),
        (record("答案是十二。"), True, ""),
    ],
)
def test_only_right_answers_are_kept(row: Record, keep: bool, reason: str) -> None:
    (verdict,) = Answer().judge([row])
    assert (verdict.record, verdict.filter) == (row.id, "answer")
    assert (verdict.keep, verdict.score, verdict.reason) == (keep, float(keep), reason)


def test_answered_lets_wrong_answers_pass_and_nothing_else() -> None:
    rows = [
        record("The answer is 12."),
        record("The answer is 13."),
        record("Who knows?"),
        record("The answer is 13.", finish_reason="length"),
    ]
    found = Answer(keep="answered").judge(rows)
    assert [(v.keep, v.score, v.reason) for v in found] == [
        (True, 1.0, ""),
        (True, 0.0, "wrong"),
        (False, 0.0, "unparseable"),
        (False, 0.0, "truncated"),
    ]


def test_verdicts_come_in_the_order_of_the_records() -> None:
    rows = [record(f"The answer is {number}.", str(number % 2 + 1)) for number in range(1, 5)]
    assert [verdict.keep for verdict in Answer("number").judge(rows)] == [
        False,
        False,
        False,
        False,
    ]
    rows = [record(f"The answer is {number}.", "2") for number in range(4)]
    assert [verdict.keep for verdict in Answer("number").judge(rows)] == [False, False, True, False]


def test_a_record_without_a_target_is_the_users_error_and_names_the_vote() -> None:
    with pytest.raises(UserError, match=r"has no target.*the filter 'vote'"):
        Answer().judge([record("12", None)])


def test_a_target_that_does_not_fit_its_kind_is_the_users_error() -> None:
    with pytest.raises(UserError, match="'Paris' is not one number"):
        Answer("number").judge([record("12", "Paris")])


def test_the_filters_are_built_by_name() -> None:
    judge = build("filters", "answer", {"kind": "date"})
    assert isinstance(judge, Answer)
    assert judge.judge([record("May 1, 2019", "05/01/2019")])[0].keep
    assert isinstance(build("filters", "consistent", {}), Consistent)
    with pytest.raises(UserError, match="kind"):
        build("filters", "answer", {"kind": "numbr"})


@pytest.mark.parametrize(
    ("rationale", "answer", "agrees"),
    [
        ("5 + 7 = 12, so there are 12.", "12", True),
        ("5 + 7 = 13, so there are 13.", "12", False),
        ("She has 12 apples left after 3 days.", "12", None),
        ("She has 13 apples left after 3 days.", "12", False),
        ("She buys 12 apples. So there are 13.", "12", False),
        ("The answer is 12 or 13.", "12", False),
        ("It is 05/01/2019, a day after 04/30/2019.", "05/01/2019", True),
        ("Let us add the apples.", "12", None),
        ("", "12", None),
        ("We get 5 + 7 =", "12", None),
        ("The day after 04/30/2019 is 05/01/2019.", "05/01/2019", True),
        ("The day after 04/30/2019 is 05/01/2019.", "05/01/2020", False),
        ("So the coin is still heads up. Yes.", "no", False),
    ],
)
def test_a_rationale_agrees_contradicts_or_concludes_nothing(
    rationale: str, answer: str, agrees: bool | None
) -> None:
    assert consistent(rationale, answer) is agrees


@pytest.mark.parametrize(
    ("row", "keep", "score"),
    [
        (record("x", rationale="5 + 7 = 12", answer="12"), True, 1.0),
        (record("x", rationale="5 + 7 = 13", answer="12"), False, 0.0),
        (record("x", rationale="5 + 7 = 13"), False, 0.0),
        (record("x", rationale="Let us see.", answer="12"), True, None),
        (record("x", None, rationale="5 + 7 = 13"), True, None),
        (record("x", "12", rationale="5 + 7 = 13", answer="13"), True, 1.0),
        (record("x", "12", rationale="5 + 7 = 12", answer="13"), False, 0.0),
        (record("x", None, rationale="It is 1/3.", answer="--01-03", kind="date"), True, None),
        (record("x", "seven or so", rationale="It is 7.", kind="number"), True, None),
        (record("x"), True, None),
    ],
)
def test_a_row_whose_rationale_concludes_something_else_is_refused(
    row: Record, keep: bool, score: float | None
) -> None:
    (verdict,) = Consistent().judge([row])
    assert (verdict.keep, verdict.score) == (keep, score)
    assert verdict.reason == ("" if keep else "inconsistent")


def test_a_record_that_says_its_kind_is_judged_as_that() -> None:
    """ "12" alone would be a number; as a text, "12.0" is another one."""
    said = Record((user("q"),), "Answer: 12.0", Provenance("t"), target="12", meta={"kind": "text"})
    plain = Record((user("q"),), "Answer: 12.0", Provenance("t"), target="12")
    assert [verdict.keep for verdict in Answer().judge([said, plain])] == [False, True]
    assert Answer(kind="number").judge([said])[0].keep


def test_an_error_cites_no_more_than_the_beginning_of_a_target() -> None:
    with pytest.raises(UserError) as caught:
        Answer(kind="number").judge([record("12", "很长的目标\x1b[31m" * 1000)])
    assert "the target '很长的目标\\x1b[31m" in str(caught.value)
    assert len(str(caught.value)) < 250
