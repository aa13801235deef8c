"""The quick look never misses what the patterns find."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limbeck.audit.boilerplate import says_it_is_an_ai
from limbeck.refusals import BOILERPLATE, is_boilerplate


@pytest.mark.parametrize("language", sorted(BOILERPLATE))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_a_pattern_can_say_is_found(language: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(re.compile(BOILERPLATE[language]), fullmatch=True))
    for one in (text, text.upper(), text.capitalize(), f"Well. {text} and so on"):
        assert says_it_is_an_ai(one) == is_boilerplate(one)


@pytest.mark.parametrize(
    "text",
    [
        "As an AI language model, I cannot say.",
        "Als KI kann ich das nicht.",
        "En tant qu'IA, je ne peux pas.",
        "Come un’intelligenza artificiale, non posso.",
        "作为一个AI，我不能。",
        "我是由某公司的AI。",
        "Как ИИ, я не могу.",
        "저는 AI입니다.",
    ],
)
def test_known_sentences(text: str) -> None:
    assert says_it_is_an_ai(text) is is_boilerplate(text) is True


@pytest.mark.parametrize(
    "text", ["He said a kind king hid.", "人工 智", "", "I am the AI's teacher."]
)
def test_other_texts(text: str) -> None:
    assert says_it_is_an_ai(text) is is_boilerplate(text) is False
