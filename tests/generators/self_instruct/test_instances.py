"""Stages 3 and 4: instances from continuations and from chat replies.

The expected values of the reference preset come from a transcription of the published algorithm.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.self_instruct.instances import Instance, continued, listed

Pairs = list[tuple[str, str]]
PIECES = st.lists(
    st.sampled_from(
        ["Example 1\n", "Example", "Input: ", "Output:", "\nOutput: ", "\nInput:", "\n", " ", "a"]
        + [
            "Class label: ",
            "\nClass label:",
            "Task: ",
            "中文",
            '{"input": "',
            '"output": 3',
            "}",
            "[",
        ]
    ),
    max_size=14,
).map("".join)


def pairs(instances: list[Instance] | None) -> Pairs | None:
    return None if instances is None else [(one.input, one.output) for one in instances]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Example 1\nInput: 2, 3\nOutput: 5\nExample 2\nList: 4, 4\nOutput: 8\n\n",
            [("2, 3", "5"), ("List: 4, 4", "8")],
        ),
        ("Output: Examples of fruit: figs", [("", ""), ("", "s of fruit: figs")]),
        ("Example 1\nWord: hot\nAntonym: cold", [("", "Word: hot\nAntonym: cold")]),
        ("Input 1: a\nOutput 1: b\nInput 2: c\nOutput 2: d", [("a", "b")]),
        ("Output: one\nOutput: two", [("", "one")]),
        ('Example 1.\nOutput: print("Output: x")', [("", 'print("')]),
        ("Input: a", []),
        ("just text", []),
        ("", []),
    ],
)
def test_the_reference_is_the_published_parse(text: str, expected: Pairs) -> None:
    assert pairs(continued(text, False, "stop", "reference")) == expected
    assert pairs(continued(text, False, "length", "reference")) == expected[:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Class label: A\nText: x\nClass label: b \n y\nz", [("Text: x", "A"), ("y\nz", "b")]),
        ('Class label: A\nsay "Class label: B"', [('say "', "A"), ("", 'B"')]),
        ("Class label:\n\nA\nx", [("x", "A")]),
        ("Class label: A", [("", "A")]),
        ("Input: x\nOutput: A", []),
    ],
)
def test_the_reference_on_classification(text: str, expected: Pairs) -> None:
    assert pairs(continued(text, True, "stop", "reference")) == expected
    assert pairs(continued(text, True, "length", "reference")) == expected[:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Example 1\nInput: a\nOutput: b\nExample 2\nOutput: c", [("a", "b"), ("", "c")]),
        ("Input: a\nOutput: b\nInput: c\nOutput: d\nInput: e", [("a", "b"), ("c", "d")]),
        ("Output: Examples of it\nExample sentences", [("", "Examples of it\nExample sentences")]),
        ("Output:\nExample 12 men", [("", "Example 12 men")]),
        ('Output:\nprint("Output: x")', [("", 'print("Output: x")')]),
        ("Example 1\nParagraph: p\nQuestion: q\nOutput: a", [("Paragraph: p\nQuestion: q", "a")]),
        ("Example 1\nWord: hot\nAntonym: cold\nExample 2\nOutput: c", [("", "c")]),
        ("Input 1: a\nInput 2: b\nOutput: c", [("Input 1: a\nInput 2: b", "c")]),
        ("Output: one\nOutput: two", [("", "one"), ("", "two")]),
        ("Input: a\nOutput: one\nOutput: two", [("a", "one")]),
        ("Input: <noinput>\nOutput: b", [("", "b")]),
        ("**Example 1**\n**Input:** a\n**Output:** b", [("a", "b")]),
        ("### Example 1:\nInput:\n\na\n\nOutput:\n\nb\n\nc", [("a", "b\n\nc")]),
        ("Example 1: Input: a\r\nOutput: b", [("a", "b")]),
        ("Output: a\n\nTask: next\nOutput: z", [("", "a")]),
        ("输入句：好\nOutput：好的", [("输入句：好", "好的")]),
        ("Output:", [("", "")]),
        ("just text", []),
    ],
)
def test_fixed(text: str, expected: Pairs) -> None:
    assert pairs(continued(text, False, "stop", "fixed")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Class label: A\nText: x\nClass label: B\nInput: y", [("Text: x", "A"), ("y", "B")]),
        ('Class label: A\nsay "Class label: B"', [('say "Class label: B"', "A")]),
        ("Class label:\nA\nx\nExample 2\nClass label: B\ny", [("x", "A"), ("y", "B")]),
        ("Class label: A\nx\nTask: next\nClass label: Z", [("x", "A")]),
        ("Input: x\nOutput: A", [("x", "A")]),
    ],
)
def test_fixed_on_classification(text: str, expected: Pairs) -> None:
    assert pairs(continued(text, True, "stop", "fixed")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Input: a\nOutput: b\nInput: c\nOutput: d is cu", [("a", "b")]),
        ("Example 1\nOutput: b\nExample 2\nInput: cu", [("", "b")]),
        ("Output: a\nTask: next\nOutput: cu", [("", "a")]),
        ("Output: cu", []),
    ],
)
def test_fixed_drops_only_what_was_cut_off(text: str, expected: Pairs) -> None:
    assert pairs(continued(text, False, "length", "fixed")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[{"input": "a", "output": "b"}, {"input": "c", "output": ["d", 1]}]',
            [("a", "b"), ("c", '["d", 1]')],
        ),
        ('[{"input": "a", "output": "b"}, {"input": "c", "out', [("a", "b")]),
        ('```json\n{"examples": [{"input": null, "output": 42}]}\n```', [("", "42")]),
        ('{"input": "a", "output": "two\nlines"}', [("a", "two\nlines")]),
        ('[{"input": "N/A", "output": "b"}, {"output": "c"}]', [("", "b"), ("", "c")]),
        ('[{"sentence": "s", "output": "o", "explanation": "e"}]', [("s", "o")]),
        (
            '[{"paragraph": "p", "question": "q", "answer": "o"}]',
            [("paragraph: p\nquestion: q", "o")],
        ),
        ('[{"input": "see `x[0]`", "output": "[1, 2]"}]', [("see `x[0]`", "[1, 2]")]),
        ('[{"input": "你好", "output": "مرحبا 🙂"}]', [("你好", "مرحبا 🙂")]),
        ("Example 1\nInput: a\nOutput: b", [("a", "b")]),
        (
            'Input: {"input": "x", "output": "y"}\nOutput: c',
            [('{"input": "x", "output": "y"}', "c")],
        ),
        ('Test cases: [{"input": "a", "output": "b"}]', [("a", "b")]),
        ('Output: [{"input": "a", "output": "b"}]', [("a", "b")]),
        ("Output: four", [("", "four")]),
        ("[]", []),
        ("I'm sorry, but I can't.", None),
        ('[{"x": 1}]', None),
        ("", None),
    ],
)
def test_listed(text: str, expected: Pairs | None) -> None:
    assert pairs(listed(text, False, "stop")) == expected


def test_a_label_is_an_output() -> None:
    text = '[{"text": "x", "class_label": "P"}, {"label": "N", "input": "y"}]'
    assert pairs(listed(text, True, "stop")) == [("x", "P"), ("y", "N")]
    assert pairs(listed("Class label: P\nx", True, "stop")) == [("x", "P")]
    assert pairs(listed("Output: a\nInput: b\nOutput: cu", False, "length")) == [("", "a")]


@given(PIECES, st.booleans(), st.sampled_from(["stop", "length"]))
def test_nothing_raises_and_fixed_makes_nothing_up(text: str, is_class: bool, reason: str) -> None:
    continued(text, is_class, reason, "reference")
    for one in continued(text, is_class, reason, "fixed"):
        assert one.output in text
        assert "".join(one.input.split()) in "".join(text.split())
    listed(text, is_class, reason)


@given(
    st.lists(st.tuples(st.text("aß中🙂 \n", min_size=1), st.text("bé\n'", min_size=1)), min_size=1)
)
def test_json_comes_back_whole(given_pairs: Pairs) -> None:
    text = json.dumps([{"input": a, "output": b} for a, b in given_pairs], ensure_ascii=False)
    expected = [(a.strip(), b.strip()) for a, b in given_pairs]
    assert pairs(listed(text, False, "stop")) == expected
    assert pairs(listed(text[:-1], True, "length")) == expected
