"""Yes and no in other languages, and answers that keep both open."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import check

YES = [
    "はい。",
    "答えは「はい」です。",
    "네, 가능합니다.",
    "نعم، هذا صحيح.",
    "हाँ, यह सही है।",
    "Ja, das stimmt.",
    "Sí, es posible.",
    "Oui, c'est possible.",
    "Sì, è possibile.",
    "Sim, é possível.",
    "Да, это возможно.",
    "是的，可以。",
    "对，没错。",
    "La respuesta es sí.",
    "Die Antwort ist ja.",
    "Antwort: Ja",
    "La réponse est oui.",
    "Ответ — да, конечно",
    "答案是：是",
    "答案：是的。",
    "Por lo tanto, sí.",
    "Also ja.",
    "Donc oui.",
    "Итак, да.",
    "Tak.",
    "Evet, doğru.",
    "Yes, of course.",
    "So the answer is yes!",
    "The answer is yes, not no.",
    "Yes (not no).",
    "Is it? Yes, since no rule forbids it.",
    "Yes. There could be no objection.",
    "It could be argued either way, but yes.",
    "はい、できます。",
]
NO = [
    "いいえ、違います。",
    "아니요, 불가능합니다.",
    "لا، هذا غير ممكن.",
    "नहीं, यह संभव नहीं है।",
    "Nein, das geht nicht.",
    "No, no es posible.",
    "Non, ce n'est pas possible.",
    "No, non è possibile.",
    "Não, não é possível.",
    "Нет, это невозможно.",
    "不，不可以。",
    "不是。",
    "La respuesta sería no.",
    "Die Antwort lautet nein.",
    "Antwort: Nein",
    "Ответ: нет",
    "答案：否",
    "Por lo tanto, no.",
    "Also nein.",
    "Donc non.",
    "Nie, to niemożliwe.",
    "The answer is no, not yes.",
    "Nee, dat kan niet.",
    "Yes? No.",
]
BOTH = [
    "Maybe yes, maybe no.",
    "It might be yes or it might be no.",
    "Perhaps yes, perhaps no.",
    "Either yes or no.",
    "Vielleicht ja, vielleicht nein.",
    "Puede que sí, puede que no.",
    "Quizás sí, quizás no.",
    "Peut-être oui, peut-être non.",
    "Может быть да, может быть нет.",
    "Forse sì, forse no.",
    "Yes, but no if it rains.",
    "Yes unless it rains, then no.",
    "Yes when dry, no when wet.",
    "No, but yes if he pays.",
    "Sí o no.",
    "Ja oder nein",
    "Oui ou non",
    "да или нет",
    "是或者不是",
    "はいまたはいいえ",
    "Sí y no.",
    "Jein.",
    "Yes and no.",
    "Answer: yes if dry, no if wet",
    "The answer is yes, but it could also be no.",
    "Might be no, might be yes.",
    "no (but yes if they agree)",
]
NEITHER = [
    "He went there, ne. 5",
    "So si tu veux.",
    "Claro que no.",
    "There is a certo restaurant",
]


@pytest.mark.parametrize("completion", YES)
def test_yes_is_yes_in_every_language(completion: str) -> None:
    assert check(completion, "yes", "yesno").status == "correct"
    assert check(completion, "no", "yesno").status != "correct"


@pytest.mark.parametrize("completion", NO)
def test_no_is_no_in_every_language(completion: str) -> None:
    assert check(completion, "no", "yesno").status == "correct"
    assert check(completion, "yes", "yesno").status != "correct"


@pytest.mark.parametrize("completion", BOTH)
def test_both_at_once_is_neither(completion: str) -> None:
    assert check(completion, "yes", "yesno").status != "correct"
    assert check(completion, "no", "yesno").status != "correct"


@pytest.mark.parametrize("completion", NEITHER)
def test_words_that_only_look_like_yes_are_no_answer(completion: str) -> None:
    assert check(completion, "yes", "yesno").status != "correct"
