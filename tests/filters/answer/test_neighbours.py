"""An answer in bold, and why one more or one less would not do."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import check

KEPT = [
    "So **6 crates** it is. Five crates would hold only 40 of the 47 jars.",
    "You need **6 vans**. With 5 vans there would only be room for 40 people.",
    "**6 trips** are needed, since 5 trips would carry just 40 of the 47 bricks.",
    "She must buy **6 tins**; 5 tins cover only 40 square metres, not enough.",
    "Therefore the minimum is **6**. Checking: 5 gives 40, which is too few.",
    "Man braucht **6 Kisten**. Fünf Kisten würden nur für 40 Gläser reichen.",
    "Se necesitan **6 cajas**. Con 5 cajas solo cabrían 40 libros.",
    "**6 shelves**. 5 shelves would not be enough.",
    "We need **6 tiles**; with 5, the wall would not be covered.",
]
ANOTHER = [
    "He needs **5 crates**. Six crates would hold 48 jars, more than he has.",
    "You need **6 vans**. But that leaves 5 seats, so 5 is right.",
    "**6 trips**? 5 trips carry 40.",
    "He has **6 crates**. Each holds 8 jars, so he has 48 jars.",
    "He bought **6 pears**. Only 3 were left.",
    "Tom has **6 coins**. Anna would only have 3.",
    "Is **6** enough? 5 would not be.",
    "**6** is too few; **7** is enough.",
]


@pytest.mark.parametrize("completion", KEPT)
def test_a_neighbour_that_does_not_do_is_no_answer(completion: str) -> None:
    assert check(completion, "6", "number").status == "correct"


@pytest.mark.parametrize("completion", ANOTHER)
def test_what_goes_on_to_another_number(completion: str) -> None:
    assert check(completion, "6", "number").status != "correct"
