""" "No, that is wrong" says no once more; "wait, that is wrong" takes it back."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import check

NO = [
    "Nein, das stimmt nicht: Die Nadel zeigt nach Norden.",
    "No, that is wrong: it points north.",
    "No, that's not correct. It points north.",
    "No, eso es incorrecto: va al norte.",
    "Non, c'est faux : elle pointe vers le nord.",
    "Нет, это неверно: она показывает на север.",
    "不，这不对：它指向北方。",
    "いいえ、それは間違いです。",
    "아니요, 틀렸습니다. 북쪽을 가리킵니다.",
    "Answer: No, that's wrong.",
]
YES = [
    "No. Wait, that's wrong. Yes.",
    "No... that's not right: yes.",
    "Nein. Moment, das stimmt nicht: Ja.",
    "No. That was my mistake: yes.",
]


@pytest.mark.parametrize("completion", NO)
def test_a_no_that_is_explained_stays_one(completion: str) -> None:
    assert check(completion, "no", "yesno").status == "correct"
    assert check(completion, "yes", "yesno").status == "wrong"


@pytest.mark.parametrize("completion", YES)
def test_a_no_that_is_taken_back(completion: str) -> None:
    assert check(completion, "no", "yesno").status != "correct"
    assert check(completion, "yes", "yesno").status == "correct"
