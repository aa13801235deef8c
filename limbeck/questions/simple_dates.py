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

# A wording, and the days from the date it gives to today; ANY is some days, {n} in the wording.
# Five families: none is for the test as a whole (`assign`), since a teacher that fails at a whole
# family would leave nothing to learn it from.
ANY = 100
WORDINGS: dict[str, dict[str, tuple[str, int]]] = {
    "given": {
        "wall": ("The calendar on the wall is up to date and shows {date}.", 0),
        "diary": ("{name} opens a diary and writes today's date into it: {date}.", 0),
        "now": ("It is now {date}.", 0),
        "receipt": ("The receipt that {name} got a minute ago bears the date {date}.", 0),
        "station": ("A screen at the station shows the date of today, {date}.", 0),
        "radio": ("The radio has just said that it is {date}.", 0),
        "cake": ("{name} has a birthday cake today, on {date}.", 0),
        "form": ("{name} signs a form today and dates it {date}.", 0),
        "clock": ("The clock in the hall, which is right, says {date}.", 0),
        "train": ("{name} is on the train of today, {date}.", 0),
        "teacher": ("The teacher writes the date of this very day on the board: {date}.", 0),
        "photo": ("The photo that {name} took a moment ago is dated {date}.", 0),
    },
    "neighbour": {
        "was": ("It was {date} yesterday.", 1),
        "will_be": ("It will be {date} tomorrow.", -1),
        "dentist": ("{name} went to the dentist yesterday, on {date}.", 1),
        "flight": ("{name} is going to fly home tomorrow, on {date}.", -1),
        "match": ("The match was played yesterday, on {date}.", 1),
        "school": ("School begins tomorrow, and the letter about it says {date}.", -1),
        "newspaper": ("Tomorrow's newspaper will carry the date {date}.", -1),
        "milk": ("The milk came yesterday, when it was {date}.", 1),
        "party": ("Yesterday's party took place on {date}.", 1),
        "market": ("The market opens tomorrow, on {date}.", -1),
        "rain": ("It rained all day yesterday, {date}.", 1),
        "test": ("{name} has a test tomorrow, {date}.", -1),
    },
    "ago": {
        "beans": ("{name} planted beans on {date}, which was {n} days ago.", ANY),
        "since": ("It has been {n} days since {date}.", ANY),
        "letter": ("A letter is dated {date}, and {name} wrote it {n} days ago.", ANY),
        "storm": ("{n} days have passed since the storm of {date}.", ANY),
        "swahili": ("{name} began to learn Swahili on {date}, {n} days before today.", ANY),
        "shop": ("The shop closed on {date}. That was {n} days ago.", ANY),
        "snow": ("The last snow fell {n} days ago, on {date}.", ANY),
        "watch": ("{name}'s watch shows {date}, but the watch is {n} days slow.", ANY),
        "says": ("{name} says that it is {date}, but today is {n} days later than that.", ANY),
        "board": ("The board in the hall says {date}, which was right {n} days ago.", ANY),
        "shirt": ("{name} bought a shirt {n} days ago, on {date}.", ANY),
        "game": ("The last game was on {date}, {n} days before today.", ANY),
    },
    "ahead": {
        "deadline": ("The deadline is {date}, {n} days from now.", -ANY),
        "trip": ("{name}'s trip begins on {date}, which is in {n} days.", -ANY),
        "in": ("In {n} days it will be {date}.", -ANY),
        "exam": ("{n} days are left until the exam on {date}.", -ANY),
        "concert": ("The concert is on {date}, and {name} has to wait {n} days for it.", -ANY),
        "parcel": ("A parcel for {name} is to come on {date}, {n} days after today.", -ANY),
        "until": ("It is {n} days until {date}.", -ANY),
        "cheque": ("{name} dated a cheque {date} by mistake: today is {n} days earlier.", -ANY),
        "laptop": ("A laptop shows {date}, but it is {n} days ahead of today.", -ANY),
        "dream": ("{name} dreamt that it was {date}. That day is still {n} days away.", -ANY),
        "rent": ("The rent is due on {date}. Today that is {n} days away.", -ANY),
        "play": ("The play will be given on {date}, {n} days after today.", -ANY),
    },
    "later": {
        "nights": ("{name} arrived on {date} and leaves today, after {n} nights.", ANY),
        "ladder": ("{name} borrowed a ladder on {date} for {n} days, and it is due today.", ANY),
        "boat": ("A boat put to sea on {date} and is back today, {n} days later.", ANY),
        "candle": ("{name} lit a lamp on {date} and put it out today, {n} days later.", ANY),
        "bread": ("{name} bought bread on {date}. Now, {n} days later, it is dry.", ANY),
        "repair": ("The repair of a bridge began on {date} and ended {n} days later: today.", ANY),
        "egg": ("A hen laid an egg on {date}, and {n} days after that {name} eats it: today.", ANY),
        "walk": ("{name} set out on foot on {date} and arrives today, {n} days later.", ANY),
        "cold": ("{name} fell ill on {date} and is well again today, {n} days later.", ANY),
        "paint": ("The paint that dried today was put on {n} days earlier, on {date}.", ANY),
        "seed": ("A seed was sown on {date}; it came up today, {n} days later.", ANY),
        "camp": ("A camp that opened on {date} closes today, {n} days later.", ANY),
    },
}


class _Asked(NamedTuple):
    """A day near today: in words, and how many days from today it is."""

    when: str
    shift: int


_TODAY = _Asked("today", 0)
_NEAR = (_Asked("yesterday", -1), _TODAY, _Asked("tomorrow", 1))


def _asked(rng: Random, shift: int) -> _Asked:
    """What is asked where `shift` days lead to today: one step is enough."""
    if shift:
        return _TODAY
    kind = rng.choice(("near", "days", "days", "week"))
    if kind == "near":
        return rng.choice(_NEAR)
    side = rng.choice((-1, 1))
    number = 7 if kind == "week" else rng.randint(2, 10)
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
        number = rng.randint(2, 10)
        shift = way // ANY * number if abs(way) == ANY else way
        asked = _asked(rng, shift)
        given = _day(rng, shift or asked.shift)
        if shift:
            answer, step = _to_today(given, shift)
            steps = [step]
        else:
            answer, steps = given, [f"Today is {long_date(given)}."]
        if asked.shift:
            answer, step = _from_today(answer, asked)
            steps.append(step)
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
            {name: _maker(text, way) for name, (text, way) in wordings.items()},
        )
    )


SIMPLE_DATES = QuestionSet(
    "simple_dates",
    "which date it is some days away, in the same month, as MM/DD/YYYY",
    "date",
    _templates(),
)
