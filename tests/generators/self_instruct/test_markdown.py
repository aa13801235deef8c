"""Fences that wrap an answer go, fences of code in it stay and hide their labels."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.self_instruct.markdown import (
    masked,
    unwrapped,
    without_fences,
    without_rules,
)

LABEL = re.compile(r"^Input:", re.MULTILINE)
FIELD = re.compile(r"^Output:", re.MULTILINE)
PIECES = st.lists(
    st.sampled_from(
        ["```", "```py", "\n", "````", "Input:", "a", " ", "中", "---", "`", "### Task 2"]
    ),
    max_size=16,
).map("".join)


def test_every_fence_line_goes() -> None:
    assert without_fences("a\n```json\nb\n  ````\nc ```d```\n") == "a\nb\nc ```d```\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```\nInput: a\n```\nbye", "Input: a\nbye"),
        ("```md\n\nInput: a\n```", "\nInput: a\n"),
        ("```py\nx\n```\n```\nInput: a\n```", "```py\nx\n```\nInput: a\n"),
        ("```\nInput: a", "Input: a"),
        ("Input: a\n```\nx = 1\n```", "Input: a\n```\nx = 1\n```"),
        ("Output:\n\n```\nInput: a\n```", "Output:\n\n```\nInput: a\n```"),
        ("Output: x\n```\nInput: a\n```", "Output: x\nInput: a\n"),
        ("```\nsay Input: a\n```", "```\nsay Input: a\n```"),
    ],
)
def test_a_block_that_begins_with_a_label_is_unwrapped(text: str, expected: str) -> None:
    assert unwrapped(text, LABEL, FIELD) == expected


def test_code_is_masked_place_for_place() -> None:
    text = "中 a\n```py\nInput: 中\n\n```\nInput: b\n```\nc"
    assert masked(text, cut=False) == "中 a\n```py\n        \n\n```\nInput: b\n```\nc"
    assert masked(text, cut=True) == "中 a\n```py\n        \n\n```\nInput: b\n```\n "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\n---\n", "a"),
        ("a\n***\n\n===\n\n", "a"),
        ("a\n\n---\n\n### Task 2\n", "a"),
        ("a\n**Example 3:**", "a"),
        ("a\nTask 2:", "a"),
        (" a\n- b ", "a\n- b"),
        ("a\n--", "a\n--"),
        ("h\n---\nb", "h\n---\nb"),
        ("---", "---"),
        ("a\n| --- | --- |", "a\n| --- | --- |"),
        ("a\nExample two", "a\nExample two"),
        ("", ""),
    ],
)
def test_rules_and_bare_headings_at_the_end_go(text: str, expected: str) -> None:
    assert without_rules(text) == expected


@given(PIECES, st.booleans())
def test_what_comes_out_is_part_of_what_went_in(text: str, cut: bool) -> None:
    assert len(masked(text, cut)) == len(text)
    assert all(a in (b, " ") for a, b in zip(masked(text, cut), text, strict=True))
    assert masked(masked(text, cut), cut) == masked(text, cut)
    assert without_rules(without_rules(text)) == without_rules(text)
    assert without_rules(text) in text
    assert without_fences(without_fences(text)) == without_fences(text)
    lines = iter(text.split("\n"))
    kept = unwrapped(text, LABEL, FIELD).split("\n")
    assert all(line in lines for line in kept if line)  # in their order
