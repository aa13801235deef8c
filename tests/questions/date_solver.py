"""A second way to answer date questions: read the prompt, count Julian day numbers.

Nothing of it is shared with the generator: neither `datetime` nor the drawn values.
"""

from __future__ import annotations

import re
from collections.abc import Callable

WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
)
ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth".split()  # noqa: SIM905
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
_MONTH = r"(?P<{0}>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
DATE = re.compile(
    rf"(?P<y1>\d{{4}})-(?P<m1>\d\d)-(?P<d1>\d\d)"
    rf"|{_MONTH.format('m2')} (?P<d2>\d+)(?:st|nd|rd|th)?, (?P<y2>\d{{4}})"
    rf"|(?P<d3>\d+)(?:st|nd|rd|th)? (?:of )?{_MONTH.format('m3')} (?P<y3>\d{{4}})"
)


def jdn(y: int, m: int, d: int) -> int:
    """The Julian day number of a Gregorian date (Fliegel and Van Flandern)."""
    a = (14 - m) // 12
    y, m = y + 4800 - a, m + 12 * a - 3
    return d + (153 * m + 2) // 5 + 365 * y + y // 4 - y // 100 + y // 400 - 32045


def civil(n: int) -> tuple[int, int, int]:
    """The Gregorian date of a Julian day number (Richards)."""
    f = n + 1401 + (4 * n + 274277) // 146097 * 3 // 4 - 38
    e = 4 * f + 3
    h = 5 * (e % 1461 // 4) + 2
    month = (h // 153 + 2) % 12 + 1
    return e // 1461 - 4716 + (14 - month) // 12, month, h % 153 // 5 + 1


def months(n: int, count: int) -> int:
    y, m, d = civil(n)
    total = 12 * y + m - 1 + count
    return jdn(total // 12, total % 12 + 1, d)


def read(text: str) -> tuple[list[int], list[int], str]:
    """The dates of a text as day numbers, its other whole numbers, and what is left of it."""
    dates = []

    def take(found: re.Match[str]) -> str:
        parts = {key[0]: value for key, value in found.groupdict().items() if value}
        month = parts["m"]
        number = int(month) if month.isdigit() else MONTHS.index(month[:3].lower()) + 1
        dates.append(jdn(int(parts["y"]), number, int(parts["d"])))
        return " "

    rest = DATE.sub(take, text)
    numbers = []
    for word in re.findall(r"\d+|[A-Za-z]+", rest):
        low = word.lower()
        if low.isdigit():
            numbers.append(int(low))
        elif low in WORDS or low in ORDINALS:
            numbers.append((WORDS if low in WORDS else ORDINALS).index(low))
    return dates, numbers, rest


def month_in(text: str) -> int:
    found = re.search(r"\b(January|February|March|April|May|June|July|August|September|October"
                      r"|November|December)\b", text)  # fmt: skip
    assert found, text
    return MONTHS.index(found[1][:3].lower()) + 1


def year_in(text: str) -> int:
    return int(re.findall(r"\b(?:19|20)\d\d\b", text)[-1])


def nth_weekday(text: str, which: int) -> int:
    """The `which`th (from 1; -1 is the last) of one weekday in the month of a text that says on
    which weekday the month begins. The weekday named with "on a", "is a", "with a" opens it."""
    [opens] = re.findall(rf"\b(?:on|is|with) a ({'|'.join(DAYS)})", text)
    [other] = [d for d in re.findall("|".join(DAYS), text) if d != opens] or [opens]
    first = jdn(year_in(text), month_in(text), 1)
    assert DAYS[first % 7] == opens  # day number 0 was a Monday
    days = [first + i for i in range(31) if DAYS[(first + i) % 7] == other]
    same = [n for n in days if civil(n)[1] == civil(first)[1]]
    return same[which - 1] if which > 0 else same[which]


def step_to(text: str, start: int, direction: int, which: int = 1) -> int:
    """From a known day on (back) to the `which`th day of the other weekday in the text."""
    known = DAYS[start % 7]
    assert known in text
    [other] = {d for d in re.findall("|".join(DAYS), text) if d != known}
    day = start
    while which:
        day += direction
        which -= DAYS[day % 7] == other
    return day


def clock(text: str) -> int:
    found = re.search(r"(\d+) ([ap])\.m\.", text)
    assert found, text
    return int(found[1]) % 12 + (12 if found[2] == "p" else 0)


def last_day(year: int, month: int) -> int:
    return months(jdn(year, month, 1), 1) - 1


def after_hours(text: str, day: int, sign: int) -> int:
    hours = int(re.findall(r"(\d+) hours", text)[0])
    return day + (clock(text) + sign * hours) // 24


Solve = Callable[[list[int], list[int], str], int]

# The day that today is, from the dates, the numbers and the text of all but the question.
TODAY: dict[str, Solve] = {
    **dict.fromkeys(
        [f"given/{name}" for name in ("today", "packing", "letter", "paper", "meet", "ticket")],
        lambda d, n, t: d[0],
    ),
    "neighbour/yesterday": lambda d, n, t: d[0] + 1,
    "neighbour/arrived": lambda d, n, t: d[0] + 1,
    "neighbour/bus": lambda d, n, t: d[0] + 1,
    "neighbour/tomorrow": lambda d, n, t: d[0] - 1,
    "neighbour/job": lambda d, n, t: d[0] - 1,
    "neighbour/two_back": lambda d, n, t: d[0] + 2,
    "neighbour/two_ahead": lambda d, n, t: d[0] - 2,
    "neighbour/shop": lambda d, n, t: d[0] - 2,
    "countdown/deadline": lambda d, n, t: d[0] - n[0],
    "countdown/exam": lambda d, n, t: d[0] - n[0],
    "countdown/visa": lambda d, n, t: d[0] - n[0],
    "countdown/ship": lambda d, n, t: d[0] - n[0],
    "countdown/cat": lambda d, n, t: d[0] + n[0],
    "countdown/concert": lambda d, n, t: d[0] + n[0],
    "countdown/flat": lambda d, n, t: d[0] + 7 * n[0],
    "countdown/future": lambda d, n, t: d[0] - 7 * n[0],
    **dict.fromkeys(
        [
            f"anniversary/{name}"
            for name in ("wedding", "museum", "born", "choir", "company", "oak", "box")
        ],
        lambda d, n, t: months(d[0], 12 * n[0]),
    ),
    "misread/thought": lambda d, n, t: d[0] + n[0],
    "misread/tear_off": lambda d, n, t: d[0] + n[0],
    "misread/believes": lambda d, n, t: d[0] + n[0],
    "misread/phone": lambda d, n, t: d[0] + n[0],
    "misread/form": lambda d, n, t: d[0] - n[0],
    "misread/hotel": lambda d, n, t: d[0] - n[0],
    "misread/diary": lambda d, n, t: d[0] - n[0],  # n[1] is the "one" of "that one"
    "schedule/tablet": lambda d, n, t: d[0] + n[0] * (n[2] - 1),  # n[1]: "The first"
    "schedule/letter": lambda d, n, t: d[0] + n[0] * (n[2] - 1),  # n[1]: issue 1
    "schedule/cactus": lambda d, n, t: d[0] + n[0] * (n[2] - 1),
    "schedule/course": lambda d, n, t: d[0] + 7 * (n[0] - 1),
    "schedule/stall": lambda d, n, t: d[0] + 7 * n[0] * (n[2] - 1),
    "schedule/glacier": lambda d, n, t: d[0] + n[0] * (n[1] - 1),
    "duration/hotel": lambda d, n, t: d[0] + n[0],
    "duration/festival": lambda d, n, t: d[0] + n[0] - 1,
    "duration/loan": lambda d, n, t: d[0] + 7 * n[0],
    "duration/ship": lambda d, n, t: d[0] + n[0],
    "duration/tour": lambda d, n, t: d[0] + n[0] - 1,
    "duration/plant": lambda d, n, t: months(d[0], n[0]),
    "duration/bread": lambda d, n, t: d[0] + n[-1] - 1,
    "chain/flights": lambda d, n, t: d[0] + n[0] - n[1],
    "chain/meetings": lambda d, n, t: d[0] + sum(map(int, re.findall(r"(\d+) days", t))),
    "chain/bicycle": lambda d, n, t: d[0] + n[0] + n[1],
    "chain/match": lambda d, n, t: d[0] + 7 * n[0] - n[-1],
    "chain/parcel": lambda d, n, t: d[0] + n[0] + n[1],
    "chain/weather": lambda d, n, t: d[0] + n[0] + n[1],
    "boundary/quarter_end": lambda d, n, t: last_day(n[1], 3 * n[0]),
    "boundary/quarter_start": lambda d, n, t: jdn(n[2], 3 * n[1] - 2, 1),
    "boundary/rent": lambda d, n, t: last_day(year_in(t), month_in(t)),
    "boundary/month_end": lambda d, n, t: last_day(year_in(t), month_in(t)),
    "boundary/half_end": lambda d, n, t: last_day(n[1], 6 * n[0]),
    "boundary/half_start": lambda d, n, t: jdn(n[1], 6 * n[0] - 5, 1),
    "boundary/eve": lambda d, n, t: jdn(n[0], 12, 31),
    "boundary/diary": lambda d, n, t: jdn(n[1], 1, 1),
    "boundary/report": lambda d, n, t: last_day(n[-1], 3 * n[-2]),
    "day_of_year/day": lambda d, n, t: jdn(n[1], 1, 1) + n[0] - 1,
    "day_of_year/counting": lambda d, n, t: jdn(n[-1], 1, 1) + n[-2] - 1,
    "day_of_year/crossed": lambda d, n, t: jdn(n[1], 1, 1) + n[0] - 1,
    "day_of_year/photo": lambda d, n, t: d[0] + n[-1] - 1,
    "day_of_year/left": lambda d, n, t: jdn(n[1], 12, 31) - n[0],
    "day_of_year/eve": lambda d, n, t: d[0] - n[0],
    "weekday/month": lambda d, n, t: nth_weekday(t, n[-1]),
    "weekday/club": lambda d, n, t: nth_weekday(t, n[-1]),
    "weekday/dentist": lambda d, n, t: nth_weekday(t, n[0]),
    "weekday/last": lambda d, n, t: nth_weekday(t, -1),
    "weekday/market": lambda d, n, t: nth_weekday(t, -1),
    "next_weekday/after": lambda d, n, t: step_to(t, d[0], 1),
    "next_weekday/latest": lambda d, n, t: step_to(t, d[0], 1),
    "next_weekday/parcel": lambda d, n, t: step_to(t, d[0], 1),
    "next_weekday/coming": lambda d, n, t: step_to(t, d[0], -1),
    "next_weekday/second": lambda d, n, t: step_to(t, d[0], 1, 2),
    "next_weekday/sermon": lambda d, n, t: step_to(t, d[0], -1),
    "leap/after": lambda d, n, t: d[0] + 1,
    "leap/before": lambda d, n, t: d[0] - 1,
    "leap/birthday": lambda d, n, t: jdn(n[-1] + 4, 2, 29),
    "leap/nth": lambda d, n, t: jdn(civil(d[0])[0] + 4 * n[0], 2, 29),
    "leap/count": lambda d, n, t: d[0] + n[0],
    "leap/until": lambda d, n, t: d[0] - n[0],
    "leap/paint": lambda d, n, t: d[0] + n[0],
    "written/europe": lambda d, n, t: jdn(n[-1], n[-2], n[-3]),
    "written/london": lambda d, n, t: jdn(n[-1], n[-2], n[-3]),
    "written/ticket": lambda d, n, t: jdn(n[-1], n[-2], n[-3]),
    "written/receipt": lambda d, n, t: jdn(n[-1], n[-2], n[-3]),
    "written/america": lambda d, n, t: jdn(n[-1], n[-3], n[-2]),
    "written/computer": lambda d, n, t: d[0],
    "written/kyoto": lambda d, n, t: jdn(n[0], n[1], n[2]),
    "hours/train": lambda d, n, t: after_hours(t, d[0], 1),
    "hours/asleep": lambda d, n, t: after_hours(t, d[0], 1),
    "hours/experiment": lambda d, n, t: after_hours(t, d[0], 1),
    "hours/watch": lambda d, n, t: after_hours(t, d[0], 1),
    "hours/ahead": lambda d, n, t: after_hours(t, d[0], -1),
    "hours/launch": lambda d, n, t: after_hours(t, d[0], -1),
}


def answer(template: str, prompt: str) -> str:
    """The answer to a question of the set `dates`, as MM/DD/YYYY."""
    asks = "What|Write|State|Which|Say|In the form|Tell|Find"
    told, asked = re.fullmatch(rf"(.*?[.\"]) ((?:{asks}) .*MM/DD/YYYY.*)", prompt).groups()  # type: ignore[union-attr]
    today = TODAY[template.removeprefix("dates/")](*read(told))
    y, m, d = civil(moved(today, asked))
    return f"{m:02d}/{d:02d}/{y}"


def moved(today: int, asked: str) -> int:
    if "the day before yesterday" in asked or "the day after tomorrow" in asked:
        return today + (2 if "after" in asked else -2)
    if "yesterday" in asked or "tomorrow" in asked:
        return today + (1 if "tomorrow" in asked else -1)
    found = re.search(
        r"(in )?(\w+) (day|week|month|year)s?( ago| before today| from today| after today)?", asked
    )
    if not found or not (found[1] or found[4]):
        assert "today" in asked
        return today
    [count] = read(found[2])[1]
    sign = -1 if (found[4] or "").strip() in ("ago", "before today") else 1
    if found[3] in ("month", "year"):
        return months(today, sign * count * (12 if found[3] == "year" else 1))
    return today + sign * count * (7 if found[3] == "week" else 1)
