"""How a date is asked for, once it is known which day today is.

Which day: today, yesterday, some days, weeks, months or years away. In which words: every split
has its own, so that a test question shares no sentence with a training question.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import NamedTuple

from limbeck.questions.date_steps import after_months, after_years, moved
from limbeck.questions.english import SMALL, long_date
from limbeck.questions.question import Split


class Asked(NamedTuple):
    """The question sentence, the date that answers it, and the step from today to there."""

    sentence: str
    answer: date
    steps: list[str]


# {w} is the day asked for; {v} is "was", "is" or "will be".
FRAMES: dict[Split, tuple[tuple[str, str, str], ...]] = {
    "train": (
        (
            "What was the date {w} in MM/DD/YYYY?",
            "What is the date {w} in MM/DD/YYYY?",
            "What will the date be {w} in MM/DD/YYYY?",
        ),
        ("Write in MM/DD/YYYY which date it {v} {w}.",) * 3,
        (
            "What date was it {w}? Answer as MM/DD/YYYY.",
            "What date is it {w}? Answer as MM/DD/YYYY.",
            "What date will it be {w}? Answer as MM/DD/YYYY.",
        ),
        ("State which date it {v} {w}, using the format MM/DD/YYYY.",) * 3,
    ),
    "valid": (
        (
            "Which calendar date was it {w} (MM/DD/YYYY)?",
            "Which calendar date is it {w} (MM/DD/YYYY)?",
            "Which calendar date will it be {w} (MM/DD/YYYY)?",
        ),
        ("Say what the date {v} {w}, written MM/DD/YYYY.",) * 3,
    ),
    "test": (
        (
            "In the form MM/DD/YYYY, what was the date {w}?",
            "In the form MM/DD/YYYY, what is the date {w}?",
            "In the form MM/DD/YYYY, what will be the date {w}?",
        ),
        ("Tell me which date it {v} {w}, as MM/DD/YYYY.",) * 3,
        ("Find the date that it {v} {w} and give it in MM/DD/YYYY.",) * 3,
    ),
}
VERBS = {-1: "was", 0: "is", 1: "will be"}
_NEAR = {
    -2: "the day before yesterday",
    -1: "yesterday",
    0: "today",
    1: "tomorrow",
    2: "the day after tomorrow",
}


def ask(rng: Random, split: Split, today: date) -> Asked:
    """A question about a day that has to do with today."""
    kinds: list[Callable[[Random, date], tuple[str, int, date, list[str]]]]
    kinds = [_near, _near, _some_days, _some_days, _weeks]
    if today.day <= 28:  # later days are not in every month
        kinds += [_months, _years]
    when, side, answer, steps = rng.choice(kinds)(rng, today)
    frame = rng.choice(FRAMES[split])[side + 1]
    return Asked(frame.format(w=when, v=VERBS[side]), answer, steps)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _count(rng: Random, number: int) -> str:
    return SMALL[number] if number < len(SMALL) and rng.random() < 0.3 else str(number)


def _near(rng: Random, today: date) -> tuple[str, int, date, list[str]]:
    shift = rng.choice((-2, -1, -1, 0, 0, 1, 1, 2))
    if shift == 0:
        return "today", 0, today, []
    answer, step = moved(today, shift)
    verb = VERBS[_sign(shift)]
    step = f"{_NEAR[shift].capitalize()} {verb} {long_date(answer)}." if abs(shift) == 1 else step
    return _NEAR[shift], _sign(shift), answer, [step]


def _some_days(rng: Random, today: date) -> tuple[str, int, date, list[str]]:
    number, side = rng.randint(3, 40), rng.choice((-1, 1))
    answer, step = moved(today, side * number)
    wordings = {
        -1: ("{n} days ago", "{n} days before today"),
        1: ("{n} days from today", "{n} days after today", "in {n} days"),
    }
    return rng.choice(wordings[side]).format(n=_count(rng, number)), side, answer, [step]


def _weeks(rng: Random, today: date) -> tuple[str, int, date, list[str]]:
    number, side = rng.randint(1, 4), rng.choice((-1, 1))
    answer, step = moved(today, side * 7 * number)
    unit = "one week" if number == 1 else f"{_count(rng, number)} weeks"
    steps = [f"{unit} is 7 days." if number == 1 else f"{number} weeks are {7 * number} days."]
    return _away(rng, unit, side), side, answer, [steps[0][:1].upper() + steps[0][1:], step]


def _months(rng: Random, today: date) -> tuple[str, int, date, list[str]]:
    number, side = rng.randint(1, 11), rng.choice((-1, 1))
    answer, step = after_months(today, side * number)
    unit = "one month" if number == 1 else f"{_count(rng, number)} months"
    return _away(rng, unit, side), side, answer, [step]


def _years(rng: Random, today: date) -> tuple[str, int, date, list[str]]:
    number, side = rng.randint(1, 12), rng.choice((-1, 1))
    answer, step = after_years(today, side * number)
    unit = "one year" if number == 1 else f"{_count(rng, number)} years"
    return _away(rng, unit, side), side, answer, [step]


def _away(rng: Random, unit: str, side: int) -> str:
    return f"{unit} ago" if side < 0 else rng.choice((f"{unit} from today", f"in {unit}"))
