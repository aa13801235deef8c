"""Numbers in words."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.filters.answer.number_words import in_words


def values(text: str) -> list[str]:
    return [str(value) for _, _, value, _ in in_words(text)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("twelve", ["12"]),
        ("Twenty-three", ["23"]),
        ("twenty three", ["23"]),
        ("one hundred and five", ["105"]),
        ("a hundred", ["100"]),
        ("twelve hundred", ["1200"]),
        ("one thousand, two hundred and thirty-four", ["1234"]),
        ("two million three hundred thousand", ["2300000"]),
        ("two and a half", ["5/2"]),
        ("two and a half million", ["2500000"]),
        ("one and three quarters", ["7/4"]),
        ("three quarters", ["3/4"]),
        ("two thirds", ["2/3"]),
        ("half a million", ["500000"]),
        ("a dozen", ["12"]),
        ("half a dozen", ["6"]),
        ("minus five", ["-5"]),
        ("three point one four", ["157/50"]),
        ("five, ten and two", ["5", "10", "2"]),
        ("twenty and thirty", ["20", "30"]),
        ("a few dozen", []),
        ("someone often weighs tone", []),
        ("一百二十三", ["123"]),
        ("二〇二四", ["2024"]),
        ("三分之二", ["2/3"]),
        ("百分之二十", ["1/5"]),
        ("两万", ["20000"]),
        ("负五", ["-5"]),
        ("三点五", ["7/2"]),
        ("一亿二千万", ["120000000"]),
        ("三万五千", ["35000"]),
        ("一万亿", ["1000000000000"]),
        ("万一", []),
    ],
)
def test_words_are_numbers(text: str, numbers: list[str]) -> None:
    assert values(text) == numbers


@pytest.mark.parametrize("text", ["one", "no one", "half", "一", "third"])
def test_words_that_may_be_no_number_are_weak(text: str) -> None:
    assert [weak for *_, weak in in_words(text)] == [True]


ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
ONES += " fifteen sixteen seventeen eighteen nineteen"
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def spelled(number: int) -> str:
    """Independent of the reader: the usual English words."""
    if number < 20:
        return ONES.split(" ")[number]
    if number < 100:
        return TENS.split(" ")[number // 10 - 2] + (
            f"-{spelled(number % 10)}" if number % 10 else ""
        )
    for size, name in ((10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = f" {spelled(number % size)}" if number % size else ""
            return f"{spelled(number // size)} {name}{rest}"
    raise AssertionError(number)


@given(st.integers(0, 999_999_999))
@settings(deadline=None)
def test_every_spelled_number_is_read_back(number: int) -> None:
    assert [value for _, _, value, _ in in_words(spelled(number))] == [Fraction(number)]
