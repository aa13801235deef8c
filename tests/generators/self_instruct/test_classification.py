"""Stage 2: yes, no, or unknown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.self_instruct.classification import parsed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Yes", True),
        ("yes\n", True),
        ("YES", True),
        ("Yes.", False),
        ("yEs", False),
        ("Yes, the", False),
        (" No", False),
        ("", False),
        ("The task is", False),
    ],
)
def test_the_reference_knows_three_spellings_of_yes(text: str, expected: bool) -> None:
    assert parsed(text, "reference") is expected


YES = ["Yes.", "**Yes**", '"Yes"', "yes", "Yes, the", "Yes, this", "Is it classification? Yes"]
YES += ["Answer: Yes", "The answer is: Yes. Reason: there are labels", "Y", "true", "ＹＥＳ"]
YES += ['{"classification": true}', '```json\n{"is_classification": "Yes"}\n```', '{"answer": "y"}']
YES += ["This is a classification task.", "It's a text classification task", "はい、そうです"]
YES += ["是", "是的。", "Oui.", "Sí", "Да", "نعم", "हाँ", "예", "<think>No, or?</think>Yes"]
YES += [
    "'Yes'",
    "The answer is yes.",
    "Yes, and it has labels",
    "Classification.",
    "Yes or no? Yes",
]
YES += ['{"is_classification": 1}', "Yes\n\nTask: Sort it.\nIs it classification? No"]

NO = ["No", "No.", " No", "No, because", "No, the", "No the output is open", "**No**", "n"]
NO += ["Is it classification? No", '{"classification": false}', '"classification": false', "false"]
NO += ["This is not a classification task.", "The task isn't a classification task"]
NO += ["いいえ。", "否", "不是。", "Nein", "Нет.", "لا", "नहीं", "아니요", "No - open text"]
NO += [
    "No, text is open",
    "No, input is free text",
    "No.input is free",
    "Not a classification task.",
    "Non-classification",
]
NO += ["The answer is no.", "Y/N: N", "Classification: No", "no’"]
NO += ['{"classification": 0, "reason": "yes"}']

UNKNOWN = ["", " ", "The task description", "To determine if", "The task is", "No idea", "N/A"]
UNKNOWN += ["Yes or no", "Yes/No", "Yes and no", "Maybe", "Know", "Yesterday", "<think>Yes", "{}"]
UNKNOWN += ["It depends. No?", "Not sure", "yes | no", "No and yes", '{"a": 1}']
UNKNOWN += ['{"answer": 1}', '{"answer": "both"}']
UNKNOWN += ["Which one? " + "*" * 60 + "no"]  # too far from the question mark
UNKNOWN += ["To see if this is a classification task", "This is a classification task if"]
UNKNOWN += ["First: yes. Second: no.", '{"classification": "unsure"}', "42", "🙂", "不知道"]


@pytest.mark.parametrize("text", YES)
def test_yes(text: str) -> None:
    assert parsed(text, "fixed") is True


@pytest.mark.parametrize("text", NO)
def test_no(text: str) -> None:
    assert parsed(text, "fixed") is False


@pytest.mark.parametrize("text", UNKNOWN)
def test_unknown_is_not_no(text: str) -> None:
    assert parsed(text, "fixed") is None


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", ["/", "|", ":", "yes:", " ", "'", "a", "(", "{"])
@pytest.mark.parametrize("head", ["", "yes", "this is "])
def test_rubbish_takes_no_time(head: str, unit: str) -> None:
    assert parsed(head + unit * 50_000, "fixed") in (True, False, None)


@given(st.text())
def test_it_never_raises(text: str) -> None:
    assert parsed(text, "reference") in (True, False)
    assert parsed(text, "fixed") in (True, False, None)


@given(st.sampled_from(["Yes", "no"]), st.text(" \n*_\"'.`>", max_size=5))
def test_marks_around_the_word_make_no_difference(word: str, marks: str) -> None:
    assert parsed(f"{marks}{word}{marks}", "fixed") is (word == "Yes")
