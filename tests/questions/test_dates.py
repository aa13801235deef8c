"""Dates: every target is what a second solver reads from the prompt; some are solved by hand."""

from __future__ import annotations

import re
from datetime import date

import pytest

from limbeck.questions import SETS, make_questions
from limbeck.questions.date_steps import after_months, months_later, moved
from tests.questions.date_solver import TODAY, answer

# Solved on paper.
BY_HAND = [
    (
        "countdown/cat",
        "Today it is 15 days since 1978-05-15, the day when Marta adopted a cat. What date will it "
        "be in 28 days? Answer as MM/DD/YYYY.",
        "06/27/1978",
    ),
    (
        "schedule/glacier",
        "Starting with November 29th, 1932, Daniel has measured a glacier every 3 days. Today's "
        "measurement is the fifth. Which calendar date will it be the day after tomorrow "
        "(MM/DD/YYYY)?",
        "12/13/1932",
    ),
    (
        "neighbour/job",
        "Giulia starts a new job tomorrow, on the 1st of July 1940. What will the date be 3 days "
        "from today in MM/DD/YYYY?",
        "07/03/1940",
    ),
    (
        "leap/until",
        "Only 4 days to go from today, and it will be March 2, 1956. Write in MM/DD/YYYY which "
        "date it was 29 days before today.",
        "01/29/1956",
    ),
    (
        "weekday/last",
        "Today is the last Thursday of March 1966, a month that starts on a Tuesday. State which "
        "date it was 6 days ago, using the format MM/DD/YYYY.",
        "03/25/1966",
    ),
    (
        "hours/asleep",
        "A bear in a zoo fell asleep at 5 a.m. on November 2nd, 2006 and slept for 85 hours. It "
        "has woken up this minute. State which date it was 10 years ago, using the format "
        "MM/DD/YYYY.",
        "11/05/1996",
    ),
    (
        "day_of_year/day",
        "Today is day 119 of 2007, where January 1 is day 1. What date will it be in one week? "
        "Answer as MM/DD/YYYY.",
        "05/06/2007",
    ),
    (
        "chain/match",
        "A match was planned for 1991-05-21. Because of snow it was put off by 7 weeks, but then "
        "the new date was replaced by one 2 days earlier. It is played today. Say what the date "
        "was yesterday, written MM/DD/YYYY.",
        "07/06/1991",
    ),
    (
        "written/london",
        "A letter from London, where the day is put first, is dated 06/08/1995, that is, today. "
        "Tell me which date it will be 2 years from today, as MM/DD/YYYY.",
        "08/06/1997",
    ),
    (
        "day_of_year/left",
        "After today, exactly 52 days of 1994 are left. Tell me which date it will be 9 years from "
        "today, as MM/DD/YYYY.",
        "11/09/2003",
    ),
    (
        "schedule/letter",
        "A newsletter goes out every 7 days. Issue 1 went out on March 19, 1982, and issue 8 goes "
        "out today. What date was it 11 years ago? Answer as MM/DD/YYYY.",
        "05/07/1971",
    ),
    (
        "leap/after",
        "Today is the day that comes right after February 28, 1900. What is the date today in "
        "MM/DD/YYYY?",
        "03/01/1900",
    ),
]


@pytest.mark.parametrize(("template", "prompt", "target"), BY_HAND)
def test_the_second_solver_finds_what_was_found_by_hand(
    template: str, prompt: str, target: str
) -> None:
    assert answer(template, prompt) == target


def test_the_hand_solved_questions_are_what_the_generator_makes() -> None:
    made = {q.prompt: q.target for q in make_questions("dates", 101, seed=3, split="all")}
    found = [made[prompt] == target for _, prompt, target in BY_HAND if prompt in made]
    assert len(found) >= 11
    assert all(found)


def test_every_template_is_in_the_solver() -> None:
    assert {f"dates/{name}" for name in TODAY} == {t.id for t in SETS["dates"].templates}
    assert len(TODAY) >= 40


@pytest.mark.parametrize("seed", [0, 1])
def test_every_target_is_that_of_the_second_solver(seed: int) -> None:
    for question in make_questions("dates", 3000, seed=seed, split="all"):
        assert answer(question.template, question.prompt) == question.target, question


def test_solutions_end_with_the_target_and_never_skip_a_month() -> None:
    for question in make_questions("dates", 500, split="all"):
        assert question.solution.endswith(f"So the answer is {question.target}.")
        assert re.fullmatch(r"\d\d/\d\d/\d{4}", question.target)


def test_targets_are_spread_over_the_calendar() -> None:
    targets = [q.target for q in make_questions("dates", 1000, split="all")]
    assert len({target[:2] for target in targets}) == 12
    assert len({target[3:5] for target in targets}) == 31
    assert len({target[6:] for target in targets}) > 80


def test_steps_stop_where_months_end() -> None:
    end, told = moved(date(2000, 1, 30), 32)
    assert end == date(2000, 3, 2)
    assert told == (
        "32 days after January 30, 2000: 2 days to February 1, 2000, 29 more to March 1, 2000, 1 "
        "more to March 2, 2000."
    )
    end, told = moved(date(2001, 3, 1), -1)
    assert told == "1 day before March 1, 2001 is February 28, 2001."


def test_months_end_on_the_same_day_or_not_at_all() -> None:
    assert months_later(date(2023, 11, 28), 3) == date(2024, 2, 28)
    assert after_months(date(2024, 1, 5), -1)[0] == date(2023, 12, 5)
    with pytest.raises(ValueError, match="day"):
        months_later(date(2023, 1, 31), 1)
