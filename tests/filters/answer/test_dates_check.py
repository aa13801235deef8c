"""Dates, times and durations: any unambiguous rendering of the same one."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.filters.answer import canonical, check

SAME_DAY = [
    "05/01/2019",
    "5/1/2019",
    "05-01-2019",
    "2019-05-01",
    "2019/05/01",
    "2019.05.01",
    "01.05.2019",
    "1.5.2019",
    "May 1, 2019",
    "May 1 2019",
    "May 1st, 2019",
    "may 1, 2019",
    "MAY 1, 2019",
    "May. 1, 2019",
    "1 May 2019",
    "1st May 2019",
    "1-May-2019",
    "the 1st of May 2019",
    "the first of May, 2019",
    "May first, 2019",
    "2019 May 1",
    "Wednesday, May 1, 2019",
    "Wed May 1 2019",
    "May 1, 2019 (Wednesday)",
    "2019年5月1日",
    "2019 年 5 月 1 日",
    "二〇一九年五月一日",
    "2019년 5월 1일",
    "1er mai 2019",
    "le 1 mai 2019",
    "1. Mai 2019",
    "1 de mayo de 2019",
    "1 maggio 2019",
    "1 de maio de 2019",
    "1 мая 2019",
    "1 maja 2019",
    "1 mei 2019",
    "٠٥/٠١/٢٠١٩",
    "０５/０１/２０１９",
    "2019-05-01T00:00:00",
    "20190501",
    "$05/01/2019$",
    "**05/01/2019**",
]

OTHER_DAY = [
    "01/05/2019",
    "05/02/2019",
    "05/01/2018",
    "06/01/2019",
    "5 January 2019",
    "January 5, 2019",
    "2019-01-05",
    "05.01.2019",
    "May 1",
    "May 2019",
    "05/2019",
    "05/01",
    "2019",
    "Wednesday",
    "05/32/2019",
    "13/01/2019",
    "02/30/2019",
    "May 11, 2019",
    "11 May 2019",
    "May 1, 20190",
    "05/01/2019 or 05/02/2019",
    "between 05/01/2019 and 05/03/2019",
    "from 05/01/2019 to 05/03/2019",
    "05/01/2019 - 05/03/2019",
    "not 05/01/2019",
    "05/01/2019. No wait, 05/02/2019",
    "05/01/2019, i.e. January 5, 2019",
    "unknown",
    "(B)",
    "2019年5月",
]


@pytest.mark.parametrize("day", SAME_DAY)
@pytest.mark.parametrize("form", ["{}", "The answer is {}.", "It was 04/01/2019.\nSo today is {}"])
def test_every_rendering_of_the_day_is_correct(day: str, form: str) -> None:
    assert check(form.format(day), "05/01/2019", "date").status == "correct"


@pytest.mark.parametrize("day", OTHER_DAY)
@pytest.mark.parametrize("form", ["{}", "The answer is {}."])
def test_every_other_day_part_or_doubt_is_not(day: str, form: str) -> None:
    assert check(form.format(day), "05/01/2019", "date").status != "correct"


@pytest.mark.parametrize(
    ("completion", "target"),
    [
        ("The day was Feb. 29, 2016.", "02/29/2016"),
        ("Today is 04/19/1969, so the answer is 04/20/1969.", "04/20/1969"),
        ("The answer is 05/01/2019, which is a day after 04/30/2019.", "05/01/2019"),
        ("A year ago it was 05/01/2018. It is 05/01/2019", "2019-05-01"),
        ("The answer is 05/01/2019 because 04/30/2019 was yesterday.", "May 1, 2019"),
        ("The answer is 05/02/2019. Wait, that's wrong: 05/01/2019.", "05/01/2019"),
        ("The answer is 3:05 PM.", "15:05"),
        ("15:05", "3:05 PM"),
        ("3:05 p.m.", "3:05 pm"),
        ("3 PM", "15:00"),
        ("15.05 Uhr", "15:05"),
        ("15h05", "15:05"),
        ("at 12:00 PM", "noon"),
        ("midnight", "00:00"),
        ("12:30 AM", "00:30"),
        ("下午3点半", "3:30 PM"),
        ("09:30", "9:30 AM"),
        ("9:30 AM", "9:30"),
        ("3 o'clock PM", "3 PM"),
        ("2 hours 30 minutes", "150 minutes"),
        ("2.5 hours", "2 hours and 30 minutes"),
        ("2h30m", "2.5 hours"),
        ("2h 30min", "150 minutes"),
        ("two and a half hours", "150 minutes"),
        ("PT2H30M", "150 min"),
        ("an hour and a half", "90 minutes"),
        ("half an hour", "30 minutes"),
        ("a week", "7 days"),
        ("2 weeks", "14 days"),
        ("a fortnight", "2 weeks"),
        ("1 year", "12 months"),
        ("It takes 3 days.", "72 hours"),
        ("The answer is Monday.", "monday"),
        ("May 2019", "05/2019"),
        ("2019-05", "May 2019"),
        ("May 1", "May 1st"),
        ("1 May", "05/01"),
        ("1999", "1999"),
    ],
)
def test_other_moments_are_correct(completion: str, target: str) -> None:
    assert check(completion, target, "date").status == "correct"


@pytest.mark.parametrize(
    ("completion", "target"),
    [
        ("The answer is 05/01/2019, which is a day after 04/30/2019.", "04/30/2019"),
        ("3:05 AM", "3:05 PM"),
        ("3:05", "3:05 PM"),
        ("03:05", "15:05"),
        ("3:50 PM", "3:05 PM"),
        ("25:00", "1:00 AM"),
        ("13:00 AM", "13:00"),
        ("9:30 PM", "9:30"),
        ("noon", "midnight"),
        ("3:00 PM or 4:00 PM", "4:00 PM"),
        ("2 hours", "150 minutes"),
        ("30 minutes", "2 hours 30 minutes"),
        ("2 to 3 hours", "3 hours"),
        ("2-3 hours", "3 hours"),
        ("3 days", "3 weeks"),
        ("150", "150 minutes"),
        ("365 days", "1 year"),
        ("Tuesday", "Monday"),
        ("May 2018", "May 2019"),
        ("June 1", "May 1"),
        ("The answer is", "Monday"),
    ],
)
def test_other_moments_that_differ_are_not(completion: str, target: str) -> None:
    assert check(completion, target, "date").status != "correct"


@pytest.mark.parametrize(
    "target", ["", "soon", "02/30/2019", "13/13/2013", "12 apples", "05/01/2019 or so"]
)
def test_a_target_that_is_no_moment_is_the_users_error(target: str) -> None:
    with pytest.raises(UserError, match="is no date, time or duration"):
        check("05/01/2019", target, "date")


RENDERINGS = [
    "%m/%d/%Y",
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%A, %d %B %Y",
    "%Y/%m/%d",
]


@given(
    st.dates(datetime.date(1000, 1, 1), datetime.date(2999, 12, 31)),
    st.dates(datetime.date(1000, 1, 1), datetime.date(2999, 12, 31)),
    st.sampled_from(RENDERINGS),
    st.sampled_from(RENDERINGS),
)
@settings(deadline=None)
def test_renderings_are_equal_exactly_when_the_days_are(
    one: datetime.date, other: datetime.date, first: str, second: str
) -> None:
    target = one.strftime(first)
    assert check(f"So the answer is {one.strftime(second)}.", target, "date").status == "correct"
    differs = check(other.strftime(second), target, "date").status != "correct"
    assert differs is (one != other)


def test_votes_are_iso_dates() -> None:
    assert {canonical(f"The answer is {day}.", "date") for day in SAME_DAY} == {"2019-05-01"}
    assert canonical("3 PM", "date") == canonical("15:00", "date") == "15:00"
    assert canonical("90 minutes", "date") == canonical("1.5 hours", "date")
    assert canonical("soon", "date") is None


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("The answer is Sunday, September 9, 2001.", True),
        ("The answer is Friday, September 9, 2001.", False),
        ("Answer: 09/09/2001 (Sunday)", True),
        ("Answer: 09/09/2001 (Monday)", False),
        ("Answer: 09/09/2001, a Sunday.", True),
        ("Answer: 09/09/2001, a Tuesday.", False),
        ("Answer: Sonntag, der 9. September 2001", True),
        ("Answer: lundi 9 septembre 2001", False),
        ("Monday is my favourite day. Answer: 09/09/2001", True),
    ],
)
def test_a_weekday_that_the_date_did_not_fall_on_makes_it_none(text: str, right: bool) -> None:
    assert (check(text, "09/09/2001", "date").status == "correct") is right
