"""An option that is chosen by its text in a sentence."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import check

METALS = ["Iron", "Zinc", "Tin", "Lead"]
CHOSEN = [
    "**Chosen option:** Zinc",
    "**Zinc** is the right choice.",
    "Zinc is correct.",
    "My choice: Zinc",
    "The metal is zinc.",
    "Iron is wrong; Zinc is right.",
    "Auswahl: Zinc",
]
ANOTHER = [
    "**Chosen option:** Tin",
    "**Tin** is the right choice.",
    "Tin is correct.",
    "The metal is tin.",
    "Zinc is wrong; Tin is right.",
    "It is Zinc. It is Tin.",
]
NONE = [
    "The metal is not zinc.",
    "It could be zinc.",
    "Is it zinc?",
    "Wrong choice: Zinc",
    "The least likely option is Zinc.",
    "Half of it is zinc.",
    "I first thought it is zinc.",
    "If it floats, it is zinc.",
    "The metal is copper.",
]


@pytest.mark.parametrize("completion", CHOSEN)
def test_an_option_by_its_text(completion: str) -> None:
    assert check(completion, "B", "choice", options=METALS).status == "correct"


@pytest.mark.parametrize("completion", ANOTHER[:5])
def test_another_option_by_its_text_is_wrong(completion: str) -> None:
    assert check(completion, "B", "choice", options=METALS).status == "wrong"


@pytest.mark.parametrize("completion", [*NONE, ANOTHER[5]])
def test_a_mention_chooses_nothing(completion: str) -> None:
    assert check(completion, "B", "choice", options=METALS).status == "unparseable"


@pytest.mark.parametrize(
    ("completion", "letter"),
    [
        ("D라고 봤지만, 계산해 보니 B입니다.", "B"),
        ("最初はDだと思いましたが、正しくはBです。", "B"),
        ("Bです。", "B"),
        ("B가 아니라 D입니다.", "D"),
        ("B. Option A is wrong because D is true", "B"),
        ("Option A is wrong because D is true", "D"),
    ],
)
def test_the_letter_that_is_asserted(completion: str, letter: str) -> None:
    assert check(completion, letter, "choice").status == "correct"
    other = "B" if letter == "D" else "D"
    assert check(completion, other, "choice").status != "correct"


def test_either_of_two_letters_is_none() -> None:
    assert check("A이거나 B입니다.", "B", "choice").status == "wrong"
