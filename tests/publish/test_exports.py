"""Exports: forms, and what they cannot hold; golden rows are written by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from limbeck.publish.export_chat import Chat, chat_of_record, whole
from limbeck.publish.exports import CannotHold, Form, Shape, to_row
from limbeck.record import Provenance, Record, user

SYSTEM, ASKED, SAID, AGAIN = "كن موجزا", "第一个问题？", "Erste Antwort", "ต่อไป 🙂"
MANY = (("system", SYSTEM), ("user", ASKED), ("assistant", SAID), ("user", AGAIN))
LONG = Chat(MANY, "Réponse\n\n«2»")
SHORT = Chat((("user", ASKED),), "x")


def turn(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


def test_messages_hold_every_turn() -> None:
    assert to_row(LONG, Shape("messages")) == {
        "messages": [
            turn("system", SYSTEM),
            turn("user", ASKED),
            turn("assistant", SAID),
            turn("user", AGAIN),
            turn("assistant", "Réponse\n\n«2»"),
        ]
    }


def test_prompt_and_completion_as_turns_and_as_texts() -> None:
    made = to_row(LONG, Shape("prompt_completion"))
    assert made["prompt"] == [turn(role, text) for role, text in MANY]
    assert made["completion"] == [turn("assistant", "Réponse\n\n«2»")]
    text = Shape("prompt_completion", text=True)
    assert to_row(SHORT, text) == {"prompt": ASKED, "completion": "x"}


def test_sharegpt_says_human_and_gpt() -> None:
    made = to_row(LONG, Shape("sharegpt"))["conversations"]
    assert [said["from"] for said in made] == ["system", "human", "gpt", "human", "gpt"]
    assert [said["value"] for said in made] == [SYSTEM, ASKED, SAID, AGAIN, "Réponse\n\n«2»"]


def test_alpaca_has_earlier_turns_as_history() -> None:
    assert to_row(LONG, Shape("alpaca", system=True, history=True)) == {
        "instruction": AGAIN,
        "input": "",
        "output": "Réponse\n\n«2»",
        "system": SYSTEM,
        "history": [[ASKED, SAID]],
    }


@pytest.mark.parametrize(
    ("turns", "form", "says"),
    [
        ((), "messages", "without a prompt"),
        ((("user", "a"), ("user", "b")), "alpaca", "not user and assistant in turn"),
        ((("user", "a"), ("user", "b")), "sharegpt", "not user and assistant in turn"),
        ((("assistant", "a"), ("user", "b")), "sharegpt", "not user and assistant in turn"),
        ((("user", "a"), ("assistant", "b")), "sharegpt", "not user and assistant in turn"),
        ((("system", "a"),), "alpaca", "not user and assistant in turn"),
        ((("system", "a"), ("system", "b"), ("user", "c")), "alpaca", "several system turns"),
        ((("user", "a"), ("system", "b"), ("user", "c")), "sharegpt", "behind the first turn"),
    ],
)
def test_what_a_form_cannot_hold_has_a_reason(
    turns: tuple[tuple[str, str], ...], form: Form, says: str
) -> None:
    with pytest.raises(CannotHold, match=says):
        to_row(Chat(turns, "x"), Shape(form, system=True, history=True))


def test_tools_answers_that_are_missing_and_plain_texts_have_no_place() -> None:
    for chat, shape, says in (
        (replace(SHORT, calls=True), Shape("messages"), "a tool's turns"),
        (replace(SHORT, answer=""), Shape("messages"), "without an answer"),
        (replace(SHORT, raw=True), Shape("prompt_completion"), "plain text and no chat"),
        (LONG, Shape("prompt_completion", text=True), "more than one user turn"),
        (LONG, Shape("alpaca", history=True), "a system turn"),
        (LONG, Shape("alpaca", system=True), "earlier turns"),
    ):
        with pytest.raises(CannotHold, match=says):
            to_row(chat, shape)


def test_an_instruction_and_its_input_are_parted_where_they_are_the_whole_turn() -> None:
    made = Provenance("self_instruct")
    meta = {"instruction": "übersetze", "input": "猫"}
    fits = chat_of_record(Record((user("übersetze\n\n猫"),), "cat", made, meta=meta))
    assert to_row(fits, Shape("alpaca")) == {
        "instruction": "übersetze", "input": "猫", "output": "cat",
    }  # fmt: skip
    other = chat_of_record(Record((user("Bitte: übersetze 猫"),), "cat", made, meta=meta))
    assert to_row(other, Shape("alpaca"))["instruction"] == "Bitte: übersetze 猫"


def test_provenance_is_text_and_hides_this_machines_folders() -> None:
    made = Provenance("answers", "gguf:/home/me/models/t.gguf", request="key")
    row = to_row(
        chat_of_record(Record((user("q"),), "a", made, target="7", id="i")),
        Shape("messages", about=True),
    )
    about = {key: row[key] for key in ("id", "model", "origin", "request", "licence", "target")}
    assert about == {
        "id": "i", "model": "gguf:t.gguf", "origin": "answers", "request": "key", "licence": "",
        "target": "7",
    }  # fmt: skip


def test_half_characters_are_replaced() -> None:
    chat, had = whole(Chat((("user", "a\ud83d"),), "b\udc00", ("a\ud83d", "")))
    assert (chat.turns, chat.answer, chat.parts, had) == (
        (("user", "a\ufffd"),), "b\ufffd", ("a\ufffd", ""), True,
    )  # fmt: skip
    assert whole(LONG) == (LONG, False)
