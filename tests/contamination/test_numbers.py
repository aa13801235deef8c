"""The values in a text, in every spelling that is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.contamination.numbers import numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("He pays $80,000 and 5 more.", {"80000", "5"}),
        ("80.000 Euro, 80\u202f000 \u20ac, 80'000 Fr.", {"80000"}),
        ("1,00,000 rupees", {"100000"}),
        ("1.5 or 1,5 or 1.50", {"3/2"}),
        ("1.234,56 and 1,234.56", {"30864/25"}),
        ("version 3.5.11", {"3", "5", "11"}),
        ("½ of it, 1/2, a half", {"1/2"}),
        ("3/4 cup", {"3/4"}),
        ("3/5/2021", {"3", "5", "2021"}),
        ("three of TWENTY-FIVE, forty two", {"3", "25", "42"}),
        ("two hundred and five", {"205"}),
        ("one hundred twenty thousand and three", {"120000", "3"}),
        ("2 million, two dozen, 3 dozen", {"2000000", "24", "36"}),
        ("twice a third of a quarter", {"2", "1/3", "1/4"}),
        ("one glass, the first and the second, once", set()),
        ("twenty-one, a hundred, zero", {"21", "100", "0"}),
        ("2 and 2 and 2.0", {"2"}),
        ("小明有三百二十五个苹果，吃了两个，剩下一半。", {"325", "2", "1/2"}),
        ("十二万三千", {"123000"}),
        ("二〇二一年，一个人", {"2021"}),
        ("１２個のりんごと８個", {"12", "8"}),
        ("لديه ٤٨ تفاحة و١٢٫٥ كيلو و٨٠٬٠٠٠", {"48", "25/2", "80000"}),
        ("३ फल", {"3"}),
        ("🍎🍎 5🍏", {"5"}),
        ("no number", set()),
        ("", set()),
        ("1/0", set()),
    ],
)
def test_the_values_of_a_text(text: str, values: set[str]) -> None:
    assert numbers(text) == values


def test_a_figure_of_any_length_is_one_value() -> None:
    assert numbers("9" * 50_000) == {"9" * 50_000}


@given(st.text())
def test_any_text_has_values_and_they_are_the_same_twice(text: str) -> None:
    assert numbers(text) == numbers(text)
    assert all(isinstance(value, str) and value for value in numbers(text))


@given(st.integers(min_value=0, max_value=10**12))
def test_marks_between_thousands_change_nothing(value: int) -> None:
    assert numbers(f"about {value:,} things") == numbers(f"about {value} things") == {str(value)}
