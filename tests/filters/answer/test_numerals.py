"""Digits in every style are exact numbers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.filters.answer.numerals import as_number, close, pieces, show


@pytest.mark.parametrize(
    ("run", "numbers"),
    [
        ("12", ["12"]),
        ("1,234", ["1234"]),
        ("1,234.5", ["1234.5"]),
        ("1.234,5", ["1234.5"]),
        ("1.234.567", ["1234567"]),
        ("12,34,567", ["1234567"]),
        ("1 234 567", ["1234567"]),
        ("1'234", ["1234"]),
        ("1_000_000", ["1000000"]),
        ("1,5", ["1.5"]),
        ("0,125", ["0.125"]),
        ("1.5", ["1.5"]),
        ("3,4,5", ["3", "4", "5"]),
        ("5 6 7", ["5", "6", "7"]),
        ("2019 300", ["2019", "300"]),
        ("1.2.3", []),
        ("1,2345", ["1.2345"]),
    ],
)
def test_digits_are_read(run: str, numbers: list[str]) -> None:
    assert [show(value) for _, _, value in pieces(run) if value is not None] == numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(12), "12"),
        (Fraction(-5, 2), "-2.5"),
        (Fraction(1, 3), "1/3"),
        (Fraction(1, 10**30), "1E-30"),
        (Fraction(10**5000), "1" + "0" * 5000),
        (Decimal("7" * 5000), "7" * 5000),
    ],
)
def test_a_number_has_one_text(value: Fraction | Decimal, text: str) -> None:
    assert show(value) == text


@given(st.integers(), st.integers())
@settings(deadline=None)
def test_integers_are_close_only_to_themselves(one: int, other: int) -> None:
    assert close(as_number(str(one)), as_number(str(other))) is (one == other)


def test_what_is_no_integer_is_close_within_a_ten_thousandth() -> None:
    assert close(Fraction(1, 3), Fraction(3333, 10000))
    assert not close(Fraction(1, 3), Fraction(333, 1000))
    assert close(Fraction(5, 10**21), Fraction(5, 10**21) * Fraction(10001, 10000))
    assert not close(Fraction(5, 10**21), Fraction(6, 10**21))
    assert not close(Fraction(5, 10**21), Fraction(0))
    long = "1." + "3" * 5000
    assert close(as_number(long), Fraction(13333, 10000))
    assert not close(as_number(long), Fraction(13, 10))
