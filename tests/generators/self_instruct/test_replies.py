"""What a chat teacher said, as data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.self_instruct.replies import (
    as_text,
    bullets,
    field,
    json_lists,
    line,
    numbers,
    plain_list,
    refusal,
    spoken,
    without_small_talk,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>1. a\n2. b</think>\nYes", "\nYes"),
        ("<THINKING>a</THINKING>b", "b"),
        ("<think>never ends [1]", ""),
        ("thought whose tag was in the prompt</think>Yes", "Yes"),
        ("Explain the tag <think> and </think>.", "Explain the tag <think> and </think>."),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\n<think>a</think>\n<thought>b</thought>c", "c"),
        ("<think>a</thinking>b", ""),
        ("a\n<think>b</think>", "a\n<think>b</think>"),
        ("no thought", "no thought"),
    ],
)
def test_spoken(text: str, expected: str) -> None:
    assert spoken(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sure! Here are two:\n\nInput: a\n\nLet me know if you need more!", "Input: a"),
        ("Certainly!\n\nHere they are:\na\n\nb", "a\n\nb"),
        ("a\n\nHope this helps!\n", "a"),
        ("a\nLet me know", "a\nLet me know"),
        ("Let me know when", "Let me know when"),
        ("Surely\na", "Surely\na"),
        ("Here it is", "Here it is"),
        (" 写诗 🙂\n", "写诗 🙂"),
    ],
)
def test_small_talk_goes(text: str, expected: str) -> None:
    assert without_small_talk(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm sorry, but I cannot do that.", True),
        ("I can’t help with this:\n1. x", True),
        ("As an AI language model", True),
        ("Sorry!", True),
        ("1. Say sorry to a friend.", False),
        ("Here is the list", False),
        ("I cannoli", False),
    ],
)
def test_refusal(text: str, expected: bool) -> None:
    assert refusal(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('Here:\n```json\n["a"]\n```\nBye', [["a"]]),
        ('{"tasks": ["a", "b"]}', [[{"tasks": ["a", "b"]}], ["a", "b"]]),
        ('{"result": {"tasks": ["a"]}}', [[{"result": {"tasks": ["a"]}}], ["a"]]),
        ('{"1": "a", "Task 2": "b"}', [[{"1": "a", "Task 2": "b"}], ["a", "b"]]),
        ('{"x": 1}\n{"x": 2}', [[{"x": 1}, {"x": 2}]]),
        ('{"x": 1}\n{"x": 2, "y": "cu', [[{"x": 1}]]),
        ('{"1": "a", "note": "b"}', [[{"1": "a", "note": "b"}]]),
        ('1. ["a"]', []),
        ('1. {"x": 1}\n2. {"x": 2}', [[{"x": 1}, {"x": 2}]]),
        ('{"tasks": ["a", "b', [["a"]]),
        ('{"input": "a", "output', []),
        ("[]", [[]]),
        ('[]\n["a"]', [["a"], []]),
        ('in a line: ["a"]', []),
        ("prose [note] {x}", []),
    ],
)
def test_json_at_the_start_of_a_line(text: str, expected: list[Any]) -> None:
    assert list(json_lists(text, own_line=True)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('in a line: ["a"]', [["a"]]),
        ("int[] x = arr[0]; f()[1]", []),
        ("none: []", [[]]),
    ],
)
def test_json_anywhere(text: str, expected: list[Any]) -> None:
    assert list(json_lists(text, own_line=False)) == expected


@pytest.mark.parametrize(
    "mark",
    [
        "10. ",
        "10) ",
        "10: ",
        "10.",
        "(10) ",
        "[10] ",
        "10、",
        "１０．",
        "１０、",
        "٣. ",
        "**10.** ",
        "## 10. ",
        "Task 10: ",
        "10 - ",
        "10 . ",
        "Task # 10: ",
        "  10. ",
        "> 10. ",
        "[10]",
        "【10】",
    ],
)
def test_styles_of_numbers(mark: str) -> None:
    found = numbers(f"text\n{mark}Write a poem")
    assert [f"text\n{mark}Write a poem"[m.end() :] for m in found] == ["Write a poem"]
    assert int(found[0]["number"]) in (3, 10)


@pytest.mark.parametrize(
    "text", ["3.5 million", "10:30 is late", "10 - 3 is 7", "2016. A year", "item 10. x", "10 men"]
)
def test_what_is_no_item_number(text: str) -> None:
    assert numbers(text) == []


def test_indented_marks_are_nested() -> None:
    text = "1. a\n   1. b\n   2. c\n2. d"
    assert [mark.start() for mark in numbers(text)] == [0, text.index("2. d")]
    assert [mark.start() for mark in bullets("- a\n  - b\n- c")] == [0, 10]


def test_plain_lists() -> None:
    assert plain_list("Sure:\n1. a\nmore\n\n2. b\n\nBye", "stop") == ["a\nmore", "b"]
    assert plain_list("1. a\n2. cut", "length") == ["a"]
    assert plain_list("1. a\n2. b\n\nBye, and do not hesi", "length") == ["a", "b"]
    assert plain_list("* a\n* b", "stop") == ["a", "b"]
    assert plain_list("prose", "stop") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Write a poem:** about  x", "Write a poem: about x"),
        ("a\n b", "a b"),
        ("compute 2**10 and 3**4", "compute 2**10 and 3**4"),
        ("the __init__ method", "the __init__ method"),
        ("half bold**", "half bold"),
        ("*args and **kwargs", "*args and **kwargs"),
        ("**写诗**", "写诗"),
        ("***a*** and **b*c** **d**", "a and b*c d"),
        ("**a **b", "**a **b"),
        ("a**b** c", "a**b** c"),
    ],
)
def test_line(text: str, expected: str) -> None:
    assert line(text) == expected


def test_field_compares_names_loosely_and_gives_text() -> None:
    item = {"Class Label": " P ", "input": None, "n": [1, "é"], "b": True}
    assert field(item, ("x", "class_label")) == "P"
    assert field(item, ("input",)) == ""
    assert field(item, ("n",)) == '[1, "é"]'
    assert field(item, ("b",)) == "true"
    assert field(item, ("y",)) is None
    assert field("input", ("input",)) is None


@given(st.text(st.characters(exclude_characters="\b\f")))
def test_text_stays_text(text: str) -> None:
    assert as_text(text) == text.strip()
    found = list(json_lists(json.dumps([text, "x"]), own_line=True))
    assert found == [[text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), "x"]]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit",
    ["[", '["', " ", "\n", "?", '{"a":1}', "**a ", "\n1. a", "<think>", '"\n', "',//", '"/*', "…,"],
)
@pytest.mark.parametrize("head", ["", "task", '["', "['"])
def test_a_reply_of_rubbish_takes_no_time(head: str, unit: str) -> None:
    text = spoken(head + unit * 20_000)
    for own_line in (True, False):
        assert all(isinstance(found, list) for found in json_lists(text, own_line=own_line))
    assert line(text) == line(line(text))
    plain_list(text, "stop")
