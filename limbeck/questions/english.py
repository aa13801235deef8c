"""English in exact pieces: numbers, ordinals, money, lists, dates."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from random import Random

# Not calendar.month_name: that follows the locale.
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
)  # fmt: skip
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


def ordinal(number: int) -> str:
    """ "first" to "ninth", then "10th", "21st"."""
    return _ORDINALS[number - 1] if number <= len(_ORDINALS) else suffixed(number)


def suffixed(number: int) -> str:
    """ "1st", "2nd", "11th"."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ends.get(number % 10, 'th')}"


def days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b, and c"."""
    if len(items) < 3:
        return " and ".join(items)
    return f"{', '.join(items[:-1])}, and {items[-1]}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def decimal(value: Fraction | int) -> str:
    """An amount with whole cents: "8", or "8.50". Raises ValueError for parts of a cent."""
    cents = Fraction(value) * 100
    if cents.denominator != 1:
        raise ValueError(f"{value} has parts of a cent")
    whole, rest = divmod(abs(cents.numerator), 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}{whole}.{rest:02d}" if rest else f"{sign}{whole}"


def money(value: Fraction | int) -> str:
    return f"${decimal(value)}"


def month_length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def answer_date(day: date) -> str:
    """MM/DD/YYYY, the form in which dates are asked for."""
    return f"{day.month:02d}/{day.day:02d}/{day.year:04d}"


def long_date(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def any_date(rng: Random, day: date) -> str:
    """A date in one of the forms that nobody can misread."""
    name = MONTHS[day.month - 1]
    short = name if len(name) < 5 else name[:3]
    forms = (
        long_date(day), long_date(day), f"{day.day} {name} {day.year}",
        f"{short} {day.day}, {day.year}", f"the {suffixed(day.day)} of {name} {day.year}",
        f"{name} {suffixed(day.day)}, {day.year}", day.isoformat(),
    )  # fmt: skip
    return rng.choice(forms)
