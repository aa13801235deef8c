"""What introduces a list, and what stands before its last item."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import check

BOTH_ROOTS = [
    "方程的两个根是3和7。",
    "不等式的整数解分别是 7 和 3。",
    "根は3と7です。",
    "Las raíces son 3 y 7.",
    "Die Lösungen sind 3 und 7.",
    "Les racines sont 3 et 7.",
    "Le radici sono 3 e 7.",
    "근은 3와 7입니다.",
    "The odd numbers here that are not 5 or 9: 3 and 7",
    "The two numbers, both odd: 7 and 3",
    "x = 3 or x = 7",
    "x_1 = 3 and x_2 = 7",
    "The roots of (x-3)(x-7) are 3 and 7.",
]
OTHER_NUMBERS = [
    "方程的两个根是3和8。",
    "根は3か7です。",
    "The roots are 3 or 7, I am not sure.",
    "方程的根是3、5和7。",
    "The odd numbers here that are not 3 or 7: 5 and 9",
    "x = 3 or y = 7",
    "3 es 7",
    "x is not 3 and 7",
    "These are not the roots: 3, 7",
]


@pytest.mark.parametrize("completion", BOTH_ROOTS)
def test_the_clause_before_a_list_is_no_item(completion: str) -> None:
    assert check(completion, "3, 7", "list").status == "correct"


@pytest.mark.parametrize("completion", OTHER_NUMBERS)
def test_another_list(completion: str) -> None:
    assert check(completion, "3, 7", "list").status != "correct"


@pytest.mark.parametrize(
    ("completion", "right"),
    [
        ("The birds in the tale, sorted by size: owl, robin and wren.", True),
        ("The birds, in no particular order, are: wren, owl, and robin.", True),
        ("Die Vögel, nach Größe geordnet: owl, robin und wren.", True),
        ("Les oiseaux sont owl, robin et wren.", True),
        ("鸟有owl、robin和wren。", True),
        ("The aviary holds owl, robin and wren.", True),
        ("Hay owl, robin y wren.", True),
        ("Three birds — owl, robin, wren.", True),
        ("There are three birds: owl, robin, wren.", True),
        ("The birds in the tale, sorted by size: owl, robin and crow.", False),
        ("In the tale: owl, robin or wren", False),
        ("The birds: owl, robin and not wren.", False),
        ("owl, robin: wren", False),
        ("Not in the tale: owl, robin and wren", False),
        ("The birds that were ruled out: owl, robin and wren", False),
    ],
)
def test_a_clause_with_a_comma(completion: str, right: bool) -> None:
    assert (check(completion, "owl, robin, wren", "list").status == "correct") is right


@pytest.mark.parametrize(
    ("completion", "right"), [("x = 4 and y = 9", True), ("x = 9, y = 4", False)]
)
def test_two_names_keep_their_values(completion: str, right: bool) -> None:
    assert (check(completion, "x = 4, y = 9", "list").status == "correct") is right
