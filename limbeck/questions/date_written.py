"""What a date question says about today: families of dates in figures and of hours."""

from __future__ import annotations

from random import Random

from limbeck.questions.date_scenes import Scene, scene, some_day
from limbeck.questions.date_steps import moved
from limbeck.questions.english import MONTHS, days, long_date


def written(rng: Random, kind: int) -> Scene:
    """A date in figures, and how to read it. `kind`: 1 day first, 2 month first, 3 year first."""
    today = some_day(rng, 12 if rng.random() < 0.7 else 31)
    d, m, y = today.day, today.month, today.year
    slots = {
        "dmy": f"{d:02d}/{m:02d}/{y}",
        "dots": f"{d}.{m}.{y}",
        "mdy": f"{m}/{d}/{y}",
        "iso": today.isoformat(),
        "cjk": f"{y}年{m}月{d}日",
    }
    order = {
        1: f"The day comes first, so the day is {d}, the month {m}, and the year {y}.",
        2: f"The month comes first, so the month is {m}, the day {d}, and the year {y}.",
        3: f"The year comes first, so the year is {y}, the month {m}, and the day {d}.",
    }
    steps = [order[kind], f"Month {m} is {MONTHS[m - 1]}.", f"So today is {long_date(today)}."]
    return scene(rng, today, today, steps, **slots)


WRITTEN = {
    "europe": ("{name} writes the date of today the European way, day before month: {dmy}.", 1),
    "london": (
        "A letter from London, where the day is put first, is dated {dmy}, that is, today.",
        1,
    ),
    "america": ("In the American way, with the month first, today is written {mdy}.", 2),
    "computer": ("A computer shows the date of today as {iso}, in the order year, month, day.", 3),
    "ticket": ("{name} has a ticket for today. It says {dmy}, in the format DD/MM/YYYY.", 1),
    "receipt": (
        "Today's receipt from a shop in Kraków says {dots}, which means day.month.year.",
        1,
    ),
    "kyoto": (
        "In Kyoto the calendar of today reads {cjk}: first the year, then the month, then the day.",
        3,
    ),
}


def hours(rng: Random, kind: int) -> Scene:
    """Hours from a clock time to now; `kind` -1: until then. Now is never near midnight, where a
    change of the clocks could matter."""
    known = some_day(rng)
    while True:
        start, count = rng.randint(1, 23), rng.randint(8, 100)
        shift, end = divmod(start + count * kind, 24)
        if start != 12 and 3 <= end <= 21 and shift:
            break
    today, step = moved(known, shift)
    whole, rest = divmod(count, 24)
    parted = f"{count} hours are {days(whole)} and {rest} hours." if whole else ""
    side = "after" if kind > 0 else "before"
    clock = f"{count} hours {side} {_clock(start)} it is {_clock(end)}, {days(abs(shift))} "
    steps = [
        text for text in (parted, f"{clock}{'later' if kind > 0 else 'earlier'}.", step) if text
    ]
    steps.append(f"So today is {long_date(today)}.")
    return scene(rng, known, today, steps, n=count, time=_clock(start))


def _clock(hour: int) -> str:
    if hour == 12:
        return "noon"
    return f"{(hour - 1) % 12 + 1} {'a.m.' if hour < 12 else 'p.m.'}"


HOURS = {
    "train": ("{name}'s train left at {time} on {date}. After {n} hours it arrives just now.", 1),
    "asleep": (
        "A bear in a zoo fell asleep at {time} on {date} and slept for {n} hours. It has woken up "
        "this minute.",
        1,
    ),
    "experiment": (
        "An experiment began at {time} on {date}. It ran for {n} hours and ends now.",
        1,
    ),
    "watch": (
        "{name} started a stopwatch at {time} on {date}. At this moment it shows {n} hours.",
        1,
    ),
    "ahead": ("In exactly {n} hours it will be {time} on {date}.", -1),
    "launch": (
        "A rocket is to start at {time} on {date}, and the countdown stands at {n} hours.",
        -1,
    ),
}
