"""Lists: complete, without order unless the target has brackets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.filters.answer import canonical, check

RIGHT = [
    ("The answer is red, green, blue.", "red, green, blue"),
    ("The answer is blue, red and green.", "red, green, blue"),
    ("The answer is Red, Green, and Blue.", "red, green, blue"),
    ("Answer: {green, red, blue}", "red, green, blue"),
    ("Answer: [green, red, blue]", "red, green, blue"),
    ("\\boxed{\\{red, green, blue\\}}", "red, green, blue"),
    ("\\boxed{1, 2}", "{2, 1}"),
    ("\\boxed{1} and \\boxed{2}", "2, 1"),
    ('{"answer": ["red", "green", "blue"]}', "blue, green, red"),
    ("['red', 'green', 'blue']", "[red, green, blue]"),
    ("red & green & blue", "red, green, blue"),
    ("red; green; blue", "red, green, blue"),
    ("红、绿、蓝", "蓝, 绿, 红"),
    ("Answer:\n- red\n- green\n- blue", "blue, green, red"),
    ("The answer is:\n\n1. red\n2. green\n3. blue\n\nHope it helps.", "[red, green, blue]"),
    ("The colours are:\n* red\n* green\n* blue", "red, green, blue"),
    ("So the primes are 2, 3, 5 and 7.", "2, 3, 5, 7"),
    ("The answer is 2.0, 3", "2, 3"),
    ("The answer is 1,000, 2,000", "1000, 2000"),
    ("The answer is 1/2, 3/4", "0.5, 0.75"),
    ("The answer is red, green. These are colours.", "green, red"),
    ("The answer is red, blue. Sorry, I mean red, green.", "green, red"),
    ("rationale --> red, green", "green, red"),
    ("So the answer is ant bee cat.", "[ant, bee, cat]"),
    ("So the answer is ant bee cat.", "ant bee cat"),
    ("ant, bee, cat", "ant bee cat"),
    ("red, red, green", "green, red"),
    ("rot und blau", "blau, rot"),
    ("rouge et bleu", "bleu, rouge"),
    ("café, thé", "thé, cafe\u0301"),
]

WRONG = [
    ("The answer is red, green.", "red, green, blue"),
    ("The answer is red, green, blue, black.", "red, green, blue"),
    ("The answer is red, green, black.", "red, green, blue"),
    ("The answer is blue, red, green.", "[red, green, blue]"),
    ("[3, 2, 1]", "[1, 2, 3]"),
    ("[1, 2, 2, 3]", "[1, 2, 3]"),
    ("red", "red, green"),
    ("red green or blue", "red, green, blue"),
    ("The answer is red, green or blue.", "red, green, blue"),
    ("The answer is dark red, green.", "red, green"),
    ("The answer is 1, 2, 30", "1, 2, 3"),
    ("The answer is -1, 2", "1, 2"),
    ("The answer is red, green. No wait, red, blue.", "red, green"),
    ("Answer: {red, green", "red, green"),
    ("Answer:\n- red\n- green", "red, green, blue"),
    ("The answer is", "red, green"),
    ("Answer:", "red, green"),
    ("", "red, green"),
    ("<think>red, green", "red, green"),
    ("cat bee ant", "ant bee cat"),
    ("[[1, 2], [3]]", "[[1], [2, 3]]"),
    ("{}", "red"),
]


@pytest.mark.parametrize(("completion", "target"), RIGHT)
def test_a_whole_list_is_correct(completion: str, target: str) -> None:
    assert check(completion, target, "list").status == "correct"


@pytest.mark.parametrize(("completion", "target"), WRONG)
def test_anything_else_is_not(completion: str, target: str) -> None:
    assert check(completion, target, "list").status != "correct"


@pytest.mark.parametrize("target", ["", "[]", "{}", " . "])
def test_an_empty_target_is_the_users_error(target: str) -> None:
    with pytest.raises(UserError, match="is a list of nothing"):
        check("red", target, "list")


@given(st.lists(st.integers(-999, 999), min_size=2, max_size=9, unique=True), st.randoms())
@settings(deadline=None)
def test_order_matters_only_with_brackets(numbers: list[int], random: object) -> None:
    turned = numbers[1:] + numbers[:1]
    bare, bracketed = ", ".join(map(str, numbers)), str(numbers)
    answer = f"The answer is {', '.join(map(str, turned))}."
    assert check(answer, bare, "list").status == "correct"
    assert check(answer, bracketed, "list").status == "wrong"
    assert check(f"The answer is {bare}.", bracketed, "list").status == "correct"
    assert (
        check(f"The answer is {', '.join(map(str, numbers[1:]))}.", bare, "list").status == "wrong"
    )


def test_votes_are_sorted_unless_the_order_means_something() -> None:
    assert canonical("The answer is b, a.", "list") == canonical("a and b", "list") == "a, b"
    assert canonical("[b, a]", "list") == "[b, a]"
    assert canonical("", "list") is None
