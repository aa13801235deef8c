"""What a date question says about today: families that shift a given date."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from limbeck.questions.date_steps import after_months, after_years, moved
from limbeck.questions.english import any_date, long_date, ordinal
from limbeck.questions.names import people


class Scene(NamedTuple):
    """The values of a wording's slots, which day today is, and the steps that say why."""

    slots: dict[str, str]
    today: date
    steps: list[str]


def some_day(rng: Random, last: int = 31) -> date:
    """A day between 1920 and 2045, none later in its month than `last`."""
    day = date(1920, 1, 1) + timedelta(days=rng.randrange(46_000))
    return day if day.day <= last else day.replace(day=rng.randint(1, last))


def scene(rng: Random, given: date, today: date, steps: list[str], **slots: object) -> Scene:
    """A scene with three people in it and the date that is given, in some form."""
    name, other, third = people(rng, 3)
    base = {"name": name, "other": other, "third": third, "date": any_date(rng, given)}
    return Scene(base | {key: str(value) for key, value in slots.items()}, today, steps)


def given(rng: Random, _: int) -> Scene:
    day = some_day(rng)
    return scene(rng, day, day, [f"Today is {long_date(day)}."])


GIVEN = {
    "today": ("Today is {date}.", 0),
    "packing": ("It is {date} today, and {name} is packing for a trip.", 0),
    "letter": ("{name} has put today's date at the top of a letter: {date}.", 0),
    "paper": ("The newspaper that came out this morning is dated {date}.", 0),
    "meet": ("{name} and {other} agreed to meet on {date}, and that day has come: it is today.", 0),
    "ticket": ("The train ticket in {name}'s pocket is valid only today, {date}.", 0),
}


def neighbour(rng: Random, shift: int) -> Scene:
    """`shift` is where the given date lies, seen from today."""
    day = some_day(rng)
    today, step = moved(day, -shift)
    words = {-2: "The day before yesterday was", -1: "Yesterday was", 1: "Tomorrow is"}
    fact = f"{words.get(shift, 'The day after tomorrow is')} {long_date(day)}."
    return scene(rng, day, today, [fact, step, f"So today is {long_date(today)}."])


NEIGHBOUR = {
    "yesterday": ("Yesterday was {date}.", -1),
    "tomorrow": ("Tomorrow is {date}.", 1),
    "job": ("{name} starts a new job tomorrow, on {date}.", 1),
    "arrived": ("{name} came home yesterday, which was {date}.", -1),
    "two_back": ("The day before yesterday was {date}.", -2),
    "two_ahead": ("The day after tomorrow is {date}.", 2),
    "bus": ("{date} was yesterday, and {name} missed the last bus that night.", -1),
    "shop": ("A new shop opens the day after tomorrow, and that will be {date}.", 2),
}


def countdown(rng: Random, unit: int) -> Scene:
    """`unit` is the days of the unit, negative where the given date is past."""
    count, day = rng.randint(3, 30) if abs(unit) == 1 else rng.randint(2, 8), some_day(rng)
    shift = -unit * count
    today, step = moved(day, shift)
    weeks = [f"{count} weeks are {7 * count} days."] if abs(unit) == 7 else []
    steps = [*weeks, step, f"So today is {long_date(today)}."]
    return scene(rng, day, today, steps, n=count)


COUNTDOWN = {
    "deadline": ("The deadline is {date}, which is {n} days from today.", 1),
    "exam": ("{name}'s exam takes place on {date}. Today it is still {n} days away.", 1),
    "cat": ("Today it is {n} days since {date}, the day when {name} adopted a cat.", -1),
    "visa": ("{name}'s visa runs out in {n} days, on {date}.", 1),
    "concert": ("The concert on {date} took place exactly {n} days ago.", -1),
    "flat": ("{name} moved to a new flat on {date}, exactly {n} weeks ago.", -7),
    "future": ("In exactly {n} weeks it will be {date}.", 7),
    "ship": ("{name}'s ship sails for Valparaíso on {date}, and {n} days remain until then.", 1),
}


def anniversary(rng: Random, most: int) -> Scene:
    """A number of whole years after a given date, at most `most`."""
    day, count = some_day(rng, 28).replace(year=rng.randint(1925, 1995)), rng.randint(2, most)
    today, step = after_years(day, count)
    steps = [step, f"So today is {long_date(today)}."]
    return scene(rng, day, today, steps, n=count, nth=ordinal(count))


ANNIVERSARY = {
    "wedding": (
        "{name} and {other} were married on {date}. Today is their {nth} wedding anniversary.",
        50,
    ),
    "museum": ("A museum opened on {date}. It celebrates its {nth} anniversary today.", 50),
    "born": ("{name} was born on {date} and turns {n} today.", 50),
    "choir": ("Exactly {n} years ago today, on {date}, {name} joined a choir.", 30),
    "company": ("The company that {name} founded on {date} is exactly {n} years old today.", 50),
    "oak": ("{name} planted an oak on {date}. Today exactly {n} years have passed since.", 50),
    "box": (
        'On {date} {name} buried a box and wrote on it: "Open this exactly {n} years from now." '
        "The day to open it is today.",
        40,
    ),
}


def misread(rng: Random, sign: int) -> Scene:
    """Somebody has the date wrong; today is `sign` times some days later."""
    count, day = rng.randint(2, 9), some_day(rng)
    today, step = moved(day, sign * count)
    return scene(rng, day, today, [step, f"So today is really {long_date(today)}."], n=count)


