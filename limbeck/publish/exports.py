"""The forms in which trainers read chats, as pure functions from a Chat to a row.

What a form cannot hold raises CannotHold with the reason; nothing is bent to fit. The forms are
those of TRL (dataset formats), LLaMA-Factory (data/README.md) and axolotl (dataset formats); which
versions were tried is in docs/export.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from limbeck.columns import JSON
from limbeck.publish.export_chat import ABOUT, Chat, Turn
from limbeck.publish.export_files import FileType
from limbeck.publish.rows import json_turn

Form = Literal["messages", "alpaca", "sharegpt", "prompt_completion"]
FORMS: tuple[Form, ...] = ("messages", "alpaca", "sharegpt", "prompt_completion")

_TEXT = "string"
_TURN = {"role": _TEXT, "content": _TEXT}
_SPOKEN = {"from": _TEXT, "value": _TEXT}
_FROM = {"system": "system", "user": "human", "assistant": "gpt"}


class CannotHold(ValueError):
    """The form has no place for the row. The text goes behind "rows": "without an answer"."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How rows of a form look: `system` and `history` are Alpaca's columns for them, `text` makes
    prompt and completion plain texts, `json_turns` each turn the text of a JSON object, as Parquet
    holds calls and reasoning, `tools` adds a column of that name, `about` the columns of ABOUT."""

    form: Form
    system: bool = False
    history: bool = False
    text: bool = False
    about: bool = False
    json_turns: bool = False
    tools: bool = False

    @property
    def columns(self) -> dict[str, Any]:
        """Every column by its type, as `limbeck.publish.rows.schema` takes them."""
        found: dict[str, Any]
        turn = JSON if self.json_turns else _TURN
        if self.form == "messages":
            found = {"messages": [turn]}
        elif self.form == "sharegpt":
            found = {"conversations": [_SPOKEN]}
        elif self.form == "alpaca":
            found = {"instruction": _TEXT, "input": _TEXT, "output": _TEXT}
            found |= {"system": _TEXT} if self.system else {}
            found |= {"history": [[_TEXT]]} if self.history else {}
        else:
            found = dict.fromkeys(("prompt", "completion"), _TEXT if self.text else [turn])
        found |= {"tools": _TEXT} if self.tools else {}
        return found | (dict.fromkeys(ABOUT, _TEXT) if self.about else {})

    @property
    def flat(self) -> bool:
        """Whether every column is text, so that a CSV holds it."""
        return all(kind == _TEXT for kind in self.columns.values())


def to_row(chat: Chat, shape: Shape) -> dict[str, Any]:
    """The row of a chat. Raises CannotHold."""
    _checked(chat, shape)
    row = _MAKE[shape.form](chat, shape)
    if shape.about:
        row |= {name: chat.about.get(name, "") for name in ABOUT}
    return row


def _checked(chat: Chat, shape: Shape) -> None:
    if holds_all(shape) and chat.whole:
        return
    if chat.calls:
        raise CannotHold("with a tool's turns or calls")
    if chat.tools and not holds_all(shape):
        raise CannotHold("with tools")
    if not chat.turns:
        raise CannotHold("without a prompt")
    if not chat.answer:
        raise CannotHold("without an answer")


def holds_all(shape: Shape) -> bool:
    """Whether the form holds tools, calls of them and reasoning."""
    return shape.form == "messages" or (shape.form == "prompt_completion" and not shape.text)


def _turns(chat: Chat, shape: Shape) -> tuple[list[Any], dict[str, Any]]:
    """All turns, and the column `tools` of a row that has some: JSON text, which TRL, axolotl and
    LLaMA-Factory take, and which no reader fills with the keys of other rows' tools."""
    turns = chat.whole or _json([*chat.turns, ("assistant", chat.answer)])
    more = {"tools": json.dumps(chat.tools, ensure_ascii=False)} if chat.tools else {}
    return [json_turn(turn) if shape.json_turns else turn for turn in turns], more


def messages(chat: Chat, shape: Shape) -> dict[str, Any]:
    """`messages`, the answer last: any order of turns."""
    turns, more = _turns(chat, shape)
    return {"messages": turns, **more}


