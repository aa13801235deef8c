"""Names of months and weekdays in every language, dates with the day in front, stray spaces."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import check
from limbeck.filters.answer.dates import moments
from limbeck.filters.answer.month_names import MONTHS, WEEKDAYS


@pytest.mark.parametrize(("name", "month"), MONTHS.items())
def test_every_name_of_a_month_makes_a_date(name: str, month: int) -> None:
    for text in (f"5 {name} 2019", f"So it is 5 {name.upper()} 2019."):
        assert [day.value.key for day in moments(text, "day")] == [(2019, month, 5)]


@pytest.mark.parametrize(("name", "day"), WEEKDAYS.items())
def test_every_name_of_a_weekday_is_one(name: str, day: int) -> None:
    assert [one.value.key for one in moments(f"{name.capitalize()}.", "weekday")] == [(day,)]


@pytest.mark.parametrize(
    ("completion", "right"),
    [
        ("التاريخ هو 14 أبريل 2011.", True),
        ("التاريخ هو 15 أبريل 2011.", False),
        ("उत्तर: 14 अप्रैल 2011 है।", True),
        ("ngày 14 tháng 4 năm 2011", True),
        ("ngày 14 tháng 12 năm 2011", False),
        ("2011. április 14.", True),
        ("14. dubna 2011", True),
        ("14 Nisan 2011 Perşembe", True),
        ("14 Nisan 2011 Salı", False),
        ("14 квітня 2011 року", True),
        ("14 апреля 2011 г.", True),
        ("The answer is April  14,   2011.", True),
        ("The answer is 14  April 2011.", True),
        ("The answer is 14/04/2011 (April 14, 2011)", True),
        ("The answer is 14/04/2011 (DD/MM/YYYY)", True),
        ("The answer is 14/04/2011.", True),
    ],
)
def test_a_date_with_its_month_in_words(completion: str, right: bool) -> None:
    assert (check(completion, "04/14/2011", "date").status == "correct") is right


@pytest.mark.parametrize(
    ("completion", "target"),
    [
        ("The answer is 05/02/2011 (DD/MM/YYYY), i.e. 5 February 2011", "02/05/2011"),
        ("The answer is 05/02/2011 (5 February 2011).", "02/05/2011"),
        ("The answer is 05/02/2011 (MM/DD/YYYY).", "05/02/2011"),
        ("The answer is 05/02/2011 (May 2, 2011).", "05/02/2011"),
        ("The answer is 05/02/2011 (7 February 2011).", ""),
    ],
)
def test_a_date_may_say_that_its_day_is_in_front(completion: str, target: str) -> None:
    for one in ("02/05/2011", "05/02/2011", "02/07/2011"):
        assert (check(completion, one, "date").status == "correct") is (one == target)
