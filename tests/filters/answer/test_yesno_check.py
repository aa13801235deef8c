"""Yes and no as answers, not as determiners, mentions or refusals."""

from __future__ import annotations

import pytest

from limbeck.errors import UserError
from limbeck.filters.answer import canonical, check

RIGHT = [
    ("yes", "yes"),
    ("Yes.", "yes"),
    ("No", "no"),
    ("**No**", "no"),
    ('"Yes"', "yes"),
    ("Yes, it is.", "yes"),
    ("Yes it is.", "yes"),
    ("No, it isn't.", "no"),
    ("No it isn't.", "no"),
    ("No, there are no apples.", "no"),
    ("Yes, because no apples are left.", "yes"),
    ("Yes; it has no legs.", "yes"),
    ("So yes.", "yes"),
    ("So, no.", "no"),
    ("Therefore, yes", "yes"),
    ("Is it prime? No, it is even.", "no"),
    ("The answer is yes.", "yes"),
    ("The answer is no.", "no"),
    ("The answer is no, the coin is tails up.", "no"),
    ("The answer is no because a yes would need more.", "no"),
    ('The answer is "yes".', "yes"),
    ("The answer (yes or no) is yes.", "yes"),
    ("Therefore, the answer (Yes or No) is no.", "no"),
    ("Yes or no: yes", "yes"),
    ("Answer: Yes", "yes"),
    ("Answer: No, he can't.", "no"),
    ("#### no", "no"),
    ("--> yes", "yes"),
    ("\\boxed{\\text{Yes}}", "yes"),
    ("<answer>no</answer>", "no"),
    ('{"answer": "yes"}', "yes"),
    ('{"answer": false}', "no"),
    ("True", "yes"),
    ("true", "true"),
    ("False.", "no"),
    ("The statement is true.", "yes"),
    ("The statement is false.", "no"),
    ("The statement is not true.", "no"),
    ("not True = False. So the answer is False.", "False"),
    ("The answer is true.", "yes"),
    ("Yes. Hmm, wait. No.", "no"),
    ("No... Actually, yes.", "yes"),
    ("The answer is no. Wait, that's wrong. The answer is yes.", "yes"),
    ("No problem! The answer is yes.", "yes"),
    ("There is no doubt. The answer is yes.", "yes"),
    ("The answer is yes.\n\nQ: Is it?\nA: no", "yes"),
    ("<think>no</think>Yes.", "yes"),
    ("答案：是", "yes"),
    ("不是", "no"),
    ("はい", "yes"),
    ("いいえ", "no"),
    ("Sí.", "yes"),
    ("Oui", "yes"),
    ("Non", "no"),
    ("Nein.", "no"),
    ("Да", "yes"),
    ("Нет.", "no"),
    ("نعم", "yes"),
]

WRONG = [
    ("yes", "no"),
    ("no", "yes"),
    ("There are no apples.", "no"),
    ("No apples are left.", "no"),
    ("No one knows.", "no"),
    ("The answer is no one.", "no"),
    ("No longer", "no"),
    ("no-one", "no"),
    ("No. 5 is the one", "yes"),
    ("The answer is yes and no.", "yes"),
    ("The answer is yes or no.", "no"),
    ("Yes or no?", "no"),
    ("yes/no", "no"),
    ("Maybe.", "yes"),
    ("It depends.", "no"),
    ("The answer is unknown.", "no"),
    ("I don't know.", "no"),
    ("I'm sorry, I cannot answer that.", "no"),
    ("No, I can't answer that.", "no"),
    ("No, I cannot help with that.", "no"),
    ("No answer", "no"),
    ("No idea", "no"),
    ('Reply with "yes" if it is.', "yes"),
    ('He said "no" twice', "no"),
    ("It is true that cats are mammals, but dogs can fly.", "yes"),
    ("The yes vote won", "yes"),
    ("Yes-men", "yes"),
    ("The answer is yes. No wait, no.", "yes"),
    ("The answer is not yes.", "yes"),
    ("The statement is not true.", "yes"),
    ("The answer is", "yes"),
    ("Yes, so the answer is", "yes"),
    ("<think>yes", "yes"),
    ("\\boxed{yes", "yes"),
    ("", "no"),
    ("Nothing", "no"),
    ("know", "no"),
    ("yesterday", "yes"),
]


@pytest.mark.parametrize(("completion", "target"), RIGHT)
def test_the_right_answer_is_correct(completion: str, target: str) -> None:
    assert check(completion, target, "yesno").status == "correct"


@pytest.mark.parametrize(("completion", "target"), WRONG)
def test_anything_else_is_not(completion: str, target: str) -> None:
    assert check(completion, target, "yesno").status != "correct"


@pytest.mark.parametrize(
    ("target", "yes"),
    [("yes", True), ("Yes.", True), ("TRUE", True), ("no", False), ("(No)", False), ("是", True)],
)
def test_a_target_is_yes_or_no_in_any_form(target: str, yes: bool) -> None:
    assert (check("yes", target, "yesno").status == "correct") is yes
    assert (check("no", target, "yesno").status == "correct") is not yes


@pytest.mark.parametrize("target", ["", "maybe", "12", "yes or no"])
def test_any_other_target_is_the_users_error(target: str) -> None:
    with pytest.raises(UserError, match="is neither yes nor no"):
        check("yes", target, "yesno")


def test_votes_are_yes_and_no() -> None:
    assert canonical("So the answer is True.", "yesno") == "yes"
    assert canonical("Nope.", "yesno") == "no"
    assert canonical("perhaps", "yesno") is None
