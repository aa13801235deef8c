"""Whole tasks from one reply. The expected values of the reference preset come from a
transcription of the published algorithm."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.self_instruct.tasks import Task, continued, listed

Triple = tuple[str, str, str]
PIECES = st.lists(
    st.sampled_from(
        [
            *("###", "\n###\n", "4. Instruction:", "4. Input:", "4. Output:", "\n5. Instruction: "),
            *("\n5. Input:\n", "\n5. Output:", "Input: ", "Output:", "\n", " ", "<noinput>", "a"),
            *('{"instruction": "', '", "output": "', '"}', "[", "中", "\n```\n", "\n---"),
        ]
    ),
    max_size=14,
).map("".join)
ITEM = st.tuples(*[st.text("aé中🙂 .-#", max_size=8).map(lambda text: f"x{text}".strip())] * 3)

TWO = (
    " Add the\n numbers.\n4. Input:\n1, 2\n4. Output:\n3\n###\n"
    "5. Instruction: Say hello.\n5. Input: <NoInput>\n5. Output:\nHello.\n###\n"
)


def bare(text: str) -> str:
    """Without spaces and fences, which may go."""
    return re.sub(r"[`\s]", "", text)


def triples(tasks: list[Task] | None) -> list[Triple] | None:
    return None if tasks is None else [(t.instruction, t.input, t.output) for t in tasks]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TWO, [("Add the\n numbers.", "1, 2", "3"), ("Say hello.", "", "Hello.")]),
        (TWO.replace("5.", "6."), [("Add the\n numbers.", "1, 2", "3")]),
        (
            TWO.replace("<NoInput>", "N/A"),
            [("Add the\n numbers.", "1, 2", "3"), ("Say hello.", "N/A", "Hello.")],
        ),
        (TWO.replace("\n3\n", "\n### Three\n"), [("Add the\n numbers.", "1, 2", "")]),
        (TWO.replace("4. Input:", "Input:"), [("Say hello.", "", "Hello.")]),
        ("", []),
    ],
)
def test_the_reference_is_the_published_parse(text: str, expected: list[Triple]) -> None:
    assert triples(continued(text, 4, "stop", "reference")) == expected


def test_the_reference_drops_what_follows_the_last_separator_at_its_length() -> None:
    assert triples(continued(TWO.rstrip("\n#"), 4, "length", "reference")) == [
        ("Add the\n numbers.", "1, 2", "3")
    ]
    assert len(continued(TWO, 4, "length", "reference")) == 2


BOTH = [("Add the numbers.", "1, 2", "3"), ("Say hello.", "", "Hello.")]


@pytest.mark.parametrize(
    "text",
    [
        TWO,
        TWO.replace("5.", "6."),
        TWO.replace("4. ", "").replace("5. ", ""),
        TWO.replace("5.", "5)").replace("4.", "4)"),
        TWO.replace("5.", "５．").replace("4.", "４．").replace(":", "："),
        TWO.replace("4. Input:", "Input:"),
        TWO.replace("###\n", ""),
        TWO.replace("###\n", "---\n"),
        TWO.replace("<NoInput>", "N/A"),
        TWO.replace("5. Input: <NoInput>\n", ""),
        TWO.replace("\n", "\r\n"),
        "\n\n4. Instruction:" + TWO,
        TWO + "\n20.",
        TWO.replace("5. Instruction", "### 5. Instruction"),
        TWO.replace("5. Output:", "**5. Output:**"),
    ],
)
def test_fixed_reads_any_numbering(text: str) -> None:
    assert triples(continued(text, 4, "stop", "fixed")) == BOTH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            " A\n4. Input: x\n4. Output:\n# H\n### Heading\n####x\ntext\n###\n",
            [("A", "x", "# H\n### Heading\n####x\ntext")],
        ),
        (
            " A\n4. Input: x\n4. Output: MOV\nInstruction: add\nOutput: 3",
            [("A", "x", "MOV\nInstruction: add\nOutput: 3")],
        ),
        (" A\n4. Input: x\n4. Output: y 5. Instruction: B 5. Input: z 5. Output: w", []),
        (" A\n4. Input: x\n4. Output: y\n5. Input: z\n5. Output: w", []),
        (" A\n4. Input: x\n###\n5. Instruction: B\n5. Output: y", [("B", "", "y")]),
        (" A\n4. Input: x\n4. Output:\n", [("A", "x", "")]),
        (" Say\nInput: 1\n4. Input: x\n4. Output: y", [("Say Input: 1", "x", "y")]),
        (" A\n4. Output: y\n4. Input: x", []),
        ("写诗\n4. Input: 无\n4. Output: 好", [("写诗", "", "好")]),
        ("", []),
    ],
)
def test_fixed(text: str, expected: list[Triple]) -> None:
    assert triples(continued(text, 4, "stop", "fixed")) == expected


def test_fixed_drops_only_what_was_cut_off() -> None:
    assert triples(continued(TWO, 4, "length", "fixed")) == BOTH
    assert triples(continued(TWO.rstrip("\n#"), 4, "length", "fixed")) == BOTH[:1]
    assert triples(continued(TWO.replace("###", "").rstrip(), 4, "length", "fixed")) == BOTH[:1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[{"instruction": "a\\nb", "input": "<noinput>", "output": "o"}, {"instruction": "c"}]',
            [("a b", "", "o")],
        ),
        (
            '```json\n{"tasks": [{"task": "t", "context": "c", "response": 3}, {"ta',
            [("t", "c", "3")],
        ),
        ('{"instruction": "写诗", "output": "好 🙂"}', [("写诗", "", "好 🙂")]),
        (
            "1. Instruction: a\nInput: b\nOutput: c\n\n2. Instruction: d\nOutput: e",
            [("a", "b", "c"), ("d", "", "e")],
        ),
        ("Sure!\n\n**Instruction:** a\n**Input:** None\n**Output:** c", [("a", "", "c")]),
        (
            "### Task 1\n**Instruction:** a\n**Output:** y\n\n---\n\n### Task 2\n"
            "**Instruction:** c\n**Input:** N/A\n**Output:** z\n\nLet me know!",
            [("a", "", "y"), ("c", "", "z")],
        ),
        ("```\n1. Instruction: a\nInput: b\nOutput: c\n```", [("a", "b", "c")]),
        ("Instruction: a\nOutput:\n```\nOutput: 3\n```", [("a", "", "```\nOutput: 3\n```")]),
        (
            '[{"instruction": "a", "output": "b"}, {"instruction": "c", "output": "cu',
            [("a", "", "b")],
        ),
        ('<think>{"instruction": "x", "output": "y"}</think>[]', []),
        ("I'm sorry, but I can't.", None),
        ('["only", "instructions"]', None),
        ("Instruction: a\nOutput: b\nInput: c", [("a", "", "b\nInput: c")]),
        ('{"instruction": "", "output": "y"}', None),
        ("Instruction: a", None),
        ("", None),
    ],
)
def test_listed(text: str, expected: list[Triple] | None) -> None:
    assert triples(listed(text, "stop")) == expected


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit", ["\nInstruction: a", "Output:\n", "###", "\n---", " ", "\n4. Input:", "1"]
)
@pytest.mark.parametrize("head", ["", "\n4. Output: a", "Instruction"])
def test_rubbish_takes_no_time(head: str, unit: str) -> None:
    text = head + unit * 30_000
    continued(text, 4, "stop", "reference")
    continued(text, 4, "stop", "fixed")
    listed(text, "stop")


@given(PIECES, st.sampled_from(["stop", "length"]))
def test_nothing_raises_and_fixed_makes_nothing_up(text: str, reason: str) -> None:
    continued(text, 4, reason, "reference")
    for task in continued(text, 4, reason, "fixed"):
        assert bare(task.input) in bare(text)
        assert bare(task.output) in bare(text)
        assert task.instruction == " ".join(task.instruction.split())
    listed(text, reason)


@given(st.lists(ITEM, min_size=1, max_size=5), st.integers(2, 20))
def test_what_the_prompt_writes_is_read_again(items: list[Triple], first: int) -> None:
    text = "\n###\n".join(
        f"{n}. Instruction: {a}\n{n}. Input:\n{b}\n{n}. Output:\n{c}"
        for n, (a, b, c) in enumerate(items, first)
    ).removeprefix(f"{first}. Instruction:")
    expected = [(" ".join(a.split()), b, c) for a, b, c in items]
    assert triples(continued(text, first, "stop", "fixed")) == expected
    if not any("###" in part for item in items for part in item):
        assert triples(continued(text, first, "stop", "reference")) == items
    names = ("instruction", "input", "output")
    said = json.dumps([dict(zip(names, item, strict=True)) for item in items], ensure_ascii=False)
    assert triples(listed(f"Here:\n{said}", "stop")) == expected
