"""Units: what is the same, what converts, what contradicts."""

from __future__ import annotations

from fractions import Fraction

import pytest

from limbeck.filters.answer.units import Unit, conflict, conversion, unit_after


def unit(text: str) -> Unit | None:
    return unit_after(text, 0)[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" km", " kilometres"),
        ("cm", " centimeters"),
        (" km/h", " kilometers per hour"),
        (" mph", " miles per hour"),
        (" cm^2", " square centimeters"),
        (" °C", " degrees Celsius"),
        (" dollars", "$"),
        (" apples", " red apples"),
        (" pounds", " kg"),
        (" 公里", " km"),
    ],
)
def test_the_same_sort_of_thing_never_conflicts(one: str, other: str) -> None:
    assert unit(one) is not None
    assert unit(other) is not None
    assert not conflict(unit(one), unit(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" km", " kg"),
        (" km", " km/h"),
        (" cm", " cm^2"),
        (" dollars", " euros"),
        (" °C", " °F"),
        (" apples", " oranges"),
        (" apples", " dollars"),
    ],
)
def test_other_sorts_conflict_and_a_missing_unit_does_not(one: str, other: str) -> None:
    assert conflict(unit(one), unit(other))
    assert not conflict(unit(one), None)
    assert not conflict(None, unit(other))


@pytest.mark.parametrize(
    ("target", "found", "ratio"),
    [
        (" km", " m", Fraction(1, 1000)),
        (" minutes", " hours", Fraction(60)),
        (" dollars", " cents", Fraction(1, 100)),
        (" feet", " inches", Fraction(1, 12)),
        (" kg", " pounds", Fraction(45359237, 10**8)),
        (" apples", " red apples", Fraction(1)),
    ],
)
def test_units_of_one_sort_convert_exactly(target: str, found: str, ratio: Fraction) -> None:
    assert conversion(unit(target), unit(found)) == ratio


@pytest.mark.parametrize(
    "text", ["", " in total", " left", " of them", " because", ". The", " units"]
)
def test_words_that_are_no_unit(text: str) -> None:
    assert unit(text) is None
