"""Which option an answer chose, in the forms that models write; in doubt, none."""

from __future__ import annotations

import pytest

from limbeck.evals.extract import chosen_option

CITIES = ["Paris", "New York", "York", "Rome"]


@pytest.mark.parametrize(
    "text",
    [
        "B",
        "b",
        " B\n",
        "B.",
        "(B)",
        "(b)",
        "[B]",
        "B)",
        "**B**",
        "**B** because it is large",
        "B: New York",
        "B. New York",
        "B, because it is large.",
        "B\n\nIt is in America.",
        "Ｂ",
        "（Ｂ）",
        "B。",
        "B、そうです",
        "The answer is B",
        "The answer is B.",
        "The correct answer is: (B)",
        "the answer is **B**.",
        "**Answer:** B",
        "Answer: B",
        "Answer:\nB",
        "I think it's option B.",
        "My choice: B",
        "A is wrong. The answer is B.",
        "Die Antwort ist B.",
        "Die richtige Antwort lautet B.",
        "La réponse est B.",
        "Réponse : B",
        "La respuesta es B.",
        "Opción B",
        "A resposta é B.",
        "La risposta è B.",
        "Ответ: B",
        "答案是B。",
        "答案：B",
        "答えはBです。",
        "정답은 B입니다.",
        "الإجابة هي B",
        "सही उत्तर B है",
        "New York",
        "It is New York, of course.",
        "the city of NEW YORK",
    ],
)
def test_an_answer_that_says_b_is_b(text: str) -> None:
    assert chosen_option(text, CITIES) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "I do not know.",
        "A or B",
        "A or B?",
        "B or C",
        "B/C",
        "B and D",
        "B, C",
        "(B) or (C)",
        "B oder C",
        "B ou C",
        "B или C",
        "B或C",
        "Either B or C.",
        "The answer is A or B.",
        "The answer is B or C",
        "The answer is B. No, the answer is C.",
        "A. Paris\nB. New York\nC. York\nD. Rome",
        "B. New York\nC. York",
        "Paris or Rome",
        "A cat sat",
        "A city in America",
        "Because",
        "BC",
        "E",
        "(e)",
        "Vitamin D",
        "B-52",
        "B is wrong",
        "(B) is not correct",
        "the rest of europe",
        "Yorkshire",
    ],
)
def test_a_doubtful_answer_chose_none(text: str) -> None:
    assert chosen_option(text, CITIES) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("A", 0),
        ("A.", 0),
        ("A) Paris", 0),
        ("A is right", 0),
        ("A Paris", 0),
        ("York", 2),
        ("D", 3),
        ("D. Both A and B are far away", 3),
        ("The answer is D, not the others.", 3),
    ],
)
def test_other_letters_are_told_apart(text: str, place: int) -> None:
    assert chosen_option(text, CITIES) == place


def test_a_letter_beyond_the_options_is_none() -> None:
    assert chosen_option("C", ["yes", "no"]) is None


@pytest.mark.parametrize(
    ("text", "options", "place"),
    [
        ("答案是北京。", ["上海", "北京"], 1),
        ("那是北京", ["上海", "北京"], 1),
        ("यह दिल्ली है", ["मुंबई", "दिल्ली"], 1),
        ("Это Москва.", ["Киев", "Москва"], 1),
        ("هي القاهرة", ["بغداد", "القاهرة"], 1),
        ("It is 12.", ["1", "12"], 1),
        ("It is 12.", ["1", "2"], None),
        ("C++ it is", ["Java", "C++"], 1),
        ("दिल्ली", ["दिल", "आग"], None),
        ("Café", ["cafe\u0301", "bar"], 0),
    ],
)
def test_the_options_own_text_names_it_as_a_whole_word(
    text: str, options: list[str], place: int | None
) -> None:
    assert chosen_option(text, options) == place


def test_an_answer_of_any_length_is_read_in_time() -> None:
    for part in ("A ", "answer ", "(", "answer is ", "*", "B or "):
        chosen_option(part * 20_000, CITIES)
