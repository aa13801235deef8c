"""Options in completions: a letter as an option, never as an article, a name or a variable."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from limbeck.errors import UserError
from limbeck.filters.answer import canonical, check

CITIES = ("London", "Paris", "Rome", "New York", "York")

RIGHT: list[tuple[str, str]] = [
    ("The answer is (B).", "B"),
    ("The answer is B.", "(B)"),
    ("The answer is B", "b"),
    ("The answer is: B", "B)"),
    ("The answer is option B.", "B"),
    ("The correct option is B.\nAnswer: B", "B"),
    ("Answer: B) because it is so", "B"),
    ("Answer: B. Paris", "B"),
    ("Answer: (b)", "B"),
    ("answer: b", "B"),
    ("The answer is [B].", "B"),
    ("The answer is **B**.", "B"),
    ('The answer is "B".', "B"),
    ("The answer is A.", "A"),
    ("The answer is A because water boils.", "A"),
    ("The answer is A, since water boils.", "A"),
    ("The answer is (A) water.", "A"),
    ("The answer is I.", "I"),
    ("\\boxed{B}", "B"),
    ("\\boxed{\\text{(B)}}", "B"),
    ("$\\boxed{\\mathrm{B}}$", "B"),
    ("<answer>B</answer>", "B"),
    ('{"answer": "B"}', "B"),
    ("rationale --> B", "B"),
    ("#### B", "B"),
    ("B", "B"),
    ("B.", "B"),
    ("(B)", "B"),
    ("b)", "B"),
    ("**B**", "B"),
    ("B) Paris", "B"),
    ("I choose B.", "B"),
    ("I would go with (B).", "B"),
    ("So B.", "B"),
    ("B is correct.", "B"),
    ("(B) is the right answer.", "B"),
    ("Option B is the best answer.", "B"),
    ("A is wrong. C is wrong. So it must be B.", "B"),
    ("(A) is incorrect, (B) is correct.", "B"),
    ("(B) is correct. (A) is wrong.", "B"),
    ("(B). A is not possible.", "B"),
    ("The answer is B, not A.", "B"),
    ("The answer is not A but B.", "B"),
    ("The answer is A. No wait, B.", "B"),
    ("The answer is B. Option A is wrong because of the sign.", "B"),
    ("We can rule out A and C. The answer is B.", "B"),
    ("The answer is (B).\n\nQ: Next?\n(A) x (B) y\nA: (A)", "B"),
    ("Answer: B\n\n\\boxed{A^2 + 2}", "B"),
    ("A cat is a mammal. The answer is B.", "B"),
    ("Person A has 3, person B has 4. The answer is (C).", "C"),
    ("<think>A? no</think>B", "B"),
    ("答案：B", "B"),
    ("故选B。", "B"),
    ("正确答案是（B）", "B"),
    ("La respuesta es B.", "B"),
]

WRONG: list[tuple[str, str]] = [
    ("The answer is (A).", "B"),
    ("The answer is A cat.", "A"),
    ("The answer is a cat.", "A"),
    ("A cat sat on the mat.", "A"),
    ("I think so.", "I"),
    ("I", "A"),
    ("Vitamin C", "C"),
    ("It was Plan B", "B"),
    ("It was written by J. B. Priestley.", "B"),
    ("Let x = B", "B"),
    ("f(A)", "A"),
    ("Person B", "B"),
    ("B2", "B"),
    ("The U.S.A.", "A"),
    ("grade A eggs", "A"),
    ("The answer is A or B.", "A"),
    ("The answer is A or B.", "B"),
    ("The answer is A and B.", "B"),
    ("The answer is both A and B.", "A"),
    ("The answer is either (A) or (B).", "B"),
    ("A/B", "B"),
    ("Answer: A, B", "B"),
    ("Answer: A, C, D", "A"),
    ("The answer is A. Or maybe B.", "A"),
    ("The answer is A. It could also be B.", "A"),
    ("\\boxed{A} or \\boxed{B}", "B"),
    ("The answer is not B.", "B"),
    ("The answer isn't B.", "B"),
    ("Not B.", "B"),
    ("The answer is A, not B.", "B"),
    ("The answer is B. No wait, A.", "B"),
    ("B is wrong.", "B"),
    ("(B) is incorrect.", "B"),
    ("(B) cannot be right.", "B"),
    ("We eliminate B", "B"),
    ("(A) London\n(B) Paris\n(C) Rome", "C"),
    ("A. London\nB. Paris", "B"),
    ("All of the above", "A"),
    ("None of the above", "A"),
    ("The answer is", "A"),
    ("Answer:", "A"),
    ("\\boxed{B", "B"),
    ("<think>B", "B"),
    ("", "A"),
    ("I'm sorry, I can't answer.", "I"),
    ("\\boxed{A = 3}", "A"),
    ("答案是A或B", "A"),
]

BY_TEXT: list[tuple[str, str, bool]] = [
    ("The answer is Paris.", "B", True),
    ("Paris", "B", True),
    ("paris.", "B", True),
    ("Answer: Paris because of the Seine", "B", True),
    ("The answer is New York.", "D", True),
    ("The answer is York.", "E", True),
    ("The answer is New York.", "E", False),
    ("The answer is B) Paris.", "B", True),
    ("B) Paris", "B", True),
    ("The answer is B) London.", "B", False),
    ("The answer is B) London.", "A", False),
    ("The answer is (B) London.", "A", False),
    ("The answer is Berlin.", "B", False),
    ("The answer is Z.", "B", False),
    ("Paris or Rome", "B", False),
    ("Not Paris.", "B", False),
    ("I like Paris a lot", "B", False),
]


@pytest.mark.parametrize(("completion", "target"), RIGHT)
def test_the_right_option_is_correct(completion: str, target: str) -> None:
    assert check(completion, target, "choice").status == "correct"


@pytest.mark.parametrize(("completion", "target"), WRONG)
def test_anything_else_is_not(completion: str, target: str) -> None:
    assert check(completion, target, "choice").status != "correct"


@pytest.mark.parametrize(("completion", "target", "right"), BY_TEXT)
def test_an_option_may_be_given_as_its_text_and_must_not_contradict_its_letter(
    completion: str, target: str, right: bool
) -> None:
    made = check(completion, target, "choice", options=CITIES)
    assert (made.status == "correct") is right


@pytest.mark.parametrize(
    ("target", "options", "letter"),
    [
        ("B", None, "B"),
        (" (b) ", None, "B"),
        ("B) Paris", None, "B"),
        ("B. Paris", None, "B"),
        ("(B) Paris", None, "B"),
        ("option B", None, "B"),
        ("Paris", CITIES, "B"),
        ("paris", CITIES, "B"),
        ("Paris", ["(A) London", "(B) Paris"], "B"),
        ("Paris", ["A. London", "B. Paris"], "B"),
    ],
)
def test_a_target_is_a_letter_or_the_text_of_an_option(
    target: str, options: Sequence[str] | None, letter: str
) -> None:
    assert check(f"The answer is {letter}.", target, "choice", options=options).status == "correct"


@pytest.mark.parametrize(
    ("target", "options", "said"),
    [
        ("", None, "is no option"),
        ("Paris", None, "is no option"),
        ("12", None, "is no option"),
        ("AB", None, "is no option"),
        ("F", CITIES, "is none of the 5 options"),
    ],
)
def test_a_target_that_is_no_option_is_the_users_error(
    target: str, options: Sequence[str] | None, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        check("B", target, "choice", options=options)


def test_votes_are_letters() -> None:
    texts = ["The answer is (B).", "b", "Paris", "Answer: B) Paris", "\\boxed{B}"]
    assert {canonical(text, "choice", CITIES) for text in texts} == {"B"}
    assert canonical("A or B", "choice") is None
