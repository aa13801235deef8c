"""The answer that a student is taught."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.record import Provenance, Record, user
from limbeck.taught import taught_answer

RIGHT, WRONG, UNREAD = ({"status": name} for name in ("correct", "wrong", "unparseable"))


def answered(target: str | None = None, **meta: Any) -> str:
    return taught_answer(Record((user("q"),), "x", Provenance("t"), target=target, meta=meta))


@pytest.mark.parametrize(
    ("target", "meta", "answer"),
    [
        (" 7\n", {}, "7"),
        ("7", {"answer_text": "seven", "answer": "8"}, "7"),
        ("7", {"answer_text": "seven", "check": RIGHT}, "7"),
        ("7", {"answer_text": "eight", "answer": "8", "check": WRONG}, "eight"),
        ("7", {"answer_text": "many", "check": UNREAD}, "many"),
        ("7", {"answer": "8", "check": WRONG}, "8"),
        ("7", {"check": WRONG}, ""),
        (None, {"answer_text": "B, A", "answer": "a, b"}, "B, A"),
        (None, {"answer_text": " \n", "answer": "a, b"}, "a, b"),
        (None, {"answer": "1250"}, "1250"),
        (None, {}, ""),
        (" ", {"answer": "8"}, ""),
    ],
)
def test_the_target_where_it_was_given_else_the_teachers_words(
    target: str | None, meta: dict[str, Any], answer: str
) -> None:
    assert answered(target, **meta) == answer


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Paris, the City.", "Paris, the City"),
        ("$1,250.50.", "$1,250.50"),
        ("巴黎。", "巴黎"),
        ("3 p.m.", "3 p.m."),
        ("the U.S.", "the U.S."),
        ("and so on...", "and so on..."),
        ("No. 5", "No. 5"),
        ("7 .", "7"),
        (".", ""),
    ],
)
def test_the_period_that_ends_the_sentence_is_no_part_of_the_answer(said: str, answer: str) -> None:
    assert answered(answer_text=said) == answer
