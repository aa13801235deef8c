"""Simple dates: every target is what a second solver reads; nothing leaves its month."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from itertools import combinations

import pytest

from limbeck.questions import SETS, demos, make_questions
from limbeck.questions.assign import assigned
from limbeck.questions.english import long_date
from limbeck.questions.names import LATIN, OTHER
from tests.questions.date_solver import civil, read

TEMPLATES = SETS["simple_dates"].templates

# By hand, with a calendar.
BY_HAND = [
    ("The radio has just said that it is January 22, 2016. Find the date that it was 10 days ago "
     "and give it in MM/DD/YYYY.", "01/12/2016"),
    ("Today, February 21, 2040, the town council meets. Say what the date will be in one week, "
     "written MM/DD/YYYY.", "02/28/2040"),
    ("It is now July 30, 1999. What will the date be tomorrow in MM/DD/YYYY?", "07/31/1999"),
    ("It was March 7, 1988 yesterday. State which date it is today, using the format MM/DD/YYYY.",
     "03/08/1988"),
    ("The loaf was baked on February 28, 2000, the day before today. What date is it today? Answer "
     "as MM/DD/YYYY.", "02/29/2000"),
    ("Pilar has a test tomorrow, March 20, 2016. What is the date today in MM/DD/YYYY?",
     "03/19/2016"),
    ("Today is the last day before December 31, 1923. Tell me which date it is today, as "
     "MM/DD/YYYY.", "12/30/1923"),
    ("The shop closed on November 15, 2020. That was 7 days ago. Write in MM/DD/YYYY which date it "
     "is today.", "11/22/2020"),
    ("Olga arrived on April 1, 1931, and leaves today, after 4 nights. Which calendar date is it "
     "today (MM/DD/YYYY)?", "04/05/1931"),
    ("It is 10 days until February 18, 2030. In the form MM/DD/YYYY, what is the date today?",
     "02/08/2030"),
    ("A laptop shows May 17, 1949, a date that is 7 days ahead of today. Write in MM/DD/YYYY which "
     "date it is today.", "05/10/1949"),
]  # fmt: skip

# Words by which a reader knows that the date which is told is gone, or is still to come.
YESTERDAY = re.compile(r"yesterday|the day before today|that day ended last night", re.I)
TOMORROW = re.compile(r"tomorrow|the day after today|the last day before", re.I)
GONE = re.compile(
    r"days ago|since|have passed|days before today|days slow|days old|days later|days afterwards"
    r"|days after (?!today)|days earlier, on|after \d+ nights|it is due today|has now been"
    r"|took \d+ days|days forward",
    re.I,
)
TO_COME = re.compile(
    r"days from (now|today)|in \d+ days|days left|has to wait|days after today|days until|to go\b"
    r"|today is \d+ days earlier|days ahead|days away|today is \d+ days before that|Go back"
    r"|days off\.|now \d+ days before|days hence|will go off|days too far|Another|Until then",
    re.I,
)


def days_to_today(told: str) -> int:
    """How many days it is from the date that is told to today, by the words alone."""
    numbers = [n for n in read(told)[1] if n > 1]
    if numbers:
        (number,) = numbers
        ways = {number: GONE, -number: TO_COME}
    else:
        ways = {1: YESTERDAY, -1: TOMORROW}
    found = [days for days, words in ways.items() if words.search(told)]
    assert len(found) < 2, f"both gone and to come: {told}"
    assert found or not numbers, f"a number that leads nowhere: {told}"
    return found[0] if found else 0


def parted(prompt: str) -> tuple[str, str]:
    """What is told, and what is asked."""
    told, asked = re.split(r"(?<=[.:]) (?=[A-Z][^.:]*(?:MM/DD/YYYY))", prompt, maxsplit=1)
    return told, asked


def answer(prompt: str) -> str:
    """The date that answers a question, by day numbers."""
    told, asked = parted(prompt)
    ((given,), _, _), shift = read(told), days_to_today(told)
    count = re.search(r"(\d+) days|one week", asked)
    if count:
        days = int(count[1]) if count[1] else 7
        shift += -days if "ago" in asked else days
    else:
        shift += ("tomorrow" in asked) - ("yesterday" in asked)
    year, month, day = civil(given + shift)
    return f"{month:02d}/{day:02d}/{year}"


@pytest.mark.parametrize("seed", [0, 1])
def test_every_target_is_that_of_the_second_solver(seed: int) -> None:
    for question in make_questions("simple_dates", 2000, seed=seed, split="all"):
        assert answer(question.prompt) == question.target, question


@pytest.mark.parametrize(("prompt", "target"), BY_HAND)
def test_the_second_solver_finds_what_was_found_by_hand(prompt: str, target: str) -> None:
    assert answer(prompt) == target


def test_what_is_told_by_hand_is_what_the_set_tells() -> None:
    names = "|".join(map(re.escape, LATIN + OTHER))

    def shape(prompt: str) -> str:
        return re.sub(rf"[A-Z][a-z]+ \d+, \d{{4}}|\d+|\b(?:{names})\b", "_", parted(prompt)[0])

    told = {shape(prompt) for prompt, _ in BY_HAND}
    assert len(told) == len(BY_HAND)
    made = make_questions("simple_dates", len(TEMPLATES), split="all")
    assert told <= {shape(question.prompt) for question in made}


def test_the_families_and_their_wordings_are_split_like_this() -> None:
    """Pinned: a change would put templates that models were trained on into the test."""
    splits = assigned(SETS["simple_dates"])
    counts = {family: Counter[str]() for family in dict.fromkeys(t.family for t in TEMPLATES)}
    for template in TEMPLATES:
        counts[template.family][splits[template.id]] += 1
    assert counts == {
        "given": {"train": 13, "valid": 3, "test": 4},
        "yesterday": {"train": 10, "valid": 3, "test": 3},
        "tomorrow": {"train": 10, "valid": 3, "test": 3},
        "since": {"train": 15, "valid": 4, "test": 5},
        "ahead": {"train": 15, "valid": 4, "test": 5},
    }
    assert Counter(splits.values()) == {"train": 63, "valid": 17, "test": 20}


def test_no_answer_stands_in_its_question_and_only_given_asks_for_another_day() -> None:
    for question in make_questions("simple_dates", 2000, split="all"):
        month, day, year = map(int, question.target.split("/"))
        assert long_date(date(year, month, day)) not in question.prompt
        assert question.target not in question.prompt
        asked = parted(question.prompt)[1]
        assert bool(re.search(r"(?<!from )today", asked)) is (question.family != "given")


def test_days_are_2_to_10_in_both_directions() -> None:
    seen: dict[str, set[int]] = {}
    for question in make_questions("simple_dates", 3000, split="all"):
        [(sign, other)] = re.findall(r"([+-]) (\d+) =", question.solution)
        seen.setdefault(question.family, set()).add(int(f"{sign}{other}"))
    ahead = {2, 3, 4, 5, 7, 10}
    back = {-days for days in ahead}
    assert seen == {
        "given": {1, -1} | ahead | back, "yesterday": {1}, "tomorrow": {-1}, "since": ahead,
        "ahead": back,
    }  # fmt: skip


def test_no_question_leaves_its_month_and_every_sum_is_right() -> None:
    for question in make_questions("simple_dates", 1000, split="all"):
        told = re.findall(r"([A-Z][a-z]+) (\d+), (\d{4})", question.solution)
        assert len({(month, year) for month, _, year in told}) == 1, question.solution
        [(one, sign, other, result)] = re.findall(r"(\d+) ([+-]) (\d+) = (\d+)", question.solution)
        assert int(one) + int(f"{sign}{other}") == int(result)
        month, day, year = map(int, question.target.split("/"))
        assert date(year, month, day)
        assert int(result) == day
        assert question.solution.endswith(f"So the answer is {question.target}.")


def test_solutions_read_like_this() -> None:
    told = {
        "given": r"Today is DATE\. (?:Yesterday|Tomorrow|In \w+ days|In one week"
        r"|(?:\d+ days|One week) (?:ago|from today)): \d+ [+-] \d+ = \d+, so it (?:is|was) DATE\.",
        "yesterday": r"Yesterday was DATE: \d+ \+ 1 = \d+, so today is DATE\.",
        "tomorrow": r"Tomorrow is DATE: \d+ - 1 = \d+, so today is DATE\.",
        "since": r"(\d+) days ago it was DATE: \d+ \+ \1 = \d+, so today is DATE\.",
        "ahead": r"(\d+) days from today it is DATE: \d+ - \1 = \d+, so today is DATE\.",
    }
    for question in make_questions("simple_dates", 1000, split="all"):
        steps = re.sub(r"[A-Z][a-z]+ \d+, \d{4}", "DATE", question.solution)
        shape = rf"{told[question.family]} So the answer is \d\d/\d\d/\d{{4}}\."
        assert re.fullmatch(shape, steps), steps


def test_targets_are_spread_over_the_calendar() -> None:
    targets = [q.target for q in make_questions("simple_dates", 1000, split="all")]
    assert len({target[:2] for target in targets}) == 12
    assert len({target[3:5] for target in targets}) == 31
    assert len({target[6:] for target in targets}) > 80


def test_no_two_wordings_are_nearly_the_same() -> None:
    """At most seven tenths of the words of two wordings are common to both."""
    bags = {}
    for question in make_questions("simple_dates", len(TEMPLATES), split="all"):
        words = re.sub(r"[A-Z][a-z]+ \d+, \d{4}|\d+", "_", parted(question.prompt)[0])
        bags[question.template] = Counter(re.findall(r"\w+", words.lower()))
    assert len(bags) == len(TEMPLATES)
    for (one, bag), (other, other_bag) in combinations(bags.items(), 2):
        size = bag.total() + other_bag.total()
        assert 2 * (bag & other_bag).total() <= 0.7 * size, (one, other)


def test_forty_demos_are_eight_of_every_family_from_forty_templates() -> None:
    shown = demos("simple_dates", 40)
    assert set(Counter(question.family for question in shown).values()) == {8}
    assert len({question.family for question in shown}) == 5
    assert len({question.template for question in shown}) == 40
