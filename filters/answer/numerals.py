"""Digits to exact numbers: thousands in every style, decimals, fractions, powers of ten.

A number is a Fraction. A literal longer than LONG digits stays a Decimal, which compares exactly
and in linear time (an integer of a million digits takes Python a minute to make).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Context, Decimal
from fractions import Fraction

Number = Fraction | Decimal

LONG = 4000
_SHORT = Context(prec=50, Emax=999_999_999, Emin=-999_999_999)


def as_number(digits: str) -> Number:
    """An ASCII literal "123" or "1.25", exactly; Decimal when it is long."""
    value = Decimal(digits)
    return value if len(digits) > LONG else Fraction(value)


def times(value: Number, factor: Fraction) -> Number:
    """The product; a long number takes only the factor 1, else it is no number of ours."""
    if isinstance(value, Decimal):
        return value if factor == 1 else _SHORT.multiply(value, _decimal(factor))
    return value * factor


def _decimal(value: Number) -> Decimal:
    if isinstance(value, Decimal):
        return value
    return _SHORT.divide(Decimal(value.numerator), Decimal(value.denominator))


def is_whole(value: Number) -> bool:
    if isinstance(value, Decimal):
        return value.as_tuple().exponent == 0 or value == value.to_integral_value()
    return value.denominator == 1


def close(target: Number, found: Number) -> bool:
    """Integers exactly; a target that is none to a relative 1e-4."""
    if isinstance(target, Fraction) and isinstance(found, Fraction):
        if target == found:
            return True
        if target.denominator == 1:
            return False
        return abs(found - target) <= abs(target) / 10_000
    if is_whole(target):
        return Decimal is type(target) is type(found) and target == found
    one, other = _decimal(target), _decimal(found)
    return abs(_SHORT.subtract(one, other)) <= abs(_SHORT.divide(one, Decimal(10_000)))


def show(value: Number) -> str:
    """One text a number: "12", "2.5", "1/3", "1.2E-30". Free of Python's limit on long integers."""
    if isinstance(value, Fraction):
        rest = value.denominator
        for prime in (2, 5):
            while rest % prime == 0:
                rest //= prime
        if rest != 1:
            return f"{Decimal(value.numerator)}/{Decimal(value.denominator)}"
        wide = Context(prec=20_000, Emax=999_999_999, Emin=-999_999_999)
        exact = wide.divide(Decimal(value.numerator), Decimal(value.denominator))
    else:
        exact = value
    if is_whole(value):
        return f"{exact:f}".partition(".")[0]
    small = int(exact.as_tuple().exponent) <= -25
    text = str(exact) if small else f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "E" not in text and "." in text else text


_GROUPS = re.compile(r"\d{1,3}(?:\d{3})*")
_SPLIT = re.compile(r"[.,'_ ]")


def pieces(run: str) -> Iterator[tuple[int, int, Number | None]]:
    """The numbers in digits joined by ". , ' _" and spaces: (start, end, number).

    "1,234.5", "1.234,5", "1 234", "12,34,567" are one; "3,4,5" and "5 6" are several. None stands
    for what is no number, such as "1.2.3". A single comma before other than three digits is a
    decimal comma, and so is one after a leading zero.
    """
    if " " in run and not re.fullmatch(r"\d{1,3}(?: \d{3})+(?:[.,]\d+)?", run):
        start = 0
        for part in run.split(" "):
            for low, high, number in pieces(part):
                yield start + low, start + high, number
            start += len(part) + 1
        return
    joined = run.replace(" ", "").replace("'", "").replace("_", "")
    if ("'" in run or "_" in run) and not re.fullmatch(r"\d{1,3}(?:['_]\d{3})+(?:\.\d+)?", run):
        joined = ""
    if joined and (literal := _literal(joined)):
        yield 0, len(run), as_number(literal)
        return
    if "," in run:
        start = 0
        for part in run.split(","):
            literal = _literal(part)
            yield start, start + len(part), as_number(literal) if literal else None
            start += len(part) + 1
        return
    yield 0, len(run), None


def _literal(text: str) -> str | None:
    """Plain digits with a decimal point for one number in any style; None if it is not one."""
    if not text:
        return None
    commas, points = text.count(","), text.count(".")
    if not commas and points <= 1:
        return text
    if commas and points:
        thousands, point = (",", ".") if text.rfind(".") > text.rfind(",") else (".", ",")
        if text.count(point) > 1:
            return None
        whole, _, rest = text.rpartition(point)
        return f"{whole.replace(thousands, '')}.{rest}" if _grouped(whole, thousands) else None
    mark = "," if commas else "."
    if mark == "," and commas == 1:
        whole, _, rest = text.partition(",")
        if len(rest) != 3 or whole[0] == "0" or len(whole) > 3:
            return f"{whole}.{rest}"
    return text.replace(mark, "") if _grouped(text, mark) else None


def _grouped(text: str, mark: str) -> bool:
    first, *rest = text.split(mark)
    if not 1 <= len(first) <= 3 or not rest:
        return not rest
    threes = all(len(part) == 3 for part in rest)
    indian = len(rest[-1]) == 3 and len(first) <= 2 and all(len(part) == 2 for part in rest[:-1])
    return threes or indian
