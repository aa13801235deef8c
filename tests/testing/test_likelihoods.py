"""The fake's likelihoods are those of its known probabilities."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

import pytest

from limbeck.errors import BadRequest
from limbeck.protocols import Likelihoods, Request, Teacher
from limbeck.record import Message, user
from limbeck.testing import FakeLikelihoods

KNOWN = {"très bien": 0.5, "très mal": 0.25, "好": 0.25}
ASK = Request((Message("system", "Sois bref."), user("Alors ?")))


def begun(text: str) -> Request:
    return replace(ASK, messages=(*ASK.messages, Message("assistant", text)))


def test_it_is_a_teacher_with_likelihoods() -> None:
    teacher = FakeLikelihoods(KNOWN)
    assert isinstance(teacher, Teacher)
    assert isinstance(teacher, Likelihoods)
    assert asyncio.run(teacher.ask(ASK)).text == "très bien"


def test_labels_score_what_begins_with_them() -> None:
    teacher = FakeLikelihoods(KNOWN)
    scores = asyncio.run(teacher.label_scores(ASK, ["très", "très mal", "好", "non"]))
    assert scores == pytest.approx([math.log(0.75), math.log(0.25), math.log(0.25), -math.inf])
    assert teacher.scored == [ASK]


def test_a_begun_answer_has_the_log_probabilities_of_its_tokens() -> None:
    found = asyncio.run(FakeLikelihoods(KNOWN).prompt_logprobs(begun("très mal")))
    assert [text for text, _ in found] == ["Sois bref.\n", "Alors ?\n", "très", " mal"]
    values = [value for _, value in found]
    assert values[:2] == [None, -1.0]
    assert values[2:] == pytest.approx([math.log(0.75), math.log(1 / 3)])


def test_the_next_tokens_come_with_the_likeliest_first() -> None:
    found = asyncio.run(FakeLikelihoods(KNOWN).top_logprobs(ASK, 1))
    assert dict(found) == pytest.approx({"très": math.log(0.75)})


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request((user("x"),), template="raw"), "in chats only"),
        (begun("jamais"), "never says 'jamais'"),
    ],
)
def test_what_it_cannot_know_is_told(request_: Request, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        asyncio.run(FakeLikelihoods(KNOWN).prompt_logprobs(request_))


def test_k_is_checked() -> None:
    with pytest.raises(BadRequest, match="k must be at least 1"):
        asyncio.run(FakeLikelihoods(KNOWN).top_logprobs(ASK, 0))
