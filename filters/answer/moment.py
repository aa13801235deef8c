"""A moment: a day, a month, a time of day, a duration; when two are equal, and how one is shown."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from limbeck.filters.answer.month_names import WEEKDAYS

Sort = Literal["day", "month", "anniversary", "time", "duration", "weekday", "year"]
SORTS: tuple[Sort, ...] = get_args(Sort)


@dataclass(frozen=True, slots=True)
class When:
    """A day, a month of a year, a day of any year, a time of day, a duration, a weekday, a year.

    `key` is what equal ones share; an empty key is something that cannot be, such as February 30.
    """

    sort: Sort
    key: tuple[int | Fraction | str, ...]


def exists(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True


def same(target: When, found: When) -> bool:
    """Equal, and of something that can be. A time without am or pm is no time with it; the other
    way round, a target without takes the morning."""
    if target.sort != found.sort or not target.key or not found.key:
        return False
    if target.sort == "time" and target.key[0] == "?" and found.key[0] == "":
        return target.key[1:] == found.key[1:]
    if target.sort == "duration" and target.key[0] == found.key[0]:
        ours, theirs = Fraction(target.key[1]), Fraction(found.key[1])
        return ours == theirs or (
            ours.denominator != 1 and abs(ours - theirs) <= abs(ours) / 10_000
        )
    return target.key == found.key


def shown(when: When) -> str:
    """ "2019-05-01", "2019-05", "--05-01", "14:30", "9000 s", "36 months", "Monday"."""
    key = when.key
    if not key:
        return "impossible"
    if when.sort == "day":
        return f"{key[0]:04d}-{key[1]:02d}-{key[2]:02d}"
    if when.sort == "month":
        return f"{key[0]:04d}-{key[1]:02d}"
    if when.sort == "anniversary":
        return f"--{key[0]:02d}-{key[1]:02d}"
    if when.sort == "time":
        seconds = f":{key[3]:02d}" if key[3] else ""
        return f"{key[1]:02d}:{key[2]:02d}{seconds}{' am or pm' if key[0] else ''}"
    if when.sort == "duration":
        return f"{key[1]} {key[0]}"
    if when.sort == "weekday":
        return next(name for name, day in WEEKDAYS.items() if day == key[0]).capitalize()
    return str(key[0])
