"""Kinds of targets by their form, and what follows from them for lists and mathematics."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import Kind, check, kind_of
from limbeck.filters.answer.maths import installed


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        *((target, "math") for target in ("-2i+5", "4x+1", "7y", "(n+1)/2", "a+b", "2-6i")),
        *((target, "text") for target in ("n-k", "b-6", "n/a", "covid-19", "h2o", "4D", "wi-fi")),
        *((target, "text") for target in ("Lyon, France", "7a", "x")),
        *((target, "list") for target in ("cat, dog", "red, green")),
    ],
)
def test_short_formulas_and_pairs_of_words_have_their_kinds(target: str, kind: Kind) -> None:
    assert kind_of(target) == kind


@pytest.mark.skipif(not installed(), reason="needs the extra `math`")
@pytest.mark.parametrize(
    ("completion", "target", "right"),
    [
        ("Answer: $5 - 2i$", "-2i+5", True),
        ("Answer: $5 + 2i$", "-2i+5", False),
        ("So it is 1+4x.", "4x+1", True),
        ("So it is 4x-1.", "4x+1", False),
        ("$\\cos 60^\\circ$", "\\frac12", True),
        ("\\boxed{\\sin(30^{\\circ})}", "\\frac12", True),
        ("$2\\tan 45^\\circ$", "2", True),
        ("$\\sin 60^\\circ$", "\\frac12", False),
        ("$\\sin(30)$", "\\frac12", False),
        ("\\boxed{60^\\circ}", "60", True),
    ],
)
def test_formulas_are_compared_as_values(completion: str, target: str, right: bool) -> None:
    kind: Kind = "auto" if kind_of(target) == "math" else "math"
    assert (check(completion, target, kind).status == "correct") is right


@pytest.mark.parametrize(
    ("completion", "target", "right"),
    [
        ("<answer>Dog and cat</answer>", "cat, dog", True),
        ("Dog", "cat, dog", False),
        ("The answer is 3,000 and 4,750.", "4750, 3000", True),
        ("The answer is 3,000 and 4,750.", "3000, 475", False),
        ("43,210 and 8", "43210, 8", True),
        ("1,2 and 3", "1, 2, 3", True),
        ("400,500 and 600", "400, 500, 600", True),
        ("400,500 and 600", "400, 600", False),
    ],
)
def test_a_list_has_as_many_items_as_it_means(completion: str, target: str, right: bool) -> None:
    assert (check(completion, target, "list").status == "correct") is right


def test_one_of_two_lists_is_a_hedge() -> None:
    made = check("It is {4, 5} or maybe {4, 6}.", "4, 6", "list")
    assert (made.status, made.reason) == ("wrong", "hedge")
