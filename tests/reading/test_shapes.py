"""The shapes that rows have in published sets: chats, choices, pairs, paths, batches."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.pipeline.format import to_row
from limbeck.reading.forms import Reader, read_row
from limbeck.reading.plan import Naming
from limbeck.reading.row import Row
from limbeck.reading.unreadable import REASONS, Unreadable
from limbeck.record import Provenance
from limbeck.testing import record


def one(raw: dict[str, Any]) -> Row:
    (row,) = read_row(raw, 1).rows
    return row


def texts(raw: dict[str, Any]) -> tuple[str, str, str, str | None]:
    row = one(raw)
    return row.instruction, row.input, row.output, row.target


@pytest.mark.parametrize(
    ("raw", "form", "found"),
    [
        (
            {"problem": "P", "solution": "long", "answer": "4"},
            "problem, solution",
            ("P", "", "long", "4"),
        ),
        (
            {"question": "Q", "generation": "g", "answer": 4.0},
            "question, generation",
            ("Q", "", "g", "4.0"),
        ),
        (
            {"Question": "Q", "Chain-of-Thought": "c", "pred": 1, "Answer": "4"},
            "Question, Chain-of-Thought",
            ("Q", "", "c", "4"),
        ),
        (
            {"instruction": "I", "input": "", "output": "o", "answer": "a"},
            "instruction, input, output",
            ("I", "", "o", "a"),
        ),
        (
            {"prompt": "P", "chosen": "c", "rejected": "r"},
            "prompt, chosen (rejected is left out)",
            ("P", "", "c", None),
        ),
        (
            {
                "prompt": "P",
                "chosen": [
                    {"role": "user", "content": "P"},
                    {"role": "assistant", "content": "c"},
                ],
                "rejected": [],
            },
            "chat prompt, chosen (rejected is left out)",
            ("P", "", "c", None),
        ),
        (
            {"chosen": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d", "rejected": ""},
            "chosen (rejected is left out)",
            ("c", "user: a\n\nassistant: b", "d", None),
        ),
        (
            {
                "prompt": [{"role": "user", "content": "P"}],
                "completion": [{"role": "assistant", "content": "c"}],
            },
            "chat prompt, completion",
            ("P", "", "c", None),
        ),
        (
            {"conversations": {"from": ["human", "gpt"], "value": ["q", "a"]}},
            "conversations",
            ("q", "", "a", None),
        ),
        (
            {"messages": '[{"role": "user", "content": "q"}]', "response": "r"},
            "messages",
            ("q", "", "r", None),
        ),
        (
            {"messages": [{"role": "user", "content": "q"}], "completion": "r", "target": "t"},
            "messages",
            ("q", "", "r", "t"),
        ),
        (
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
             "target": "t"},
            "messages",
            ("q", "", "a", "t"),
        ),
        ({"question": "Q", "answers": ["a", "b"]}, "question, without an output",
         ("Q", "", "", "a")),
        ({"question": "Q", "context": "C", "answers": {"text": ["a"], "answer_start": [0]}},
         "question, context, without an output", ("Q", "C", "", "a")),
        ({"turns": ["Q", "then"], "category": "x"}, "the first of turns, without an output",
         ("Q", "", "", None)),
        ({"user": "Q", "assistant": "A"}, "user, assistant", ("Q", "", "A", None)),
    ],
)  # fmt: skip
def test_a_shape_is_named_and_read(
    raw: dict[str, Any], form: str, found: tuple[str, str, str, str | None]
) -> None:
    assert (read_row(raw, 1).form, texts(raw)) == (form, found)


@pytest.mark.parametrize(
    ("raw", "output", "target", "options"),
    [
        ({"choices": ["b", "c"], "gold": 1}, "", "c", ("b", "c")),
        ({"choices": ["b", "c"], "answer": 1}, "c", None, ("b", "c")),
        ({"options": ["b", "c"], "answer": "B"}, "B", None, ("b", "c")),
        ({"choices": {"text": ["b", "c"], "label": ["1", "2"]}, "answerKey": "2"}, "", "c",
         ("b", "c")),
        ({"choices": [{"label": "A", "text": "b"}, {"label": "B", "text": "c"}],
          "answerKey": "B"}, "", "B", ("b", "c")),
        ({"target_scores": {"b": 0, "c": 1}}, "", "c", ("b", "c")),
        ({"A": "b", "B": "c", "answer": "A"}, "A", None, ("b", "c")),
        ({"options": ["A)1", "B)2"], "rationale": "because", "correct": "B"}, "because", "B",
         ("A)1", "B)2")),
        ({"options": '["b", "c"]', "response": "b", "answer": "B"}, "b", "B", ("b", "c")),
    ],
)  # fmt: skip
def test_multiple_choice(
    raw: dict[str, Any], output: str, target: str | None, options: tuple[str, ...]
) -> None:
    row = one({"question": "Q", **raw})
    assert (row.output, row.target, row.options, row.kind) == (output, target, options, "choice")


def test_a_question_with_its_choices_inside() -> None:
    choices = [{"label": "A", "text": "b"}, {"label": "B", "text": "c"}]
    row = one({"answerKey": "B", "question": {"stem": "Q", "choices": choices}})
    assert (row.instruction, row.target, row.options) == ("Q", "B", ("b", "c"))


def test_several_generations_are_several_paths_of_a_prompt() -> None:
    raw = {
        "instruction": "I", "generations": ["a", "b", "a"], "model_name": "m", "answer": "b",
        "distilabel_metadata": {"x": 1},
    }  # fmt: skip
    read = read_row(raw, 4)
    assert [(row.output, row.target, row.model, row.place) for row in read.rows] == [
        ("a", "b", "m", 4), ("b", "b", "m", 4), ("a", "b", "m", 4),
    ]  # fmt: skip
    assert read.form == "instruction, generations (a row for each)"
    failed = read_row(raw | {"generations": None}, 1)
    assert (failed.answered, failed.form) == (True, "instruction, answer")
    with pytest.raises(Unreadable, match="generations, must be text"):
        read_row(raw | {"generations": ["a", {"b": 1}]}, 1)


def test_a_chat_with_tools_loses_nothing() -> None:
    turns = [
        {"role": "developer", "content": "short"},
        {"role": "user", "content": [{"type": "text", "text": one} for one in ("Wie", "?")]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "name": "时间"}]},
        {"role": "tool", "content": "12:00"},
        {"role": "assistant", "content": "Noon."},
    ]  # fmt: skip
    read = read_row({"messages": turns}, 1)
    (row,) = read.rows
    assert (row.system, row.instruction, row.output) == ("short", "Wie\n?", "Noon.")
    assert row.input == 'assistant: [{"id": "c", "name": "时间"}]\n\ntool: 12:00'
    assert read.turns is not None
    assert [role for role, _ in read.turns] == ["system", "user", "assistant", "tool"]


def test_a_picture_in_a_turn_is_refused_by_name() -> None:
    part = {"type": "image_url", "image_url": {"url": "http://x"}}
    with pytest.raises(Unreadable, match="turn 1 holds a part of type 'image_url'") as caught:
        read_row({"messages": [{"role": "user", "content": [part]}]}, 1)
    assert caught.value.reason == "not_text_part"


def test_batch_files() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Q"}]}
    request = read_row({"custom_id": "1", "method": "POST", "url": "/v1", "body": body}, 1)
    assert (request.rows[0].instruction, request.rows[0].model) == ("Q", "m")
    assert not request.answered
    choices = [
        {"message": {"content": said}, "finish_reason": why}
        for said, why in (("a", "stop"), ("b", "length"))
    ]
    answer = {"status_code": 200, "body": {"model": "m", "choices": choices}}
    read = read_row({"custom_id": "1", "response": answer, "error": None}, 1)
    assert [(row.output, row.finish_reason) for row in read.rows] == [
        ("a", "stop"),
        ("b", "length"),
    ]
    for failed in ({"response": {"status_code": 500, "body": {}}}, {"error": {"code": "x"}}):
        with pytest.raises(Unreadable, match="the request failed"):
            read_row({"custom_id": "1", **failed}, 1)


def test_what_a_row_says_of_itself() -> None:
    row = one(
        {
            "instruction": "I", "output": "o", "source": "wiki", "license": "cc-by-4.0",
            "model": "m", "system": "Be short.", "kind": "number", "template": "t1",
            "finish_reason": "length", "is_classification": "Yes",
        }
    )  # fmt: skip
    assert (row.origin, row.licence, row.model, row.system) == (
        "wiki",
        "cc-by-4.0",
        "m",
        "Be short.",
    )
    assert (row.kind, row.template, row.finish_reason) == ("number", "t1", "length")
    assert row.classification is True
    assert row.id == one({"instruction": "I", "output": "o"}).id  # as it was before


def test_a_record_and_its_published_row_are_the_same_instance() -> None:
    made = record(
        "B.", instruction="Pick.", input="A or B", task="classification", kind="choice",
        options=["A", "B"], template="pick",
    )  # fmt: skip
    row, published = one(made.to_json()), one(to_row(made))
    assert row == published
    assert (row.record, row.kind, row.options, row.template) == (
        made.id,
        "choice",
        ("A", "B"),
        "pick",
    )
    chat = record(
        "Zwei", prompt="Eins?", target="2",
        provenance=Provenance("answers", teacher="t", request="key"),
    )  # fmt: skip
    found = one(to_row(chat))
    assert (found.target, found.model, found.request, found.origin) == ("2", "t", "key", "answers")


def test_named_columns_win_over_known_names() -> None:
    reader = Reader(Naming({"output": "reasoning", "target": "answer"}))
    raw = {"question": "Q", "reasoning": "R", "output": "o", "answer": "a"}
    (row,) = reader.read(raw, 1).rows
    assert (row.instruction, row.output, row.target) == ("Q", "R", "a")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["role", "content", "text", "label", "stem", "choices", "type"]),
        inner, max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip
_NAMES = [
    "instruction", "input", "output", "prompt", "completion", "messages", "conversations",
    "question", "choices", "options", "answer", "target", "gold", "generations", "chosen",
    "instances", "text", "custom_id", "response", "body", "error", "provenance", "meta", "system",
    "turns", "is_classification", "model", "A", "B",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(_NAMES), _JSON, max_size=5))
def test_any_row_is_read_or_has_a_known_reason(raw: dict[str, Any]) -> None:
    try:
        read, bad = read_row(raw, 1), None
    except Unreadable as error:
        read, bad = None, error
    assert bad is None or (bad.reason in REASONS and len(str(bad)) < 1000)
    assert read is None or read.rows
    for row in read.rows if read else ():
        assert all(isinstance(text, str) for text in (row.instruction, row.output, row.input))
        assert isinstance(row.target, str | None)


PAIRS = [["Wer bist du?", "Eine Katze 🐈"], ["你好", "喵"]]
TOLD = "user: Wer bist du?\n\nassistant: Eine Katze 🐈\n\nuser: 你好\n\nassistant: 喵"
ALPACA = {"instruction": "Und jetzt?", "input": "Es regnet.", "output": "Miau"}


@pytest.mark.parametrize("history", [PAIRS, json.dumps(PAIRS), f" {json.dumps(PAIRS)}\n"])
def test_alpacas_history_is_the_turns_before_the_instruction(history: object) -> None:
    read = read_row({**ALPACA, "system": "S", "history": history}, 1)
    (row,) = read.rows
    asked = "Und jetzt?\n\nEs regnet."
    assert (row.instruction, row.input, row.output, row.system) == (asked, TOLD, "Miau", "S")
    assert read.form == "instruction, input, output, with its history"
    spoken = [turn for pair in PAIRS for turn in zip(("user", "assistant"), pair, strict=True)]
    assert read.turns == (*spoken, ("user", asked))
    messages = [{"role": role, "content": text} for role, text in read.turns]
    chat = {"messages": [*messages, {"role": "assistant", "content": "Miau"}]}
    assert one(chat).id == row.id


def test_a_history_of_messages_and_one_of_plain_text() -> None:
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert one({**ALPACA, "history": messages}).input == "user: a\n\nassistant: b"
    assert one({**ALPACA, "history": "[sic] Fieber seit 3 Tagen"}).input == (
        "user: [sic] Fieber seit 3 Tagen"
    )


@pytest.mark.parametrize("history", [None, [], "", " ", "[]"])
def test_an_empty_history_changes_nothing(history: object) -> None:
    assert one({**ALPACA, "history": history}).id == one(ALPACA).id
    assert read_row({**ALPACA, "history": history}, 1).turns is None


@pytest.mark.parametrize(
    "history", [5, {"a": 1}, [["only one"]], [["a", "b", "c"]], [["a", 1]], ["a", "b"], [[], None]]
)
def test_a_history_of_another_shape_is_a_reason(history: object) -> None:
    with pytest.raises(Unreadable) as bad:
        read_row({**ALPACA, "history": history}, 1)
    assert bad.value.reason == "not_text"
