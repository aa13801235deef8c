"""The tokenizers: rouge_score's own, and words of every script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.tokenize import tokenize

from limbeck.filters.rouge_tokens import Vocabulary, rouge_tokens, unicode_tokens


def plain(text: str) -> list[str]:
    return [token.decode() for token in rouge_tokens(text) if isinstance(token, bytes)]


@settings(max_examples=300)
@given(st.text())
def test_rouge_tokens_are_those_of_rouge_score(text: str) -> None:
    assert plain(text) == tokenize(text, None)


def test_every_character_is_tokenised_as_rouge_score_does() -> None:
    chars = [chr(code) for code in range(0x30000) if not 0xD800 <= code <= 0xDFFF]
    for start in range(0, len(chars), 5_000):
        text = "x".join(chars[start : start + 5_000])
        assert plain(text) == tokenize(text, None)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Write a Poem, please!", ["write", "a", "poem", "please"]),
        ("don't snake_case x-ray", ["don", "t", "snake", "case", "x", "ray"]),
        ("用Python写3个函数。", ["用", "python", "写", "3", "个", "函", "数"]),
        ("ひらがなカタカナー", list("ひらがなカタカナー")),
        ("人々〇", ["人", "々", "〇"]),
        ("한국어 단어", ["한국어", "단어"]),
        ("ＡＢＣ ① ﬁne", ["abc", "1", "fine"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("\u212aelvin", ["kelvin"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("ดี", ["ด", "\u0e35"]),
        ("مرحبا، بالعالم", ["مرحبا", "بالعالم"]),
        ("می\u200cخواهم", ["میخواهم"]),
        ("co\u00adoperate a\u200bb", ["cooperate", "a", "b"]),
        ("joke 🙂 ❤\ufe0f 👍🏽", ["joke"]),
        ("", []),
    ],
)
def test_unicode_tokens(text: str, tokens: list[str]) -> None:
    assert unicode_tokens(text) == tokens


@pytest.mark.parametrize("text", ["café naïve", "한국어 단어", "ΐ ὀδυσσεύς", "가나"])
def test_the_form_and_case_of_a_text_make_no_difference(text: str) -> None:
    expected = unicode_tokens(text)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        again = unicodedata.normalize(form, text)
        assert unicode_tokens(again) == unicode_tokens(again.upper()) == expected


def test_a_vocabulary_counts_up_in_the_order_of_reading() -> None:
    vocabulary = Vocabulary()
    assert vocabulary.numbers(["b", "a", "b"]) == [0, 1, 0]
    assert vocabulary.numbers([b"b", "a"]) == [2, 1]
