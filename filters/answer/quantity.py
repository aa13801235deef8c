"""A number of something, and when two are equal: units, currencies and percent included."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from limbeck.filters.answer.numerals import Number, close, show, times
from limbeck.filters.answer.units import Unit, conflict, conversion


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of something. `percent` numbers are as written: 25% has the value 25."""

    value: Number
    unit: Unit | None = None
    percent: bool = False
    several: bool = False  # "±5" is two numbers


def same(target: Quantity, found: Quantity) -> bool:
    """Whether a quantity is the target: equal number, no unit that contradicts.

    25% is 0.25; a target of 25 takes "25%" as well, as one of "25%" takes "25".
    """
    if found.several or conflict(target.unit, found.unit):
        return False
    if target.percent != found.percent:
        if (target.unit or found.unit) and not _counted(target, found):
            return False
        part = Fraction(1, 100)
        if target.percent:
            whole, share = found.value, times(target.value, part)
            return close(target.value, whole) or close(share, whole)
        large = isinstance(target.value, Fraction) and abs(target.value) >= 1
        share = times(found.value, part)
        return close(target.value, share) or (large and close(target.value, found.value))
    ratio = conversion(target.unit, found.unit)
    if ratio == 1:
        return close(target.value, found.value)
    return _near(target.value, times(found.value, ratio))


def _counted(target: Quantity, found: Quantity) -> bool:
    """Words after a number without a percent sign are no unit against it: "25 of them"."""
    unit = target.unit or found.unit
    return unit is not None and not unit.dimension


def _near(target: Number, found: Number) -> bool:
    if isinstance(target, Fraction) and isinstance(found, Fraction):
        return abs(found - target) <= abs(target) / 10_000
    return False


def shown(quantity: Quantity) -> str:
    """The canonical text: the number and a percent sign. Units are left out, as some write none."""
    return show(quantity.value) + "%" * quantity.percent
