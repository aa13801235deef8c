"""What other languages say around an answer: markers, denials, ranges, bounds, second thoughts."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import check

MARKED = [
    "La respuesta correcta es 14.",
    "La réponse est donc 14.",
    "Die richtige Antwort lautet 14.",
    "La risposta finale è 14.",
    "A resposta correta é 14.",
    "Правильный ответ — 14.",
    "Ответ: 14",
    "正确答案是14。",
    "答えは14です。",
    "정답은 14입니다.",
    "الإجابة الصحيحة هي 14.",
    "सही उत्तर 14 है।",
    "Doğru cevap: 14",
    "Het antwoord is 14.",
    "Svaret är 14.",
    "Odpowiedź: 14",
    "Đáp án là 14.",
    "Jawabannya adalah 14.",
    "L'opzione corretta è 14",
    "**Final Answer**\n\n> 14",
    "> **14**",
    "Die Lösung ist 14.",
]
DENIED = [
    "La respuesta no es 14.",
    "Die Antwort ist nicht 14.",
    "La réponse n'est pas 14.",
    "La risposta non è 14.",
    "A resposta não é 14.",
    "答案不是14。",
    "答えは14ではありません。",
    "정답은 14가 아닙니다.",
    "الإجابة ليست 14.",
    "उत्तर 14 नहीं है।",
    "Ответ не 14.",
    "Het antwoord is niet 14.",
]
INSTEAD = [
    "Die Antwort ist nicht 19, sondern 14.",
    "La respuesta no es 19 sino 14.",
    "答案不是19，而是14。",
    "答えは19ではなく14です。",
    "정답은 19이 아니라 14입니다.",
    "Ответ не 19, а 14.",
    "La réponse n'est pas 19 mais 14.",
    "Antwort: 14, nicht 19.",
    "Respuesta: 14, no 19.",
    "Réponse : 14 et non 19.",
    "Risposta: 14, non 19.",
    "Resposta: 14, e não 19.",
    "Ответ: 14, а не 19.",
]
SEVERAL = [
    "Antwort: zwischen 14 und 20",
    "Antwort: 14 bis 20",
    "Respuesta: de 14 a 20 días",
    "Respuesta: entre 14 y 20",
    "Réponse : de 14 à 20 minutes",
    "Risposta: da 14 a 20",
    "Resposta: de 14 a 20",
    "Ответ: 14 или 20",
    "Ответ: от 14 до 20",
    "答案：14到15",
    "答案：14～20",
    "答えは14から15です",
    "答えは14か15です",
    "답: 14에서 20",
    "답: 14 또는 20",
    "الإجابة: 14 أو 20",
    "الإجابة: من 14 إلى 20",
    "उत्तर: 14 या 20",
    "उत्तर: 14 से 20",
    "Antwort: 14 oder 20",
    "Respuesta: 14 o 20",
    "Réponse : 14 ou 20",
    "Answer: 14–20",
    "Answer: 14—20",
    "Answer: 14 ~ 20",
    "Antwort: mindestens 14",
    "Antwort: mehr als 14",
    "Respuesta: al menos 14",
    "Respuesta: más de 14",
    "Réponse : au moins 14",
    "Réponse : plus de 14",
    "Ответ: не менее 14",
    "Ответ: больше 14",
    "答案：至少14",
    "答案：14以上",
    "答えは14個以上です",
    "답: 14개 이상",
    "الإجابة: 14 على الأقل",
    "उत्तर: कम से कम 14",
    "उत्तर: 14 से अधिक",
    "Answer: 14 at least",
    "Antwort: 14 oder mehr",
]
TAKEN_BACK = [
    "Antwort: 19. Korrektur: 14.",
    "Respuesta: 19. Corrección: 14.",
    "Respuesta: 19. Perdón, 14.",
    "Respuesta: 19. Me equivoqué, es 14.",
    "Réponse : 19. Attends, non : 14.",
    "Réponse : 19. Pardon, 14.",
    "Risposta: 19. Anzi, 14.",
    "Resposta: 19. Aliás, 14.",
    "Ответ: 19. Нет, 14.",
    "Ответ: 19. Точнее, 14.",
    "Ответ: 19. Ошибка, 14.",
    "答案：19。不对，是14。",
    "答案：19。更正：14。",
    "答えは19です。訂正：14です。",
    "答えは19。いや、14。",
    "답: 19. 아니, 14.",
    "답: 19. 정정: 14",
    "الإجابة: 19. تصحيح: 14",
    "उत्तर: 19. सुधार: 14",
    "Answer: 19. I take that back: 14.",
    "Answer: 19. I changed my mind, it's 14",
    "Answer: 19. EDIT: 14",
    "Answer: 19. On reflection, 14.",
    "19... on closer inspection, it's 14. Yes, 14.",
    "Answer: 19. Let me recount. 14. Yes, that's right.",
    "The answer is 19. Scrap that, 14.",
    "The answer is 19, I mean 14.",
    "Antwort: 19. Moment, das ist falsch. Es sind 14.",
    "The answer is 19. Correction: 14",
]
KEPT = [
    "The answer is 14. In a moment, 3 more arrive.",
    "Answer: 14. Let me double-check: 20 - 6 = 14. Yes, that's right.",
    "Answer: 14. Wait, is that right? 20 - 6 = 14. Yes.",
    "Answer: 14. Hmm, let me verify: 2 x 7 = 14. Correct.",
    "We wait 6 minutes, then 8 more. So it is 14.",
    "The correction factor is 7. Twice that is 14.",
    "#### 14\nI know 3 or 4 other ways to see this.",
    "Answer: 14. It takes 5 or 6 more steps to write it out.",
]


@pytest.mark.parametrize("completion", [*MARKED, *INSTEAD, *TAKEN_BACK, *KEPT])
def test_the_answer_that_stands_is_correct(completion: str) -> None:
    assert check(completion, "14", "number").status == "correct"


@pytest.mark.parametrize("completion", [*MARKED, *INSTEAD, *TAKEN_BACK])
def test_the_one_it_replaces_is_not(completion: str) -> None:
    assert check(completion, "19", "number").status != "correct"


@pytest.mark.parametrize("completion", [*DENIED, *SEVERAL])
def test_a_denied_answer_a_range_and_a_bound_are_none(completion: str) -> None:
    assert check(completion, "14", "number").status != "correct"
    assert check(completion, "20", "number").status != "correct"
