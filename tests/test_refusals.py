"""What is a refusal, and what an assistant's boilerplate; above all what is neither."""

from __future__ import annotations

import pytest

from limbeck.filters import complete
from limbeck.refusals import BOILERPLATE, is_boilerplate, is_refusal

SAID = {
    "English": [
        "Well. As an AI language model, I cannot taste food.",
        "I'm just an AI, so I have no birthday.",
        "I’m an artificial intelligence.",
        "as a large language model trained on text",
    ],
    "German": ["Als KI habe ich keine Meinung.", "Ich bin nur ein Sprachmodell."],
    "French": ["En tant qu'IA, je n'ai pas d'avis.", "Je suis un modèle de langage."],
    "Spanish": ["Como modelo de lenguaje, no tengo opiniones.", "Soy una IA."],
    "Portuguese": ["Como uma IA, não tenho opiniões.", "Sou um modelo de linguagem."],
    "Italian": ["Come modello linguistico non ho opinioni.", "Sono un'intelligenza artificiale."],
    "Russian": ["Как языковая модель, я не имею мнения.", "Я — искусственный интеллект."],
    "Arabic": ["بصفتي نموذج لغوي، لا أملك رأيًا.", "باعتباري ذكاءً اصطناعيًا"],
    "Hindi": ["एक एआई भाषा मॉडल के रूप में, मेरी कोई राय नहीं है।"],
    "Chinese": [
        "作为一个AI语言模型，我没有个人观点。",
        "作為人工智慧，我沒有感情。",
        "我是一个大型语言模型。",
    ],
    "Japanese": ["AI言語モデルとして、意見はありません。", "私はAIです。"],
    "Korean": ["AI 언어 모델로서 저는 의견이 없습니다.", "저는 AI입니다."],
}
NOT_SAID = [
    "As an AI researcher, I study models.",
    "The model is a language model.",
    "She works as an aide, and I am an air traffic controller.",
    "I am an assistant professor, and teach.",
    "Als Kind spielte ich viel.",
    "人工智能正在改变世界。",
    "我是一个学生。",
    "",
]


@pytest.mark.parametrize("language", list(BOILERPLATE))
def test_an_assistant_that_says_what_it_is(language: str) -> None:
    assert [text for text in SAID[language] if not is_boilerplate(text)] == []


@pytest.mark.parametrize("text", NOT_SAID)
def test_others_who_speak_of_ai(text: str) -> None:
    assert not is_boilerplate(text)


def test_a_refusal_opens_the_text_and_boilerplate_stands_anywhere() -> None:
    assert is_refusal("As an AI, I cannot help with that.")
    late = "Paris is lovely.\n\nBut as an AI, I cannot help with that."
    assert not is_refusal(late)
    assert is_boilerplate(late)


def test_the_filter_complete_knows_the_same_refusals() -> None:
    assert complete.is_refusal is is_refusal


def test_a_long_text_takes_no_more_than_one_look() -> None:
    assert not is_boilerplate("as an as a I am an " * 5000)
