"""Simple dates: like `dates`, but of one step, and no question leaves the month that it is in.

A model of half a billion parameters solves a good part of them with worked examples and almost
none of `dates`, so that there is something to distil. A step is a sum: "12 + 3 = 15".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import NamedTuple

from limbeck.questions.date_asks import FRAMES, VERBS
from limbeck.questions.english import answer_date, capital, days, long_date, month_length
from limbeck.questions.names import people
from limbeck.questions.question import Made, QuestionSet, Split, Template, ending, templates_of
from limbeck.questions.simple_dates_wordings import WORDINGS

# The days from the date that a family tells to today; ANY is some days, {n} in the wording.
# Five families: none is for the test as a whole (`assign`), since a teacher that fails at a whole
# family would leave nothing to learn it from.
ANY = 100
TO_TODAY = {"given": 0, "yesterday": 1, "tomorrow": -1, "since": ANY, "ahead": -ANY}
NUMBERS = (2, 3, 4, 5, 7, 10)


class _Asked(NamedTuple):
    """A day near today: in words, and how many days from today it is."""

    when: str
    shift: int


_TODAY = _Asked("today", 0)
_NEAR = (_Asked("yesterday", -1), _Asked("tomorrow", 1))


def _asked(rng: Random, shift: int) -> _Asked:
    """What is asked where `shift` days lead to today: one step is enough.

    Where today is told it is not asked for, or the answer would stand in the question.
    """
    if shift:
        return _TODAY
    kind = rng.choice(("near", "days", "days", "week"))
    if kind == "near":
        return rng.choice(_NEAR)
    side = rng.choice((-1, 1))
    number = 7 if kind == "week" else rng.choice(NUMBERS)
    unit = "one week" if kind == "week" else f"{number} days"
    after = rng.choice((f"{unit} from today", f"in {unit}"))
    return _Asked(f"{unit} ago" if side < 0 else after, side * number)


def _day(rng: Random, shift: int) -> date:
    """A day from which `shift` days do not lead out of its month."""
    year, month = rng.randint(1920, 2045), rng.randint(1, 12)
    first, last = max(1, 1 - shift), month_length(year, month) - max(0, shift)
    return date(year, month, rng.randint(first, last))


def _step(day: date, shift: int) -> tuple[date, str]:
    """The date `shift` days away in the same month, and the sum that says so."""
    end = day.replace(day=day.day + shift)
    return end, f"{day.day} {'-' if shift < 0 else '+'} {abs(shift)} = {end.day}"


def _to_today(day: date, shift: int) -> tuple[date, str]:
    """Today, and the step to it from `day`, which is given."""
    today, told = _step(day, shift)
    if shift in (1, -1):
        fact = f"{'Yesterday was' if shift > 0 else 'Tomorrow is'} {long_date(day)}"
    else:
        fact = f"{days(abs(shift))} {'ago it was' if shift > 0 else 'from today it is'} "
        fact += long_date(day)
    return today, f"{fact}: {told}, so today is {long_date(today)}."


def _from_today(today: date, asked: _Asked) -> tuple[date, str]:
    end, told = _step(today, asked.shift)
    verb = "it was" if asked.shift < 0 else "it is"
    return end, f"{capital(asked.when)}: {told}, so {verb} {long_date(end)}."


def _maker(wording: str, way: int) -> Callable[[Random, Split], Made]:
    def make(rng: Random, split: Split) -> Made:
        number = rng.choice(NUMBERS)
        shift = way // ANY * number if abs(way) == ANY else way
        asked = _asked(rng, shift)
        given = _day(rng, shift or asked.shift)
        if shift:
            answer, step = _to_today(given, shift)
            steps = [step]
        else:
            answer, step = _from_today(given, asked)
            steps = [f"Today is {long_date(given)}.", step]
        (name,) = people(rng, 1)
        told = wording.format(name=name, date=long_date(given), n=number)
        side = (asked.shift > 0) - (asked.shift < 0)
        frame = rng.choice(FRAMES[split])[side + 1]
        target = answer_date(answer)
        question = frame.format(w=asked.when, v=VERBS[side])
        return Made(f"{capital(told)} {question}", target, ending(steps, target))

    return make


def _templates() -> tuple[Template, ...]:
    return tuple(
        template
        for family, wordings in WORDINGS.items()
        for template in templates_of(
            "simple_dates",
            family,
            {name: _maker(text, TO_TODAY[family]) for name, text in wordings.items()},
        )
    )


SIMPLE_DATES = QuestionSet(
    "simple_dates",
    "which date it is some days away, in the same month, as MM/DD/YYYY",
    "date",
    _templates(),
)
