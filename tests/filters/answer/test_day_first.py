"""Numeric dates with the day in front, and dates that leave something out."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import check


@pytest.mark.parametrize(
    ("completion", "right"),
    [
        ("Answer: 23/08/1994", True),
        ("23-08-1994", True),
        ("Tuesday, 23/08/1994", True),
        ("23/08/1994 (Friday)", False),
        ("Answer: 24/08/1994", False),
        ("23/08/94", False),
        ("23/13/1994", False),
        ("not 23/08/1994", False),
        ("23/08/1994 or 24/08/1994", False),
    ],
)
def test_a_date_that_can_be_read_in_one_way_only(completion: str, right: bool) -> None:
    assert (check(completion, "08/23/1994", "date").status == "correct") is right


@pytest.mark.parametrize(
    "completion",
    [
        "In DD/MM/YYYY format the answer is 06/11/2003",
        "The answer in day-first (DD/MM/YYYY) notation is: 06/11/2003",
    ],
)
def test_the_order_is_said_before_the_date(completion: str) -> None:
    assert check(completion, "11/06/2003", "date").status == "correct"
    assert check(completion, "06/11/2003", "date").status == "wrong"


def test_what_two_readings_have_is_month_first() -> None:
    assert check("Answer: 06/11/2003", "06/11/2003", "date").status == "correct"
    assert check("Answer: 06/11/2003", "11/06/2003", "date").status == "wrong"


@pytest.mark.parametrize(
    "completion",
    ["The fair is in August 1994.", "The fair is on August 23.", "23 de agosto", "8月23日です。"],
)
def test_less_than_a_day_is_wrong(completion: str) -> None:
    assert check(completion, "08/23/1994", "date").status == "wrong"
