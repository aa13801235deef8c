"""Masking: numbers, dates and names go, in every script; the rest of the wording stays."""

from __future__ import annotations

import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.questions import masked
from limbeck.questions.masking import _token, context


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Debby had 32 pieces.", "<name> had <number> pieces"),
        ("In all, José and Łukasz have 12.", "in all <name> and <name> have <number>"),
        ("There 王芳 buys 3 pens.", "there <name> buys <number> pens"),
        ("With Nguyễn Văn An it costs $1,250.50", "with <name> it costs <number>"),
        ("The girl gave O'Neil's dog to Jean-Luc.", "the girl gave <name> dog to <name>"),
        ("If Олена has twenty-five figs", "if <name> has <number> figs"),
        ("He lost her 3 books", "<person> lost <person> <number> books"),
        ("three hundred and five or ½ or ٣ or 3.5e", "<number> and <number> or <number> or "
         "<number> or <number> e"),
        ("on the 21st, the third or the 2nd", "on the <number> the <number> or the <number>"),
        ("by Monday or on Tuesdays", "by <weekday> or on <weekday>"),
        ("(A) the ball (B) the NASA", "a the ball b the nasa"),
        ("小明有三个苹果和12个梨", "小明有 <number> 个苹果和 <number> 个梨"),
        ("What is it in MM/DD/YYYY?", "what is it in mm dd yyyy"),
        ("", ""),
    ],
)  # fmt: skip
def test_placeholders(text: str, expected: str) -> None:
    assert masked(text) == expected


@pytest.mark.parametrize(
    "written",
    [
        "March 5, 2021", "Mar 5, 2021", "5 March 2021", "the 5th of March 2021", "March 5th, 2021",
        "2021-03-05", "3/5/2021", "05.03.2021", "5th of March, 2021", "March the 5th, 2021",
    ],
)  # fmt: skip
def test_every_form_of_a_date_is_one_mask(written: str) -> None:
    assert masked(f"It was on {written} that we met.") == "it was on <date> that we met"


def test_words_that_are_also_months_or_verbs() -> None:
    assert masked("They may march in May.") == "they may march in <month>"
    assert masked("On May 3 they march") == "on <date> they march"


def test_a_name_is_one_at_the_beginning_of_a_sentence_too() -> None:
    assert masked("Paige won. Each point of Paige counts.") == (
        "<name> won each point of <name> counts"
    )
    assert masked("Will had 9. Each of 3 is red") == "<name> had <number> each of <number> is red"


def test_other_numbers_and_names_give_the_same_mask_and_other_words_do_not() -> None:
    one = "Debby had 32 pieces and her sister 42. If they ate 35, how many are left?"
    two = "王芳 had nine pieces and his sister 1,000. If they ate ٣, how many are left?"
    assert masked(one) == masked(two)
    assert masked(one.replace("ate", "sold")) != masked(one)


def test_case_width_form_and_punctuation_do_not_matter() -> None:
    text = "The café of José is open; it has 3 tables"
    assert masked(unicodedata.normalize("NFD", text)) == masked(text)
    assert masked("the café of José is open, it has 4 tables!!") == masked(text)
    assert masked("Ｗe sell tea") == masked("We sell tea")


@pytest.mark.parametrize(
    ("one", "other"),
    [("दिन क्या है?", "दान क्या है?"), ("น้ำ คือ อะไร", "นำ คือ อะไร"), ("ما كَتَبَ؟", "ما كَتَّبَ؟")],
)
def test_vowel_signs_and_accents_belong_to_their_words(one: str, other: str) -> None:
    assert masked(one) != masked(other)
    assert len(masked(one).split()) == len(one.split())


def test_every_combining_mark_is_in_the_word_before_it() -> None:
    marks = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c)[0] == "M"]
    assert len(marks) > 2000
    assert all(_token().fullmatch(f"a{mark}b") for mark in marks)


def test_a_text_eight_times_as_long_takes_no_more_than_twenty_times_as_long() -> None:
    """Quadratic, it took 40 times as long and more."""

    def seconds(words: int) -> float:
        text, took = "ab\n  Cd. " * (words // 2), []
        for _ in range(2):
            start = time.process_time()
            masked(text)
            took.append(time.process_time() - start)
        return min(took)

    assert seconds(160_000) < 20 * seconds(20_000)


@given(st.text(max_size=200))
def test_any_text_can_be_masked(text: str) -> None:
    assert masked(text) == " ".join(masked(text).split())
    assert not any(char.isdigit() for char in masked(text) if char.isdecimal())


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_any_two_numbers_are_alike(one: int, two: int) -> None:
    assert masked(f"he pays {one:,} in all") == masked(f"he pays {two} in all")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A is 3. B is 4. How much is it?", "A is 3. B is 4."),
        ("How much is it?", ""),
        ("今天是星期一。明天呢？", "今天是星期一。"),
        ("Who?\nOptions:\n(A) x", "Who? Options:"),
        ("It costs 3.50 now. Why?  ", "It costs 3.50 now."),
        ("", ""),
    ],
)
def test_the_context_is_all_but_the_last_sentence(text: str, expected: str) -> None:
    assert context(text) == expected
