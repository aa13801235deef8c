"""What word problems are made of: drawn values, a working with every step, several wordings."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random

from limbeck.questions.english import SMALL, decimal, money
from limbeck.questions.names import people

Amount = Fraction | int
_OPERATIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


@dataclass
class Working:
    """The steps of a solution. Every step is an equation, exact, with its meaning before it."""

    steps: list[str] = field(default_factory=list)

    def step(
        self, meaning: str, left: Amount, sign: str, right: Amount, units: str = "   "
    ) -> Amount:
        """Compute `left sign right`, and say so. `units` has a "$" where left, right and the
        result, in this order, are money, and a space where not."""
        result: Fraction = _OPERATIONS[sign](Fraction(left), Fraction(right))
        shown = [
            (money if unit == "$" else decimal)(value)
            for value, unit in zip((left, right, result), units, strict=True)
        ]
        self.steps.append(f"{meaning}: {shown[0]} {sign} {shown[1]} = {shown[2]}.")
        return result


@dataclass(frozen=True)
class Told:
    """One problem: the values of the slots, the answer, and the working."""

    slots: dict[str, object]
    answer: Amount
    working: Working


class Values:
    """The numbers of one problem, written in figures or, small ones at times, in words."""

    def __init__(self, rng: Random) -> None:
        self._words = rng.random() < 0.3
        self.rng = rng
        names = people(rng, 3)
        self.slots: dict[str, object] = dict(zip("ABC", names, strict=True))

    def number(self, slot: str, low: int, high: int) -> int:
        value = self.rng.randint(low, high)
        self.put(slot, value)
        return value

    def put(self, slot: str, value: int) -> None:
        written = SMALL[value] if self._words and value < len(SMALL) else f"{value}"
        self.slots[slot] = written

    def price(self, slot: str, low: int, high: int, *, cents: tuple[int, ...] = (0,)) -> Fraction:
        value = self.rng.randint(low, high) + Fraction(self.rng.choice(cents), 100)
        self.slots[slot] = money(value)
        return value

    def dollars(self, slot: str, value: Amount) -> None:
        self.slots[slot] = money(value)

    def things(self, pool: tuple[str, ...], *slots: str) -> None:
        self.slots.update(zip(slots, self.rng.sample(pool, len(slots)), strict=True))
