"""Texts are compared in one way, in every script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.record import Message, user
from limbeck.text import duration, folded, prompt_key, squeezed, word_count

TEXT = st.text(st.characters(codec=None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" a \t b\n\nc ", "a b c"),
        ("", ""),
        ("\u3000中\u00a0文\u2028", "中 文"),
        ("e\u0301", "\u00e9"),
        ("Ａ b", "Ａ b"),
        ("x²", "x²"),
        ("👩\u200d👧", "👩\u200d👧"),
    ],
)
def test_squeezed(text: str, expected: str) -> None:
    assert squeezed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢＣ", "abc"),
        ("Straße", "strasse"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("  A  b ", "a b"),
        ("ﬁn", "fin"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_folded(text: str, expected: str) -> None:
    assert folded(text) == expected


@given(TEXT)
def test_squeezing_twice_changes_nothing_more_and_ignores_the_form(text: str) -> None:
    assert squeezed(squeezed(text)) == squeezed(text)
    assert squeezed(unicodedata.normalize("NFD", text)) == squeezed(text)
    assert squeezed(f"\n {text}\t") == squeezed(text)


def test_a_prompt_key_ignores_system_turns_case_and_spacing() -> None:
    key = prompt_key([user("What is  up?")])
    assert prompt_key([Message("system", "s"), user("what is up?")]) == key
    assert prompt_key([user("what is down?")]) != key
    assert prompt_key([Message("assistant", "What is up?")]) != key
    assert prompt_key([user("What is"), user("up?")]) != key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write a poem.", 3),
        ("What's  x-ray\nin 3.5?", 4),
        ("- a – b !", 2),
        ("3 + 4 = ?", 4),
        ("", 0),
        ("…", 0),
        ("\u200b\ufeff", 0),
        ("\x07 \u0301 a", 1),
        ("xภาษาy", 3),
        ("写一首诗。", 4),
        ("用Python写3个函数", 7),
        ("ひらがなとカタカナー", 10),
        ("한국어 단어 둘", 3),
        ("مرحبا، بالعالم", 2),
        ("हिन्दी में लिखो", 3),
        ("แปลประโยคนี้", 3),
        ("ภาษา ไทยดี", 3),
        ("Übersetze das ins Thai: ภาษา", 5),
        ("🙂 joke 👩\u200d👧", 3),
    ],
)
def test_word_count(text: str, expected: int) -> None:
    assert word_count(text) == expected


@given(TEXT, TEXT)
def test_words_add_up_in_every_form(one: str, two: str) -> None:
    assert word_count(f"{one}\n{two}") == word_count(one) + word_count(two)
    assert word_count(one) >= 0
    assert word_count("ば한é 字") == word_count(unicodedata.normalize("NFD", "ば한é 字")) == 3


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (41.6, "42 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7800, "2 h 10 min"),
        (360_000, "100 h 00 min"),
    ],
)
def test_a_duration_is_written_for_people(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected
