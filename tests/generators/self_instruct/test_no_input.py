"""What says that there is no input, and what is one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.self_instruct.no_input import without_placeholder

PLACEHOLDERS = [
    *("<noinput>", "<No Input>", "N/A", "n/a.", "None", "(none)", "no input required", "无"),
    *(
        "[No input needed]",
        "null",
        "없음",
        "ＮＯＮＥ",
        "لا يوجد",
        "",
        "なし",
        "Aucune entrée",
        "**N/A**",
    ),
]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_placeholders_are_no_input(text: str) -> None:
    assert without_placeholder(f" {text}\n") == ""
    assert without_placeholder(unicodedata.normalize("NFD", text)) == ""


@pytest.mark.parametrize(
    "text",
    [
        *("none of these", '"None"', "0", "[]", "-", "No", "有", "🙂", "NaCl", "Na", "<b>", "()"),
        "noinput" + " " * 60 + ".",
    ],
)
def test_inputs_are_kept(text: str) -> None:
    assert without_placeholder(f" {text}\n") == text


@given(st.text())
def test_it_gives_the_stripped_text_or_nothing(text: str) -> None:
    assert without_placeholder(text) in ("", text.strip())
    assert without_placeholder(without_placeholder(text)) == without_placeholder(text)
