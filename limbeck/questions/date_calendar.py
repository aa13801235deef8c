"""What a date question says about today: families that need the calendar itself."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from limbeck.questions.date_scenes import Scene, scene, some_day
from limbeck.questions.date_steps import moved
from limbeck.questions.english import (
    MONTHS,
    WEEKDAYS,
    days,
    long_date,
    month_length,
    ordinal,
    suffixed,
)


def boundary(rng: Random, kind: int) -> Scene:
    """The first (`kind` 1) or last (-1) day of a quarter; of a month (30, -30), a half (6, -6)
    or the year (12, -12)."""
    year, part, last = rng.randint(1920, 2045), rng.randint(1, 4), kind < 0
    length = {1: 3, 30: 1, 6: 6, 12: 12}[abs(kind)]
    part = {3: part, 1: rng.randint(1, 12), 6: 1 + part % 2, 12: 1}[length]
    month = part * length if last else (part - 1) * length + 1
    today = date(year, month, month_length(year, month) if last else 1)
    name = MONTHS[month - 1]
    steps = []
    if length in (3, 6):
        unit = "quarter" if length == 3 else "half"
        side = "ends with" if last else "begins with"
        steps.append(f"The {ordinal(part)} {unit} of a year {side} {name}.")
    if last:
        steps.append(f"{name} {year} has {today.day} days.")
    steps.append(f"So today is {long_date(today)}.")
    return scene(rng, today, today, steps, year=year, part=ordinal(part), month=name)


BOUNDARY = {
    "quarter_end": ("Today is the last day of the {part} quarter of {year}.", -1),
    "quarter_start": ("Today is the first day of the {part} quarter of {year}.", 1),
    "rent": ("{name} pays the rent today, on the last day of {month} {year}.", -30),
    "month_end": ("It is the last day of {month} {year} today.", -30),
    "half_end": ("{name} closes the books today because the {part} half of {year} ends.", -6),
    "half_start": ("Today the {part} half of {year} begins.", 6),
    "eve": ("{name} and {other} wait for midnight today, on the last day of {year}.", -12),
    "diary": ("{name} starts a diary today, on the first day of {year}.", 12),
    "report": (
        "The report that {name} sends today is always sent when a quarter of the year ends, on its "
        "very last day. This is the one for the {part} quarter of {year}.",
        -1,
    ),
}


def day_of_year(rng: Random, kind: int) -> Scene:
    """Day `n` of a year (`kind` 1), or the day with `n` days of the year left (-1)."""
    year = rng.randint(1920, 2045)
    count = rng.randint(20, 120) if kind > 0 else rng.randint(5, 60)
    if kind > 0:
        today, step = moved(date(year, 1, 1), count - 1)
        steps = [f"Day {count} is {days(count - 1)} after day 1, which is January 1.", step]
    else:
        today, step = moved(date(year, 12, 31), -count)
        steps = [f"The last day of the year is {long_date(date(year, 12, 31))}.", step]
    steps.append(f"So today is {long_date(today)}.")
    return scene(rng, today, today, steps, year=year, n=count, nth=suffixed(count))


DAY_OF_YEAR = {
    "day": ("Today is day {n} of {year}, where January 1 is day 1.", 1),
    "counting": ("Counting January 1 as the first, today is the {nth} day of {year}.", 1),
    "crossed": (
        "{name} has crossed off {n} days on a calendar for {year}: each day from January 1 up to "
        "and including today.",
        1,
    ),
    "photo": (
        "{name} takes one photo a day and took photo 1 on January 1, {year}. Photo {n} is taken "
        "today.",
        1,
    ),
    "left": ("After today, exactly {n} days of {year} are left.", -1),
    "eve": ("Exactly {n} days from today it will be December 31, {year}.", -1),
}


def weekday(rng: Random, kind: int) -> Scene:
    """The `n`th (`kind` 1), or last (-1), of some weekday in a month whose first day is told."""
    first = some_day(rng).replace(day=1)
    target, number = rng.randrange(7), rng.randint(1, 4)
    day = first + timedelta(days=(target - first.weekday()) % 7)
    name, month = WEEKDAYS[target], f"{MONTHS[first.month - 1]} {first.year}"
    steps = [f"{long_date(first)} is a {WEEKDAYS[first.weekday()]}."]
    steps.append(f"The first {name} of the month is {long_date(day)}.")
    if kind < 0:
        while (day + timedelta(days=7)).month == first.month:
            day += timedelta(days=7)
        steps.append(f"The last {name} that is still in the month is {long_date(day)}.")
    elif number > 1:
        day, step = moved(day, 7 * (number - 1))
        steps += [f"The {ordinal(number)} is {7 * (number - 1)} days later.", step]
    steps.append(f"So today is {long_date(day)}.")
    opens = WEEKDAYS[first.weekday()]
    slots = {"month": month, "opens": opens, "day": name, "nth": ordinal(number)}
    return scene(rng, first, day, steps, **slots)


WEEKDAY = {
    "month": ("{month} begins on a {opens}. Today is the {nth} {day} of that month.", 1),
    "club": (
        "The first day of {month} is a {opens}. {name}'s club meets today, on the {nth} {day} of "
        "the month.",
        1,
    ),
    "dentist": (
        "{name} sees the dentist today. It is the {nth} {day} in {month}, a month whose first day "
        "is a {opens}.",
        1,
    ),
    "last": ("Today is the last {day} of {month}, a month that starts on a {opens}.", -1),
    "market": (
        "There is a flea market on the last {day} of every month, and {name} is there today. The "
        "month is {month}, and it opened with a {opens}.",
        -1,
    ),
}


def next_weekday(rng: Random, kind: int) -> Scene:
    """The first other weekday after (`kind` 1) or before (-1) a day whose weekday is told; with
    `kind` 2 the second one after it."""
    known = some_day(rng)
    away = rng.randint(1, 6)
    shift = {1: away, -1: -away, 2: away + 7}[kind]
    today, step = moved(known, shift)
    opens, name = WEEKDAYS[known.weekday()], WEEKDAYS[today.weekday()]
    if kind == -1:
        fact = f"From {name} to the next {opens} it is {days(away)}."
    else:
        fact = f"From {opens} to the next {name} it is {days(away)}."
    steps = [f"{long_date(known)} is a {opens}.", fact]
    steps += [f"To the second {name} it is {days(shift)}."] if kind == 2 else []
    steps += [step, f"So today is {long_date(today)}."]
    return scene(rng, known, today, steps, opens=opens, day=name)


NEXT_WEEKDAY = {
    "after": ("{date} is a {opens}. Today is the first {day} after it.", 1),
    "latest": ("Today is a {day}. The most recent {opens} was {date}.", 1),
    "parcel": (
        "{name} mailed a parcel on {date}, a {opens}. It arrives today, on the first {day} that "
        "follows.",
        1,
    ),
    "coming": ("Today is a {day}, and the first {opens} after today is {date}.", -1),
    "second": (
        "{date} was a {opens}. {name} was told to come back on the second {day} after that, which "
        "is today.",
        2,
    ),
    "sermon": (
        "{name} gives a talk on {date}, a {opens}. Today, on the last {day} before it, {name} "
        "rehearses.",
        -1,
    ),
}


_LEAP_YEARS = tuple(range(1904, 2045, 4))


def leap(rng: Random, kind: int) -> Scene:
    """Days around the end of February. `kind` 1: after February 28; -1: before March 1; 4: the
    next February 29; 5: the `n`th after; 2: `n` days after a February day; 3: `n` days before a
    March day."""
    year = rng.choice((1900, 2000, *_LEAP_YEARS, *(rng.randint(1901, 2043) for _ in range(30))))
    count, number = rng.randint(4, 9), rng.randint(2, 5)
    known = date(year, 2, 28)
    if kind in (4, 5):
        year = rng.choice(_LEAP_YEARS[:-5])
        known = date(year, 2, 29)
        later = 4 if kind == 4 else 4 * number
        today = known.replace(year=year + later)
        steps = ["February 29 comes every 4 years here."]
        steps += [f"{number} times 4 years are {later} years."] if kind == 5 else []
        steps.append(f"{later} years after {year} is {year + later}.")
    else:
        known = {1: known, -1: date(year, 3, 1), 2: known, 3: date(year, 3, count - 2)}[kind]
        known = known.replace(day=rng.randint(25, 27)) if kind == 2 else known
        today, step = moved(known, {1: 1, -1: -1, 2: count, 3: -count}[kind])
        steps = [f"February {year} has {month_length(year, 2)} days.", step]
    steps.append(f"So today is {long_date(today)}.")
    slots = {"year": year, "n": count, "nth": ordinal(number), "long": long_date(known)}
    return scene(rng, known, today, steps, **slots)


LEAP = {
    "after": ("Today is the day that comes right after February 28, {year}.", 1),
    "before": ("Today is the day that comes right before March 1, {year}.", -1),
    "birthday": (
        "{name} was born on February 29, and today that day is on the calendar again. The last "
        "time before today was in {year}.",
        4,
    ),
    "nth": (
        "{name} was born on {long}. Today is the {nth} time since then that February 29 has come "
        "round.",
        5,
    ),
    "count": ("{name} set out on {long}, and today it is {n} days later.", 2),
    "until": ("Only {n} days to go from today, and it will be {long}.", 3),
    "paint": (
        "{name} began to paint a fence on {long} and finishes today, {n} days after that date.",
        2,
    ),
}
