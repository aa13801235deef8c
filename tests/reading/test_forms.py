"""One row in every published form becomes the same instances."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.reading.forms import read_row
from limbeck.record import Provenance
from limbeck.testing import record


def texts(raw: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(row.instruction, row.input, row.output) for row in read_row(raw, 1).rows]


@pytest.mark.parametrize(
    ("raw", "form", "found"),
    [
        (
            {"instruction": "翻译", "input": "猫 🐈", "output": "cat"},
            "instruction, input, output",
            [("翻译", "猫 🐈", "cat")],
        ),
        (
            {"instruction": "Sum.", "input": "<noinput>", "output": 4},
            "instruction, input, output",
            [("Sum.", "", "4")],
        ),
        (
            {
                "instruction": "Label.",
                "instances": [{"input": "a", "output": "x"}, {"input": "", "output": "y"}],
                "is_classification": True,
            },
            "instruction, instances",
            [("Label.", "a", "x"), ("Label.", "", "y")],
        ),
        ({"prompt": "Hi", "completion": " Yo"}, "prompt, completion", [("Hi", "", " Yo")]),
        (
            {"question": "Où ?", "context": "Ici.", "answer": "ici"},
            "question, context, answer",
            [("Où ?", "Ici.", "ici")],
        ),
        ({"input": "Ask", "output": "Said"}, "input, output", [("Ask", "", "Said")]),
        (
            {"instruction": "I", "input": None, "response": "mine", "target": "reference"},
            "instruction, response",
            [("I", "", "mine")],
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": "One"},
                    {"role": "assistant", "content": "1"},
                    {"role": "user", "content": "Two"},
                    {"role": "assistant", "content": "2"},
                ]
            },
            "messages",
            [("Two", "user: One\n\nassistant: 1", "2")],
        ),
        (
            {"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]},
            "conversations",
            [("Q", "", "A")],
        ),
        (
            {"prompt": [{"role": "user", "content": "Q"}], "completion": "A"},
            "chat prompt, completion",
            [("Q", "", "A")],
        ),
    ],
)
def test_a_form_is_named_and_read(
    raw: dict[str, Any], form: str, found: list[tuple[str, str, str]]
) -> None:
    read = read_row(raw, 7)
    assert (read.form, texts(raw), read.answered) == (form, found, True)
    assert {row.place for row in read.rows} == {7}


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ({"instruction": "I", "most_similar": {"x": 0.5}}, "instruction, without an output"),
        (
            {"instruction": "I", "raw_instances": "Output: 1"},
            "instruction, without an output (raw_instances is not parsed)",
        ),
    ],
)
def test_an_instruction_alone_is_not_an_empty_output(raw: dict[str, Any], form: str) -> None:
    read = read_row(raw, 1)
    assert (read.form, read.answered, texts(raw)) == (form, False, [("I", "", "")])
    assert read_row({"instruction": "I", "output": ""}, 1).answered


def test_a_limbeck_record_keeps_what_the_run_knew() -> None:
    made = record("B.", instruction="Pick.", input="A or B", task="classification")
    read = read_row(made.to_json(), 3)
    (row,) = read.rows
    assert (row.instruction, row.input, row.output) == ("Pick.", "A or B", "B.")
    assert (row.classification, row.finish_reason, read.form) == (True, "stop", "limbeck records")
    cut = read_row(record("B", finish_reason="length").to_json(), 1)
    assert cut.rows[0].finish_reason == "length"
    seed = record("", prompt="Why?", target="Because.", provenance=Provenance("seed"))
    assert texts(seed.to_json()) == [("Why?", "", "Because.")]


def test_a_system_turn_stands_apart() -> None:
    turns = [{"role": "system", "content": "短く"}, {"role": "user", "content": "Q"}]
    (row,) = read_row({"messages": [*turns, {"role": "assistant", "content": "A"}]}, 1).rows
    assert (row.system, row.instruction, row.input) == ("短く", "Q", "")


@pytest.mark.parametrize(
    ("said", "kind"),
    [(True, True), (" Yes", True), ("no", False), ("classification", True), ("N", None), (1, None)],
)
def test_what_a_row_says_of_its_kind(said: object, kind: bool | None) -> None:
    row = {"instruction": "I", "output": "o", "is_classification": said}
    assert read_row(row, 1).rows[0].classification is kind


def test_an_id_is_that_of_the_texts() -> None:
    one = {"instruction": "I", "input": "a", "output": "o"}
    (row,) = read_row(one, 1).rows
    assert row.id == read_row(one | {"id": 9, "extra": "x"}, 2).rows[0].id
    assert row.id != read_row({"instruction": "Ia", "output": "o"}, 1).rows[0].id
    assert row.id.startswith("r")  # so that no spreadsheet takes it for a number such as 1e5


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"foo": 1}, "no instruction found.*this one has foo"),
        ({}, "this one has nothing"),
        ({"instruction": "  ", "output": "o"}, "instruction must be a text that is not empty"),
        ({"instruction": "I", "output": ["o"]}, "the output must be text, got"),
        ({"instruction": "I", "input": {"a": 1}, "output": "o"}, "input must be text"),
        ({"instruction": "I", "instances": []}, "instances is empty"),
        ({"instruction": "I", "output": "\ud800"}, "half a character"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_row(raw, 1)
