"""Texts: equal but for case, quotes, articles and Unicode form; containment never passes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.filters.answer import canonical, check

RIGHT = [
    ("Paris", "Paris"),
    ("paris.", "Paris"),
    ('"Paris"', "Paris"),
    ("“Paris”", "Paris"),
    ("**Paris**", "Paris"),
    ("It's Paris.", "Paris"),
    ("So it is Paris.", "Paris"),
    ("The answer is Paris.", "Paris"),
    ("The answer is Paris", "paris"),
    ("The answer is the Eiffel Tower.", "Eiffel Tower"),
    ("The answer is St. Louis.", "St. Louis"),
    ("The answer is Washington, D.C.", "Washington, D.C."),
    ("The answer is Paris. It lies on the Seine.", "Paris"),
    ("Answer: Paris\n\nIt lies on the Seine.", "Paris"),
    ("Answer:\n\nParis", "Paris"),
    ("Let me think.\n\nParis", "Paris"),
    ("#### Paris", "Paris"),
    ("--> Paris", "Paris"),
    ("--> Paris END", "Paris"),
    ("\\boxed{\\text{Paris}}", "Paris"),
    ("$\\boxed{Paris}$", "Paris"),
    ("<answer>Paris</answer>", "Paris"),
    ('{"answer": "Paris"}', "Paris"),
    ('So the answer is "nk".', "nk"),
    ("The answer is 'right'.", "right"),
    ("The answer is right.", "right"),
    ("The answer is Lyon. No wait, Paris.", "Paris"),
    ("The answer is Lyon. Sorry, it's Paris.", "Paris"),
    ("The answer is Paris.\n\nQ: And Spain?\nA: Madrid", "Paris"),
    ("<think>Lyon</think>Paris", "Paris"),
    ("答案是北京。", "北京"),
    ("北京", "北京"),
    ("Ответ: Москва", "москва"),
    ("The answer is cafe\u0301.", "café"),
    ("The answer is O’Brien", "O'Brien"),
    ("The  answer is  New   York", "new york"),
    ("The answer is 🍎.", "🍎"),
    ("Answer: ) ]", ") ]"),
]

WRONG = [
    ("Lyon", "Paris"),
    ("Paris is the capital", "Paris"),
    ("The answer is not Paris.", "Paris"),
    ("The answer is Paris or Lyon.", "Paris"),
    ("The answer is Paris, Texas.", "Paris"),
    ("The answer is New Paris.", "Paris"),
    ("The answer is Paris. Or maybe Lyon.", "Paris"),
    ("The answer is Paris. No wait, Lyon.", "Paris"),
    ("The answer is Paris. Wait, that's wrong.", "Paris"),
    ("The answer is Lyon.\n\nQ: And now?\nA: Paris", "Paris"),
    ("The answer is nk k", "nk"),
    ("The answer is n k", "nk"),
    ("The answer is cafe.", "café"),
    ("\\boxed{Paris", "Paris"),
    ("\\boxed{Paris} or \\boxed{Lyon}", "Paris"),
    ("<think>Paris", "Paris"),
    ("The answer is", "Paris"),
    ("Answer:", "Paris"),
    ('{"answer": "Paris', "Paris"),
    ("", "Paris"),
    ("北京市", "北京"),
]


@pytest.mark.parametrize(("completion", "target"), RIGHT)
def test_an_equal_text_is_correct(completion: str, target: str) -> None:
    assert check(completion, target, "text").status == "correct"


@pytest.mark.parametrize(("completion", "target"), WRONG)
def test_anything_else_is_not(completion: str, target: str) -> None:
    assert check(completion, target, "text").status != "correct"


def test_an_empty_target_is_the_users_error() -> None:
    with pytest.raises(UserError, match="is empty"):
        check("Paris", " ", "text")


WORDS = st.text(st.characters(categories=["Lu", "Ll", "Lo"]), min_size=1, max_size=12)


@given(WORDS)
@settings(deadline=None)
def test_the_unicode_form_does_not_matter(word: str) -> None:
    target = unicodedata.normalize("NFC", word)
    for form in ("NFC", "NFD"):
        answer = unicodedata.normalize(form, f"--> {word}")
        assert check(answer, target, "text").status == "correct"


def test_votes_are_folded_texts() -> None:
    assert canonical("The answer is Paris.", "text") == canonical('"paris"', "text") == "paris"
    assert canonical("The answer is", "text") is None
