"""Stages 3 and 4: instances from continuations and from chat replies.

The expected values of the reference preset come from a transcription of the published algorithm.
"""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.self_instruct.instances import Instance, continued, listed

Pairs = list[tuple[str, str]]
PIECES = st.lists(
    st.sampled_from(
        [
            *("Example 1\n", "Example", "Input: ", "Output:", "\nOutput: ", "\nInput:", "\n", " "),
            *("Class label: ", "\nClass label:", "Task: ", "中文", "a", "\n```\n", "\n- ", "\n1. "),
            *('{"input": "', '"output": 3', "}", "["),
        ]
    ),
    max_size=14,
).map("".join)


def bare(text: str) -> str:
    """Without spaces and fences, which may go."""
    return re.sub(r"[`\s]", "", text)


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
        ("Example 1\nText: a\nInput: b\nOutput: c", [("Text: a\nInput: b", "c")]),
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
        ("Output: see Example 2: it", [("", "see Example 2: it")]),
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
        (
            "Output:\nSteps:\n- Input: a list\n- Output: it, sorted",
            [("", "Steps:\n- Input: a list\n- Output: it, sorted")],
        ),
        (
            "Output:\n```\n1. x\nOutput: 3\nTask: 4\nExample 2\n```\nExample 2\nOutput: b",
            [("", "```\n1. x\nOutput: 3\nTask: 4\nExample 2\n```"), ("", "b")],
        ),
        ("Output:\n```\nx\nExample 2\nInput: a\nOutput: b", [("", "```\nx"), ("a", "b")]),
        ("Example 1\nInput: a\nOutput: b\n\n---\n\nExample 2\nOutput: c", [("a", "b"), ("", "c")]),
        ("Example 3 shows: a\nOutput: b", [("Example 3 shows: a", "b")]),
        ("Example 3 Word: a\nOutput: b", [("Word: a", "b")]),
        ("Example 1 食物: 豆腐\nOutput: b", [("食物: 豆腐", "b")]),
        ("Output: Task 1: buy\nTask 2: bake", [("", "Task 1: buy\nTask 2: bake")]),
        (
            "Output: a\nInput: b\nInput: c\nOutput: d\nOutput: e",
            [("", "a"), ("Input: b\nInput: c", "d")],
        ),
        ("Input: Na\nOutput: sodium", [("Na", "sodium")]),
        ("Meet me at 10:30\nOutput: https://x.org: a", [("Meet me at 10:30", "https://x.org: a")]),
        ("Output:\nOutput: \nOutput: a\nOutput:", [("", "a")]),
        ("Input: a\nOutput:", [("a", "")]),
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
        ("Output: a\nInput: b", [("", "a")]),
        ("Input: a\nOutput: b\nOutput: cu", [("a", "b")]),
        ("Input: a\nOutput: b\nInput: c\nOutput:\n```\nx\nOutput: 3\ny", [("a", "b")]),
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
        (
            "Sure! Here you go:\n\n1. Input: a\n   Output: b\n2. Input: c\n   Output: d\n\n"
            "Hope this helps!",
            [("a", "b"), ("c", "d")],
        ),
        (
            "- **Input**: a\n- **Output**: b\n\n- **Input**: c\n- **Output**: d",
            [("a", "b"), ("c", "d")],
        ),
        ("#### Input:\na\n#### Output:\nb", [("a", "b")]),
        ("*Input:* a\n*Output:* b", [("a", "b")]),
        ("```\nInput: a\nOutput: b\n```", [("a", "b")]),
        (
            "Example 1\n```\nInput: a\nOutput: b\n```\nExample 2\n```\nInput: c\nOutput: d\n```",
            [("a", "b"), ("c", "d")],
        ),
        ("**Task:** Sort it.\nInput: b a\nOutput: a b", [("b a", "a b")]),
        ("[{'input': 'it\\'s', 'output': 'b',}, // one\n]", [("it's", "b")]),
        (
            '[{"input": "", "output": "print("Output: 3")\nprint("1. x")"}]',
            [("", 'print("Output: 3")\nprint("1. x")')],
        ),
        ('[{"输入": "你好", "输出": "Hello"}]', [("你好", "Hello")]),
        ('<think>[{"output": "x"}]</think>\r\n[{"input": "a", "output": "b"}]', [("a", "b")]),
        ('[{"input": "a", "output": "b", "label": "c"}]', [("a", "b")]),
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
        assert bare(one.output) in bare(text)
        assert bare(one.input) in bare(text)
    listed(text, is_class, reason)


FIELD = st.sampled_from(
    ["a", "写一首诗", "اكتب: قصيدة", "x\ny: z", "é 🙂", "Examples of it", "16."]
)


@given(st.lists(st.tuples(FIELD, FIELD), min_size=1), st.booleans())
def test_what_the_prompt_writes_is_read_again(given_pairs: Pairs, cut: bool) -> None:
    examples = "".join(
        f"Example {n}\nText: {a}\nOutput: {b}\n" for n, (a, b) in enumerate(given_pairs, 1)
    )
    labels = "".join(f"Class label: {b.split()[0]}\nText: {a}\n" for a, b in given_pairs)
    reason, upto = ("length", -1) if cut else ("stop", None)
    expected = [(f"Text: {a}", b) for a, b in given_pairs][:upto]
    assert pairs(continued(examples, False, reason, "fixed")) == expected
    assert pairs(continued(examples.replace("\n", "\r\n"), False, reason, "fixed")) == expected
    expected = [(f"Text: {a}", b.split()[0]) for a, b in given_pairs][:upto]
    assert pairs(continued(labels, True, reason, "fixed")) == expected
    assert pairs(continued(labels, True, reason, "reference")) == expected


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit",
    ["Input: a\n", "Output: a\n", " ", "1", "a", "\n", "```\n", "Example 1\n", "Class label:\n"],
)
@pytest.mark.parametrize("head", ["", "Input", "Output", "Class label", "Example 1", "Input: b\n"])
def test_rubbish_takes_no_time(head: str, unit: str) -> None:
    text = head + unit * 30_000
    for is_class in (True, False):
        continued(text, is_class, "stop", "reference")
        continued(text, is_class, "length", "fixed")


@given(
    st.lists(st.tuples(st.text("aß中🙂 \n", min_size=1), st.text("bé\n'", min_size=1)), min_size=1)
)
def test_json_comes_back_whole(given_pairs: Pairs) -> None:
    text = json.dumps([{"input": a, "output": b} for a, b in given_pairs], ensure_ascii=False)
    expected = [(a.strip(), b.strip()) for a, b in given_pairs]
    assert pairs(listed(text, False, "stop")) == expected
    assert pairs(listed(text[:-1], True, "length")) == expected