def prompt_completion(chat: Chat, shape: Shape) -> dict[str, Any]:
    """`prompt` and `completion`: lists of turns, or texts that no chat template is put around."""
    if not shape.text:
        if chat.raw:
            raise CannotHold("whose prompt is plain text and no chat")
        turns, more = _turns(chat, shape)
        return {"prompt": turns[:-1], "completion": turns[-1:], **more}
    if len(chat.turns) != 1 or chat.turns[0][0] != "user":
        raise CannotHold("with more than one user turn, which a plain prompt cannot hold")
    return {"prompt": chat.turns[0][1], "completion": chat.answer}


def sharegpt(chat: Chat, shape: Shape) -> dict[str, Any]:
    """`conversations` of human and gpt in turn, and a system turn before them where there is one:
    LLaMA-Factory leaves out every other order."""
    dialogue(chat)
    turns = (*chat.turns, ("assistant", chat.answer))
    return {"conversations": [{"from": _FROM[role], "value": text} for role, text in turns]}


def alpaca(chat: Chat, shape: Shape) -> dict[str, Any]:
    """`instruction`, `input` and `output`; `system`; and the earlier pairs as `history`."""
    system, history, asked = dialogue(chat)
    instruction, given = (asked, "") if chat.parts is None else chat.parts
    row: dict[str, Any] = {"instruction": instruction, "input": given, "output": chat.answer}
    if system and not shape.system:
        raise CannotHold("with a system turn, which this file has no column for")
    if history and not shape.history:
        raise CannotHold("with earlier turns, which a CSV has no place for")
    if shape.system:
        row["system"] = system
    if shape.history:
        row["history"] = [list(pair) for pair in history]
    return row


def dialogue(chat: Chat) -> tuple[str, list[tuple[str, str]], str]:
    """The system turn ("" for none), the earlier (user, assistant) pairs and the last user turn.

    Raises CannotHold for system turns that are not one at the start, and for turns that are not
    the user's and the assistant's in turn, beginning and ending with the user's.
    """
    if chat.calls or chat.tools:
        raise CannotHold("with tools or calls of them")
    has_system = chat.turns[0][0] == "system"
    system = chat.turns[0][1] if has_system else ""
    spoken = chat.turns[1:] if has_system else chat.turns
    roles = [role for role, _ in spoken]
    if "system" in roles:
        where = "several system turns" if has_system else "a system turn behind the first turn"
        raise CannotHold(f"with {where}")
    wanted = ["user" if at % 2 == 0 else "assistant" for at in range(len(roles))]
    if roles != wanted or len(roles) % 2 == 0:
        raise CannotHold("whose turns are not user and assistant in turn")
    pairs = [(spoken[at][1], spoken[at + 1][1]) for at in range(0, len(spoken) - 1, 2)]
    return system, pairs, spoken[-1][1]


def _json(turns: tuple[Turn, ...] | list[Turn]) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in turns]


_MAKE: Mapping[Form, Callable[[Chat, Shape], dict[str, Any]]] = {
    "messages": messages,
    "alpaca": alpaca,
    "sharegpt": sharegpt,
    "prompt_completion": prompt_completion,
}


class Survey:
    """What a first reading of the chats tells: which columns they need."""

    def __init__(self) -> None:
        self.raw = self.chats = 0
        self.system = self.history = self.whole = self.tools = False

    def add(self, chat: Chat) -> bool:
        """Whether the chat has earlier turns, as Alpaca's history holds them."""
        self.raw += chat.raw
        self.chats += not chat.raw
        self.whole |= bool(chat.whole)
        self.tools |= bool(chat.tools)
        try:
            _checked(chat, Shape("alpaca"))
            system, history, _ = dialogue(chat)
        except CannotHold:
            return False
        self.system |= bool(system)
        self.history |= bool(history)
        return bool(history)

    def shape(self, shape: Shape, file_type: FileType) -> Shape:
        """The shape that holds them in a file of the type; a CSV has no lists."""
        flat = file_type == "csv"
        if shape.form == "alpaca":
            return replace(shape, system=self.system, history=self.history and not flat)
        text = shape.form != "messages" and (
            shape.text or flat or (self.raw > 0 and not self.chats)
        )
        made = replace(shape, text=text)
        if file_type != "parquet" or not holds_all(made):
            return made
        return replace(made, json_turns=self.whole, tools=self.tools)
