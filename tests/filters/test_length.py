"""Record filter `length`: words and characters, in every script."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.errors import RecipeError
from limbeck.filters.length import Length
from limbeck.protocols import Filter
from limbeck.record import Message, Provenance, Record, user
from limbeck.registry import build


def row(completion: str, prompt: str = "What is it?") -> Record:
    return Record((Message("system", "Be brief."), user(prompt)), completion, Provenance("test"))


def judged(completion: str, **options: Any) -> tuple[float | None, str]:
    (verdict,) = Length(**options).judge([row(completion)])
    assert verdict.keep == (verdict.reason == "")
    return verdict.score, verdict.reason


@pytest.mark.parametrize(
    ("text", "words", "characters"),
    [
        ("one two three", 3, 13),
        ("  two words \n", 2, 9),
        ("中国人民", 4, 4),
        ("สวัสดีชาวโลก", 3, 12),
        ("مرحبا بالعالم", 2, 13),
        ("e\u0301t\u00e9", 1, 4),
        ("👍 ok", 2, 4),
        ("— !", 0, 3),
        ("", 0, 0),
    ],
)
def test_the_score_is_the_length(text: str, words: int, characters: int) -> None:
    assert judged(text, least=0) == (words, "")
    assert judged(text, least=0, unit="characters") == (characters, "")


def test_both_bounds_are_inside() -> None:
    texts = ["a", "a b", "a b c", "a b c d", "a b c d e"]
    reasons = [judged(text, least=2, most=4)[1] for text in texts]
    assert reasons == ["too_short", "", "", "", "too_long"]


def test_without_options_only_texts_without_a_word_go() -> None:
    assert judged("...") == (0, "too_short")
    assert judged("word " * 100_000) == (100_000, "")


def test_on_says_what_is_measured() -> None:
    record = row("four words stand here", prompt="Two words")
    scores = [Length(on=on).judge([record])[0].score for on in ("completion", "prompt", "pair")]
    assert scores == [4, 2, 6]  # a system turn is no prompt


def test_bounds_that_no_text_can_have_are_told() -> None:
    with pytest.raises(RecipeError, match="most is 3 and least is 5: no text can have both"):
        build("filters", "length", {"least": 5, "most": 3})
    with pytest.raises(RecipeError, match="option 'least'"):
        build("filters", "length", {"least": -1})


def test_verdicts_come_one_each_in_order() -> None:
    rows = [row("a b"), row("")]
    verdicts = Length().judge(rows)
    assert [v.record for v in verdicts] == [r.id for r in rows]
    assert {v.filter for v in verdicts} == {"length"}
    assert isinstance(Length(), Filter)
    assert Length.stateless
