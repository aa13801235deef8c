"""What prompts put around questions is set aside, in many languages, and nothing of a question."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.questions.affixes import Asked, asked

BARE = "Tom has 3 apples. How many are left?"


@pytest.mark.parametrize(
    "prompt",
    [
        "Q: {}", "Question: {}", "question 12: {}", "Q3. {}", "**Question:** {}", "Problem: {}",
        "### Question\n{}", "### Instruction:\n{}\n\n### Response:", "Frage: {}", "Pregunta: {}",
        "Question : {}\nRéponse :", "Вопрос: {}\nОтвет:", "問題：{}\n答え：", "问题：{}\n答案：",
        "질문: {}\n답:", "سؤال: {}\nالجواب:", "प्रश्न: {}\nउत्तर:", "Câu hỏi: {}\nTrả lời:",
        "{} Let's think step by step.", "{}\nThink step by step.", "{} (Think step by step.)",
        "{}\n\nPlease reason step by step, and put your final answer within \\boxed{{}}.",
        "{} Let's work this out in a step by step way to be sure we have the right answer.",
        "{} Denke Schritt für Schritt.", "{} Réfléchissons étape par étape.",
        "{} Piensa paso a paso.", "{} Pense passo a passo.", "{} Ragioniamo passo dopo passo.",
        "{} Denk stap voor stap na.", "{} Pomyślmy krok po kroku.",
        "{} Давай подумаем шаг за шагом.",
        "{} Adım adım düşünelim.", "{} 请一步一步思考。", "{} 让我们逐步推理。",
        "{} ステップバイステップで考えましょう。", "{} 단계별로 생각해 봅시다.",
        "{} لنفكر خطوة بخطوة.",
        "{} चरण दर चरण सोचें।", "{} Hãy suy nghĩ từng bước.",
        "{} Mari berpikir langkah demi langkah.",
        "{}\nAnswer:", "{} Answer:", "{}\n**Final answer:**", "Q: {}\nA:", "{} The answer is",
        "Q: {}\nA: Let's think step by step.", "{} Show your work.", "{} ###", "{} -->",
        "Answer the following question.\n{}", "Solve this math problem step by step: {}",
    ],
)  # fmt: skip
def test_labels_and_stock_sentences_are_stripped(prompt: str) -> None:
    text = prompt.format(BARE)
    assert asked(text) == Asked(BARE)
    assert asked(unicodedata.normalize("NFD", text)) == Asked(BARE)


@pytest.mark.parametrize(
    "options",
    [
        "\n(A) x y\n(B) z", "\nA. x y\nB. z", "\nA) x y\n\nB) z\n", " (A) x y (B) z",
        " A) x y B) z",
        "\nOptions:\n(A) x y\n(B) z", "\n\nAnswer Choices: (A) x y (B) z", "\nOptions:\n- x y\n- z",
        "\n选项：\nA、x y\nB、z", "\nВарианты ответа:\nА) x y\nБ) z", "\n- (a) x y\n- (b) z",
        "\nA: x y\nB: z", "\n**A.** x y\n**B.** z", "\nChoices\nA. x y\nB. z", " a) x y, b) z",
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["", "\nAnswer:", "\nLet's think step by step."])
def test_options_are_apart(options: str, end: str) -> None:
    assert asked(f"Q: {BARE}{options}{end}") == Asked(BARE, ("x y", "z"))
    assert asked(f"{BARE} Think step by step.{options}") == Asked(BARE, ("x y", "z"))


@pytest.mark.parametrize(
    "text",
    [
        "How far is it? Answer in miles.",
        "Explain how to bake bread step by step.",
        "Ann has 5 apples. Think about how many of them she will have left, step by step.",
        "There are two plans: (A) go, (B) stay. Which one is best?",
        "Who was taller, A. Lincoln or B. Obama?",
        "(A) x (B) y",
        "What is the answer?",
        "What is the Q: factor?",
        "It has a vitamin (B) and a vitamin (C)",
        "Follow the steps:\nA. go\nC. stay",
        "Read this:\n(A) x\n(B) y\nWhich is longer?",
        "Answer:",
        "Q:",
        "",
    ],
)
def test_what_is_asked_stays(text: str) -> None:
    assert asked(text) == Asked(text)


@given(st.text(max_size=80) | st.lists(st.sampled_from(
    ["Q:", "Answer:", "(A)", "(B)", "A.", "B.", "x", "\n", " ", "?", "Options:", "step by step",
     "think", "- ", "答案："]), max_size=12).map("".join))  # fmt: skip
def test_a_question_is_a_piece_of_the_text_and_never_nothing(text: str) -> None:
    found = asked(text)
    assert found.question in unicodedata.normalize("NFC", text)
    assert bool(found.question) == bool(text.strip())


@pytest.mark.timeout(60)  # quadratic, it would be minutes
@pytest.mark.parametrize("piece", [
    "Q: ", "Answer: ", "(A) ", "(A) x (B) y ", "\nA. x", "\nA. x\nB. y", "\n- x", "-  ",
    "\nOptions:\n- x\n- y", "step by step ", " ", "\n", "* ", "#",
])  # fmt: skip
def test_long_texts_take_linear_time(piece: str) -> None:
    text = "x\nOptions:" + piece * 200_000
    assert asked(text + "x").question
    assert asked("Q: " + text).question
