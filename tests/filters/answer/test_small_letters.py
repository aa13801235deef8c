"""Option letters that are small: with a bracket, in bold, behind what names an option."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import check

CHOSEN = [
    "Es la **c)**, ya que es azul.",
    "La opción correcta es **c**.",
    "Richtig ist **c)**, weil der Planet blau ist.",
    "La bonne réponse est **c)**.",
    "A alternativa correta é a **c)**.",
    "I'd go with choice **c**.",
    "**c)** is correct.",
    "option c",
    "答案是**c**。",
    "正解は**c)**です。",
    "정답은 **c)** 입니다.",
    "This corresponds to option **c**.",
    "**c) Neptune**",
    "Thus, **c)** Neptune",
    "La réponse c) est correcte.",
    "This gives answer choice c).",
    "Opción c)",
    "So c) is correct.",
    "Answer: c, because ice floats.",
    "(a) Mars (b) Venus (c) Neptune (d) Io\n\nIt is choice **c**.",
]
ANOTHER = [
    "Es la **b)**, ya que es azul.",
    "It isn't **c)** but **b)**.",
    "**c)** is wrong, **b)** is right.",
    "Either **b)** or **c)**.",
    "La **c)** es incorrecta; es la **b)**.",
    "Nicht **c)**, sondern **b)**.",
    "Option a) is right, not c).",
    "The answer is b), as c) ignores friction.",
    "option b rather than option c",
    "c) is wrong.",
]
NO_OPTION = [
    "The speed of light is **c** = 3e8 m/s.",
    "The side c is 5.",
    "vitamin c",
    "Let **c** be the constant.",
    "We then find the value of c.",
    "Take (the point on c) as fixed.",
]


@pytest.mark.parametrize("completion", CHOSEN)
def test_a_small_letter_is_an_option(completion: str) -> None:
    assert check(completion, "C", "choice").status == "correct"


@pytest.mark.parametrize("completion", ANOTHER)
def test_another_letter_is_chosen(completion: str) -> None:
    assert check(completion, "C", "choice").status != "correct"


@pytest.mark.parametrize("completion", NO_OPTION)
def test_a_variable_or_a_word_is_no_option(completion: str) -> None:
    assert check(completion, "C", "choice").status == "unparseable"
