"""Record filter `refusal`: `complete`'s own rule, and boilerplate beside it."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.filters.complete import Complete
from limbeck.filters.refusal import Refusal
from limbeck.protocols import Filter
from limbeck.record import Provenance, Record, user

REFUSED = [
    "I'm sorry, but I can't help with that.",
    "抱歉，我无法提供这方面的信息。",
    "Je suis désolé, mais je ne peux pas vous aider.",
    "As an AI language model, I cannot give legal advice.",
]
BOILERPLATE = [
    "As an AI language model, I would start with the soup.",
    "Paris is lovely. I am just an AI, so I have not been there.",
    "作为一个人工智能语言模型，我觉得春天最美。",
    "Als KI würde ich mit der Suppe beginnen.",
]
ANSWERS = [
    "Paris.",
    "I'm sorry to hear that. Give it time.",
    "As an AI researcher, she wrote many papers.",
    "人工智能是计算机科学的一个分支。",
    "",
]


def row(text: str, **meta: Any) -> Record:
    return Record((user("?"),), text, Provenance("test"), meta=meta)


def reason(record: Record, **options: Any) -> str:
    (verdict,) = Refusal(**options).judge([record])
    assert verdict.keep == (verdict.reason == "")
    assert verdict.score == float(not verdict.keep)
    return verdict.reason


@pytest.mark.parametrize("boilerplate", [True, False])
@pytest.mark.parametrize("text", REFUSED)
def test_a_refusal_is_refused(text: str, boilerplate: bool) -> None:
    assert reason(row(text), boilerplate=boilerplate) == "refused"


@pytest.mark.parametrize("text", BOILERPLATE)
def test_boilerplate_is_refused_unless_it_may_stay(text: str) -> None:
    assert reason(row(text)) == "boilerplate"
    assert reason(row(text), boilerplate=False) == ""


@pytest.mark.parametrize("text", ANSWERS)
def test_answers_stay(text: str) -> None:
    assert reason(row(text)) == ""


@pytest.mark.parametrize("finish", ["stop", "content_filter", "refusal"])
@pytest.mark.parametrize("text", [*REFUSED, *BOILERPLATE, *ANSWERS[:-1]])
def test_it_calls_refused_what_complete_does(text: str, finish: str) -> None:
    record = row(text, finish_reason=finish)
    (verdict,) = Complete().judge([record])
    assert verdict.reason == reason(record, boilerplate=False)


def test_verdicts_come_one_each_in_order() -> None:
    rows = [row("Paris."), row(REFUSED[0]), row(BOILERPLATE[0])]
    verdicts = Refusal().judge(rows)
    assert [v.record for v in verdicts] == [r.id for r in rows]
    assert [v.reason for v in verdicts] == ["", "refused", "boilerplate"]
    assert isinstance(Refusal(), Filter)
    assert Refusal.stateless
