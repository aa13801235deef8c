"""A source is shown whole."""

from __future__ import annotations

from limbeck.generators.adversarial.shown import is_chat, shown, texts
from limbeck.seeds import seeds_of


def test_an_instruction_is_shown_with_its_input() -> None:
    [seed] = seeds_of({"instruction": "翻译成英语。", "input": "你好 🙂", "output": "Hello"})
    assert shown(seed) == "翻译成英语。\n\n你好 🙂"
    assert not is_chat(seed)
    assert texts(seed) == ["翻译成英语。\n\n你好 🙂", "翻译成英语。"]


def test_a_chat_is_a_transcript() -> None:
    turns = [("system", "Sé breve."), ("user", "¿Qué es un río?"), ("assistant", "Agua."),
             ("user", "¿Y un lago?")]  # fmt: skip
    [seed] = seeds_of({"messages": [{"role": role, "content": text} for role, text in turns]})
    assert shown(seed) == (
        "System: Sé breve.\n\nUser: ¿Qué es un río?\n\nAssistant: Agua.\n\nUser: ¿Y un lago?"
    )
    assert is_chat(seed)
    assert texts(seed) == ["¿Qué es un río?", "¿Y un lago?"]


def test_the_answer_is_not_shown() -> None:
    [seed] = seeds_of({"prompt": "What is 2 + 2?", "target": "4", "task": "sums"})
    assert shown(seed) == "What is 2 + 2?"


def test_an_option_inside_a_word_is_not_in_the_text() -> None:
    [seed] = seeds_of({"input": "Knowing them took years.", "options": ["no", "the"]})
    assert shown(seed) == "Knowing them took years.\n\n- no\n- the"
    [seed] = seeds_of({"prompt": "这是喜还是悲？", "options": ["喜", "悲"]})
    assert shown(seed) == "这是喜还是悲？"
    [seed] = seeds_of({"prompt": "🙂 or 🙁?", "options": ["🙂", "🙁"]})
    assert shown(seed) == "🙂 or 🙁?"


def test_options_that_the_text_lacks_are_shown() -> None:
    [seed] = seeds_of({"task": "mood", "input": "I laughed.", "options": ["joy", "grief"]})
    assert shown(seed) == "I laughed.\n\n- joy\n- grief"
    [seed] = seeds_of({"prompt": "Is it joy or grief?", "options": ["joy", "grief"]})
    assert shown(seed) == "Is it joy or grief?"
