"""Word problems: every target is that of a formula over the text's numbers; every step is exact."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from limbeck.questions import SETS, make_questions
from limbeck.questions.english import decimal, listed, money, ordinal, suffixed
from tests.questions.arithmetic_solver import FORMULAS, answer

EQUATION = re.compile(r"\$?([\d.]+) ([-+*/]) \$?([\d.]+) = \$?([\d.]*\d)")


def test_every_template_has_a_formula() -> None:
    assert {f"arithmetic/{name}" for name in FORMULAS} == {
        template.id for template in SETS["arithmetic"].templates
    }
    assert len(FORMULAS) >= 40


@pytest.mark.parametrize("seed", [0, 1])
def test_every_target_is_that_of_the_formula(seed: int) -> None:
    for question in make_questions("arithmetic", 2000, seed=seed, split="all"):
        assert answer(question.template, question.prompt) == Fraction(question.target), question
        assert Fraction(question.target) > 0


def test_a_problem_solved_by_hand() -> None:
    prompt = (
        "A firm invites 4 teams of 23 workers and 7 guests to dinner. The meal is $15.50 a head. "
        "Every table seats 9 people, no seat stays empty, and to hire a table costs $40. What does "
        "the dinner cost in dollars?"
    )
    # 92 workers and 7 guests are 99: 99 * 15.50 = 1534.50, and 11 tables * 40 = 440.
    assert answer("arithmetic/trip/dinner", prompt) == Fraction("1974.50")


def test_every_step_is_an_exact_equation_and_the_last_one_gives_the_target() -> None:
    operations = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
    }
    counts = set()
    for question in make_questions("arithmetic", 1000, split="all"):
        found = EQUATION.findall(question.solution)
        counts.add(len(found))
        for left, sign, right, result in found:
            exact = operations[sign](Fraction(left), Fraction(right))
            assert exact == Fraction(result), question.solution
        assert found[-1][-1] == question.target
        assert question.solution.endswith(f"So the answer is {question.target}.")
    assert counts == {2, 3, 4, 6}


def test_names_of_many_scripts_occur() -> None:
    text = " ".join(q.prompt for q in make_questions("arithmetic", 2000, split="all"))
    for name in ("José", "Łukasz", "王芳", "Nguyễn"):
        assert name in text


def test_nothing_is_one_of_many() -> None:
    """No "1 apples": every number before a plural is at least two."""
    for question in make_questions("arithmetic", 2000, split="all"):
        assert not re.search(r"(?<![$\d.])\b1 (?!times)[a-z]+s\b", question.prompt), question.prompt


def test_amounts_are_written_with_all_their_cents_or_none() -> None:
    assert decimal(Fraction(17, 2)) == "8.50"
    assert decimal(8) == "8"
    assert money(Fraction(-5, 100)) == "$-0.05"
    with pytest.raises(ValueError, match="parts of a cent"):
        decimal(Fraction(1, 3))


def test_ordinals_and_lists() -> None:
    assert [ordinal(n) for n in (1, 3, 9, 10, 12, 21)] == [
        *("first", "third", "ninth", "10th", "12th", "21st")
    ]
    assert [suffixed(n) for n in (2, 11, 13, 22, 103, 111)] == [
        *("2nd", "11th", "13th", "22nd", "103rd", "111th")
    ]
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b, and c"
