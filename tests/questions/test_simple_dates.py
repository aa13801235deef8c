"""Simple dates: every target is what a second solver reads; nothing leaves its month."""

from __future__ import annotations

import re
from datetime import date

import pytest

from limbeck.questions import SETS, make_questions
from tests.questions.date_solver import civil, read

# By hand, with a calendar.
BY_HAND = [
    ("The radio has just said that it is January 22, 2016. Find the date that it was 10 days ago "
     "and give it in MM/DD/YYYY.", "01/12/2016"),
    ("It is 9 days until February 18, 2030. In the form MM/DD/YYYY, what is the date today?",
     "02/09/2030"),
    ("Pilar has a test tomorrow, March 20, 2016. What is the date today in MM/DD/YYYY?",
     "03/19/2016"),
    ("It was March 7, 1988 yesterday. State which date it is today, using the format MM/DD/YYYY.",
     "03/08/1988"),
    ("A laptop shows May 17, 1949, but it is 7 days ahead of today. Write in MM/DD/YYYY which date "
     "it is today.", "05/10/1949"),
]  # fmt: skip

# Days from the date given to today, by family or template; n is the number that is told.
TODAY: dict[str, str] = {
    "given": "0",
    "neighbour/was": "1", "neighbour/will_be": "-1", "neighbour/dentist": "1",
    "neighbour/flight": "-1", "neighbour/match": "1", "neighbour/school": "-1",
    "neighbour/newspaper": "-1", "neighbour/milk": "1", "neighbour/party": "1",
    "neighbour/market": "-1", "neighbour/rain": "1", "neighbour/test": "-1",
    "ago": "n", "ahead": "-n", "later": "n",
}  # fmt: skip


def answer(template: str, prompt: str) -> str:
    """The date that answers a question, by day numbers."""
    _, family, name = template.split("/")
    told, asked = re.split(r"(?<=[.:]) (?=[A-Z][^.:]*(?:MM/DD/YYYY))", prompt, maxsplit=1)
    (given,), numbers, _ = read(told)
    way = TODAY.get(family) or TODAY[f"{family}/{name}"]
    number = next((n for n in numbers if n > 1), 0)
    shift = int(way.replace("n", str(number)))
    words = re.sub(r"MM/DD/YYYY", "", asked)
    count = re.search(r"(\d+) days|one week", words)
    if count:
        days = int(count[1]) if count[1] else 7
        shift += -days if "ago" in words else days
    else:
        shift += ("tomorrow" in words) - ("yesterday" in words)
    year, month, day = civil(given + shift)
    return f"{month:02d}/{day:02d}/{year}"


@pytest.mark.parametrize("seed", [0, 1])
def test_every_target_is_that_of_the_second_solver(seed: int) -> None:
    for question in make_questions("simple_dates", 2000, seed=seed, split="all"):
        assert answer(question.template, question.prompt) == question.target, question


@pytest.mark.parametrize(("prompt", "target"), BY_HAND)
def test_the_second_solver_finds_what_was_found_by_hand(prompt: str, target: str) -> None:
    names = [template.id for template in SETS["simple_dates"].templates]
    words = {
        "radio": "given/radio", "until": "ahead/until", "test": "neighbour/test",
        "It was": "neighbour/was", "laptop": "ahead/laptop",
    }  # fmt: skip
    name = next(name for word, name in words.items() if word in prompt)
    assert f"simple_dates/{name}" in names
    assert answer(f"simple_dates/{name}", prompt) == target


def test_no_question_leaves_its_month_and_every_sum_is_right() -> None:
    for question in make_questions("simple_dates", 1000, split="all"):
        told = re.findall(r"([A-Z][a-z]+) (\d+), (\d{4})", question.solution)
        assert len({(month, year) for month, _, year in told}) == 1, question.solution
        sums = re.findall(r"(\d+) ([+-]) (\d+) = (\d+)", question.solution)
        assert len(sums) <= 1
        for one, sign, other, result in sums:
            assert int(one) + int(f"{sign}{other}") == int(result)
        month, day, year = map(int, question.target.split("/"))
        assert date(year, month, day)
        assert question.solution.endswith(f"So the answer is {question.target}.")


def test_targets_are_spread_over_the_calendar() -> None:
    targets = [q.target for q in make_questions("simple_dates", 1000, split="all")]
    assert len({target[:2] for target in targets}) == 12
    assert len({target[3:5] for target in targets}) == 31
    assert len({target[6:] for target in targets}) > 80
