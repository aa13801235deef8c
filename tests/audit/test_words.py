"""Scripts, English, and the spread of lengths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.audit.words import count_words, is_english, opening, script_of, spread, words_of
from limbeck.text import word_count
from limbeck.words import unicode_tokens


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Write a poem.", "Latin"),
        ("Écris un poème 🌊", "Latin"),
        ("写一首诗 about it", "Latin"),
        ("写一首关于大海的诗 (sea)", "Chinese"),
        ("海の詩を書いて", "Japanese"),
        ("漢字ばかりの中国語", "Japanese"),
        ("напиши", "Cyrillic"),
        ("اكتب", "Arabic"),
        ("바다", "Hangul"),
        ("ทะเล", "Thai"),
        ("1 + 1 = 2 🎉", "none"),
        ("12 34", "none"),
        ("", "none"),
    ],
)
def test_the_script_of_most_letters(text: str, script: str) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(
    "text", ["Write a poem about the sea.", "Sort these numbers", "Explain the naïve method"]
)
def test_english(text: str) -> None:
    assert is_english(text)


@pytest.mark.parametrize(
    "text", ["Écris un poème sur la mer", "Schreibe ein Gedicht", "写诗", "123", "Zażółć gęślą"]
)
def test_not_english(text: str) -> None:
    assert not is_english(text)


def test_the_spread_of_counts() -> None:
    found = spread(list(range(11)))  # 0 to 10: the percentiles are 1, 5 and 9
    assert found == {"n": 11, "mean": 5.0, "p10": 1.0, "p50": 5.0, "p90": 9.0, "max": 10}
    assert spread([]) == {"n": 0, "mean": None, "p10": None, "p50": None, "p90": None, "max": None}


@given(st.text(st.characters(max_codepoint=127), max_size=200))
def test_ascii_is_counted_as_every_text_is(text: str) -> None:
    assert count_words(text) == word_count(text)
    assert words_of(text) == unicode_tokens(text)


def test_other_scripts_are_counted_as_always() -> None:
    assert count_words("写一首诗 now") == word_count("写一首诗 now") == 5
    assert words_of("Écris 诗!") == ["écris", "诗"]


def test_the_opening_of_an_instruction() -> None:
    assert opening("Write a poem, now.") == ["write", "a", "poem"]
    assert opening("写一首诗") == ["写", "一", "首"]
    assert opening("") == []


def test_a_long_text_without_a_small_english_word_is_not_english() -> None:
    assert not is_english("kala lumi vesi puu talo meri ilta aamu yo kivi tuli maa")
    assert is_english("kala lumi vesi puu talo meri ilta aamu of kivi tuli maa")
    assert is_english("Summarize text.")