MISREAD = {
    "thought": ("{name} thought that today was {date}, but it is in fact {n} days later.", 1),
    "tear_off": (
        "A tear-off calendar shows {date}, but nobody has torn off the daily page for {n} days.",
        1,
    ),
    "believes": ("{name} believes that it is {date}, but in truth that day was {n} days ago.", 1),
    "form": (
        "{name} put {date} on a form as today's date. {other} says that the true date is {n} days "
        "earlier, and {other} is right.",
        -1,
    ),
    "hotel": ("The clock in a hotel room shows {date}, which is {n} days ahead of today.", -1),
    "phone": ("{name}'s phone says that it is {date}, but it is {n} days behind.", 1),
    "diary": (
        "{name} skipped a few pages by mistake and opened the diary at {date}. Today's page comes "
        "{n} days before that one.",
        -1,
    ),
}


def schedule(rng: Random, unit: int) -> Scene:
    """Something is done every few days (`unit` 1) or weeks (7); or every week (0)."""
    every = {0: 7, 1: rng.randint(2, 10), 7: 7 * rng.randint(2, 4)}[unit]
    number, day = rng.randint(3, 9), some_day(rng)
    total = every * (number - 1)
    today, step = moved(day, total)
    steps = [
        f"From the first time to number {number} there are {number - 1} intervals of {every} days.",
        f"{number - 1} * {every} = {total}.",
        step,
        f"So today is {long_date(today)}.",
    ]
    n = every // 7 if unit == 7 else every
    return scene(rng, day, today, steps, n=n, k=number, kth=ordinal(number))


SCHEDULE = {
    "tablet": (
        "{name} takes a tablet every {n} days. The first was taken on {date}, and the {kth} is "
        "taken today.",
        1,
    ),
    "letter": (
        "A newsletter goes out every {n} days. Issue 1 went out on {date}, and issue {k} goes out "
        "today.",
        1,
    ),
    "cactus": (
        "{name} waters a cactus every {n} days. Counting {date} as the first time, today is the "
        "{kth} time.",
        1,
    ),
    "course": (
        "A course has {k} weekly lessons. The first was on {date} and the last is today.",
        0,
    ),
    "stall": (
        "{name} pays for a market stall every {n} weeks. The first payment was made on {date}; "
        "payment number {k} is due today.",
        7,
    ),
    "glacier": (
        "Starting with {date}, {name} has measured a glacier every {n} days. Today's measurement "
        "is the {kth}.",
        1,
    ),
}


def duration(rng: Random, kind: int) -> Scene:
    """Nights or weeks or months after a start; `kind` -1 counts the first day, too."""
    day = some_day(rng, 28 if kind == 30 else 31)
    count = rng.randint(3, 24) if abs(kind) == 1 else rng.randint(2, 9)
    if kind == 30:
        today, step = after_months(day, count)
        steps = [step]
    else:
        shift = {1: count, -1: count - 1, 7: 7 * count}[kind]
        today, step = moved(day, shift)
        said = {
            1: [],
            -1: [f"The first day counts, so day {count} is {count - 1} days after the first."],
            7: [f"{count} weeks are {7 * count} days."],
        }
        steps = [*said[kind], step]
    steps.append(f"So today is {long_date(today)}.")
    return scene(rng, day, today, steps, n=count, nth=ordinal(count))


DURATION = {
    "hotel": (
        "{name} checked in at a hotel on {date}, stayed {n} nights, and checks out today.",
        1,
    ),
    "festival": (
        "A festival that began on {date} lasts {n} days, the first day included. Today is its last "
        "day.",
        -1,
    ),
    "loan": ("{name} borrowed a book on {date} for exactly {n} weeks, and it is due today.", 7),
    "ship": ("A ship left Mombasa on {date} and reached Mumbai {n} days later, that is, today.", 1),
    "tour": ("{name} is on day {n} of a walking tour today. Day 1 of the tour was {date}.", -1),
    "plant": (
        "{name} bought a plant on {date} and has moved it to a bigger pot today, exactly {n} "
        "months later.",
        30,
    ),
    "bread": (
        "{name} fed a sourdough for the first time on {date} and has done so once a day ever "
        "since, today for the {nth} time.",
        -1,
    ),
}


def chain(rng: Random, kind: int) -> Scene:
    """Two shifts, of which the first is in units of 1 or 7 days, the second forward or back."""
    unit, back = (7, True) if kind == 7 else (1, kind == -1)
    day, first = some_day(rng), rng.randint(4, 12)
    second = rng.randint(2, 6)
    middle, step = moved(day, unit * first)
    today, other = moved(middle, -second if back else second)
    weeks = [f"{first} weeks are {7 * first} days."] if unit == 7 else []
    steps = [*weeks, step, other, f"So today is {long_date(today)}."]
    return scene(rng, day, today, steps, n=first, m=second)


CHAIN = {
    "flights": (
        "{name} flew on {date}. {other} flew {n} days after {name}, and {third} flies {m} days "
        "earlier than {other}. {third}'s flight is today.",
        -1,
    ),
    "meetings": (
        "The first meeting was on {date}. The second was {n} days after the first, and the third "
        "is {m} days after the second. The third meeting is today.",
        1,
    ),
    "bicycle": (
        "{name} ordered a bicycle on {date}. It was shipped {n} days after the order, and {m} days "
        "after that it arrives: today.",
        1,
    ),
    "match": (
        "A match was planned for {date}. Because of snow it was put off by {n} weeks, but then the "
        "new date was replaced by one {m} days earlier. It is played today.",
        7,
    ),
    "parcel": (
        "A parcel left Lima on {date}. It took {n} days to Madrid and from there another {m} days "
        "to {name}, who gets it today.",
        1,
    ),
    "weather": (
        "It rained on {date}. It snowed {n} days later, and {m} days after the snow, which is "
        "today, the sun is back.",
        1,
    ),
}
