"""Options in other languages, options that are dismissed and options that are only spoken about."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import check

CHOSEN = [
    "故选B。",
    "因此选 B。",
    "答案是B",
    "答案应该是 (B)。",
    "정답은 B입니다.",
    "الإجابة الصحيحة هي B.",
    "सही उत्तर B है।",
    "Die korrekte Antwort wäre B.",
    "Richtig ist also B.",
    "Je choisis la lettre B.",
    "La bonne réponse est la B.",
    "La bonne réponse est (B).",
    "La risposta corretta è la B.",
    "A alternativa correta é a letra B.",
    "Правильный вариант — B.",
    "Верный ответ: B",
    "Ответ: B",
    "Por lo tanto, B.",
    "Daher B.",
    "选项B正确。",
    "正しいのはBです。",
    "Doğru cevap B.",
    "Juiste antwoord: B",
    "> B",
    "Respuesta: B) Madrid",
    "B es la correcta.",
    "B ist richtig.",
    "B est la bonne réponse.",
    "I'd choose (B).",
    "I would go with B. C is rude.",
    "I pick (B). (C) describes a gas.",
    "My pick is B; (D) misses the point, and the same goes for (A).",
    "A no es, C tampoco. Es la B.",
    "I'd say C... on reflection B is better. Yes, B.",
    "(A) contradicts the text, as does (C). So (B).",
    "La réponse est C. Non, attendez : B.",
    "Antwort: C. Moment, B.",
    "Both A and C fail, which leaves B.",
    "(C) ignores the second clue. That leaves (B).",
    "The best option is B.",
    "The correct choice must be (B).",
    "The answer is B. (A) is a distractor.",
    "The answer is B; C is close but wrong.",
    "La opción acertada, es decir, la correcta, es la B.",
    "正しい選択肢はBです。",
    "正确的选项是B。",
    "(B) gets my vote, I choose (B); (D) fails, and so does (C).",
    "Option B it must be, so B. A careful driver would rather stop than swerve.",
    "**Answer**\n\n> **B.** Steam rises",
    "Die Antwort ist D. Korrektur: B muss es sein, denn D scheidet aus.",
]
NOT_C = [
    "Die Antwort ist A, nicht C.",
    "La réponse est A, et non C.",
    "La risposta è A, non C.",
    "A resposta é A, e não C.",
    "答案是A，不是C。",
    "正解はCではなく、Aです。",
    "정답은 C가 아니라 A입니다.",
    "Ответ A, а не C.",
    "Ответ: A, а не C",
    "الإجابة هي A وليس C.",
    "The answer is A rather than C.",
    "The answer is A as opposed to C.",
    "The answer is A, never C",
    "Respuesta: A (no C)",
    "Antwort: A (nicht C)",
    "Choose A and not C.",
    "La correcta es la A y no la C. Respuesta: A",
]
NEITHER = [
    "La respuesta es A o C.",
    "Antwort: A oder C",
    "Réponse : A ou C",
    "Ответ: A или C",
    "答案：A或C",
    "B型血",
    "Vitamin C",
    "He got a C",
    "Not C.",
    "C no es.",
    "C ist falsch.",
    "C n'est pas correcte.",
    "Cではない",
    "C passt nicht.",
]


@pytest.mark.parametrize("completion", CHOSEN)
def test_the_chosen_option_is_correct_and_no_other(completion: str) -> None:
    right = [
        letter for letter in "ABCDE" if check(completion, letter, "choice").status == "correct"
    ]
    assert right == ["B"]


@pytest.mark.parametrize("completion", NOT_C)
def test_a_denied_option_is_none(completion: str) -> None:
    assert check(completion, "A", "choice").status == "correct"
    assert check(completion, "C", "choice").status != "correct"


@pytest.mark.parametrize("completion", NEITHER)
def test_two_options_and_a_dismissed_one_are_none(completion: str) -> None:
    assert check(completion, "B", "choice").status != "correct"
    assert check(completion, "C", "choice").status != "correct"
