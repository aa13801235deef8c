"""Axes: round ticks, and where a value stands on them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from limbeck.evals.pages import wording

LONGEST = 24  # characters of a name beside a plot, so that a phone has room for the numbers
EDGE = 3.0  # percent of the width left free on both sides


class Axis(NamedTuple):
    """From `low` to `high`, drawn from right to left where it is `flipped`."""

    low: float
    high: float
    flipped: bool = False

    def place(self, value: float) -> float:
        """In percent of the width; what lies outside stands at the end."""
        part = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        part = 1 - part if self.flipped else part
        return round(EDGE + (100 - 2 * EDGE) * part, 3)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round values within [low, high], about so many."""
    rough = (high - low) / about
    scale = 10 ** math.floor(math.log10(rough))
    step = next(scale * m for m in (1, 2, 2.5, 5, 10) if scale * m >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [step * i for i in range(first, math.floor(high / step + 1e-9) + 1)]


def around(values: Iterable[float], pad: float = 0.06, *, flipped: bool = False) -> Axis:
    """An axis that holds all values and zero, and some room."""
    known = [0.0, *values]
    low, high = min(known), max(known)
    room = (high - low) * pad or 0.5
    return Axis(low - room, high + room, flipped)


def short(name: object) -> str:
    """A name beside a plot, cut where it is long; tables have it whole."""
    whole = wording.visible(name, one_line=True)
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 1]}…"


def minus(text: str) -> str:
    """A number with a true minus sign."""
    return text.replace("-", "−")
