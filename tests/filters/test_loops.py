"""The loop at the end of a text, against a slow search for the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.filters.loops import tail_loop


def slow(text: str, unit: int) -> int:
    """How many characters at the end have the period `unit`."""
    text = text.rstrip()
    length = unit
    while length < len(text) and text[-length - 1] == text[len(text) - length - 1 + unit]:
        length += 1
    return length


@pytest.mark.parametrize(
    ("start", "unit"),
    [
        ("The answer is four. ", "I think that it is four. "),
        ("", "a"),
        ("Liste: ", "ja, "),
        ("答案是四。", "我不知道，"),
        ("", "哈"),
        ("คำตอบคือสี่ ", "ฉันไม่รู้"),
        ("الجواب أربعة. ", "لا أعرف شيئا. "),
        ("Look: ", "🙂 yes "),
        (
            "The story begins. ",
            "x" + "The same long paragraph comes once more, to the letter. " * 3,
        ),
    ],
)
def test_a_loop_is_found_with_its_place_and_unit(start: str, unit: str) -> None:
    text = (start + unit * 300).rstrip()
    loop = tail_loop(text)
    assert loop is not None
    assert len(unit) % loop.unit == 0
    assert len(text) - loop.start == slow(text, loop.unit)
    assert loop.start <= len(start)
    assert loop.times == pytest.approx((len(text) - loop.start) / loop.unit)


def test_a_unit_that_is_cut_at_the_token_limit_is_a_loop_too() -> None:
    text = "One day. " + "And then he went home again. " * 10 + "And then he we"
    loop = tail_loop(text)
    assert loop is not None
    # The full stop and the space before the first unit are those that end a unit, too.
    assert (loop.start, loop.unit) == (7, 29)
    assert loop.times == pytest.approx(10 + (14 + 2) / 29)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "aaaa",
        "ha " * 10,
        "Yes\n" * 20,  # a list of labels
        "哈" * 30,
        "1" + "0" * 100,
        "0.1" + "6" * 300,
        "Name: " + "_" * 120,
        "=" * 60,
        "The end. " * 3,
        "This sentence has fewer than four repeats, which a refrain has too. " * 3,
        "One loop " * 30 + "and then the text goes on for a while as if nothing had been.",
        "".join(f"{n} times 7 is {7 * n}.\n" for n in range(100)),
    ],
)
def test_what_comes_a_few_times_or_is_no_word_is_no_loop(text: str) -> None:
    assert tail_loop(text) is None


@pytest.mark.parametrize("text", ["Yes\n" * 80, "哈" * 130, "0 " * 300, "." * 500])
def test_what_comes_very_often_is_a_loop_all_the_same(text: str) -> None:
    assert tail_loop(text) is not None


@settings(deadline=None)
@given(st.text("ab ", min_size=0, max_size=40), st.text("abc", min_size=1, max_size=30))
def test_any_unit_often_enough_is_found(start: str, unit: str) -> None:
    text = start + unit * 300
    loop = tail_loop(text)
    assert loop is not None
    assert len(text) - loop.start == slow(text, loop.unit)
    assert loop.start <= len(start) + len(unit)


@settings(deadline=None)
@given(st.text("ab", max_size=600))
def test_what_is_called_a_loop_has_its_period(text: str) -> None:
    loop = tail_loop(text)
    if loop is not None:
        assert len(text) - loop.start == slow(text, loop.unit)
        assert loop.times >= 4


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["a" * 10**7, "ab" * 10**6 + "a" * 30, ("a" * 23 + "b") * 10**5])
def test_ten_million_characters_take_no_time(text: str) -> None:
    tail_loop(text)
