"""Steps from one date to another, in words: what a solution to a date question is made of."""

from __future__ import annotations

from datetime import date, timedelta

from limbeck.questions.english import days, long_date, month_length


def moved(day: date, shift: int) -> tuple[date, str]:
    """The date `shift` days after (before, where negative) `day`, and the sentence that says how.

    Where months end on the way, the sentence stops at each: "10 days after January 25, 2021: 7
    days to February 1, 2021, 3 more to February 4, 2021."
    """
    end = day + timedelta(days=shift)
    if shift == 0:
        return end, f"That is {long_date(end)} itself."
    side = "after" if shift > 0 else "before"
    opening = f"{days(abs(shift))} {side} {long_date(day)}"
    legs = _legs(day, end)
    if len(legs) == 1:
        return end, f"{opening} is {long_date(end)}."
    path = [f"{days(count)} to {long_date(stop)}" for count, stop in legs[:1]]
    path += [f"{count} more to {long_date(stop)}" for count, stop in legs[1:]]
    return end, f"{opening}: {', '.join(path)}."


def _legs(day: date, end: date) -> list[tuple[int, date]]:
    """(days, stop) of every part of the way; the stops are the first days of the months entered,
    or the last ones on the way back."""
    legs = []
    while (day.year, day.month) != (end.year, end.month):
        left = month_length(day.year, day.month) - day.day
        count = left + 1 if day < end else -day.day
        day += timedelta(days=count)
        legs.append((abs(count), day))
    if day != end or not legs:
        legs.append((abs((end - day).days), end))
    return legs


def months_later(day: date, months: int) -> date:
    """The same day of the month, `months` later. Raises ValueError where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1)


def after_months(day: date, count: int) -> tuple[date, str]:
    """The date `count` months after (before) `day`, and the sentence."""
    end = months_later(day, count)
    unit = "month" if abs(count) == 1 else "months"
    side = "after" if count > 0 else "before"
    return end, f"{abs(count)} {unit} {side} {long_date(day)} is {long_date(end)}."


def after_years(day: date, count: int) -> tuple[date, str]:
    """The date `count` years after (before) `day`, and the sentence."""
    end = day.replace(year=day.year + count)
    unit = "year" if abs(count) == 1 else "years"
    side = "after" if count > 0 else "before"
    return end, f"{abs(count)} {unit} {side} {long_date(day)} is {long_date(end)}."
