"""Words of every script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.words import unicode_tokens


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


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I ❤\ufe0f it 👍🏽!", ["i", "❤", "it", "👍", "🏽"]),
        ("5€+2=7", ["5", "€", "+", "2", "=", "7"]),
        ("好👍坏👎", ["好", "👍", "坏", "👎"]),
        ("a-b, c/d `` e '' f^g", ["a", "b", "c", "d", "e", "f", "g"]),
        ("👨\u200d👩", ["👨", "👩"]),
    ],
)
def test_a_symbol_is_a_token_where_it_is_asked_for(text: str, tokens: list[str]) -> None:
    assert unicode_tokens(text, symbols=True) == tokens
    kinds = [[unicodedata.category(char)[0] for char in token] for token in tokens]
    words = [token for token, kind in zip(tokens, kinds, strict=True) if "S" not in kind]
    assert unicode_tokens(text) == words


@given(st.text())
def test_symbols_only_add_tokens(text: str) -> None:
    with_symbols = unicode_tokens(text, symbols=True)
    letters = "".join(t for t in with_symbols if not unicodedata.category(t[0]).startswith("S"))
    assert letters == "".join(unicode_tokens(text))
