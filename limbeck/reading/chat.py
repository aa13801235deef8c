"""Chats, in the shapes people store them in, as (role, text) turns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from limbeck.reading.unreadable import Unreadable, shown

Turn = tuple[str, str]
_ROLES = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user", "prompter": "user",
    "assistant": "assistant", "gpt": "assistant", "model": "assistant", "bot": "assistant",
    "chatgpt": "assistant", "bing": "assistant", "bard": "assistant", "ai": "assistant",
    "tool": "tool", "function": "tool", "observation": "tool", "ipython": "tool",
    "tool_response": "tool", "function_response": "tool",
    "function_call": "assistant", "tool_call": "assistant",
}  # fmt: skip
_SPOKEN = re.compile(
    r"(?:\A|\n\n)\s*(Human|Assistant):(.*?)(?=\n\n(?:Human|Assistant):|\Z)", re.DOTALL
)
_WHO, _WHAT = ("role", "from", "speaker"), ("content", "value", "text")


@dataclass(frozen=True, slots=True)
class Asked:
    """A chat as one instance. `said` is None where the assistant has not answered; `before` are
    all turns but that."""

    system: str
    instruction: str
    input: str
    said: str | None
    before: tuple[Turn, ...]


def turns_of(value: Any) -> list[Turn]:
    """The turns of a list of messages; of one written as JSON text; or of columns, as
    `datasets` stores lists of objects. Raises Unreadable."""
    if isinstance(value, str):
        value = _from_text(value)
    if isinstance(value, Mapping):
        value = _from_columns(value)
    if not isinstance(value, list | tuple):
        raise Unreadable("not_text", f"messages are a list of turns, got {shown(value)}")
    return [_turn(item, number) for number, item in enumerate(value, start=1)]


def _from_text(text: str) -> Any:
    if text.lstrip().startswith("Human:"):  # hh-rlhf
        return [{"role": who, "content": said.strip()} for who, said in _SPOKEN.findall(text)]
    try:
        return orjson.loads(text)
    except (ValueError, TypeError):
        raise Unreadable(
            "not_json", f"messages are a list of turns, or JSON of one, got the text {shown(text)}"
        ) from None


def _from_columns(value: Mapping[str, Any]) -> Any:
    columns = {key: item for key, item in value.items() if isinstance(item, list | tuple)}
    if not columns or len({len(item) for item in columns.values()}) != 1:
        return [value]
    return [dict(zip(columns, items, strict=True)) for items in zip(*columns.values(), strict=True)]


def _turn(item: Any, number: int) -> Turn:
    if not isinstance(item, Mapping):
        raise Unreadable("not_text", f"turn {number} is no object with a role, got {shown(item)}")
    who = next((item[key] for key in _WHO if item.get(key) is not None), None)
    role = _ROLES.get(who.strip().casefold()) if isinstance(who, str) else None
    if role is None:
        known = "system, user, assistant, tool"
        raise Unreadable("unknown_role", f"turn {number} is by {shown(who)}; known are {known}")
    what = next((item[key] for key in _WHAT if item.get(key) is not None), None)
    text = "" if what is None else _content(what, number)
    called = item.get("tool_calls")
    if called:
        text = "\n".join(filter(None, (text, json.dumps(called, ensure_ascii=False, default=str))))
    return role, text


def _content(value: Any, number: int) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list | tuple):
        raise Unreadable("not_text", f"turn {number} must be text, got {shown(value)}")
    texts = []
    for part in value:
        text = part.get("text") if isinstance(part, Mapping) else part
        kind = str(part.get("type", "text")) if isinstance(part, Mapping) else "text"
        if kind not in ("text", "input_text", "output_text") or not isinstance(text, str):
            raise Unreadable(
                "not_text_part",
                f"turn {number} holds a part of type {kind!r}; only parts of text are read",
            )
        texts.append(text)
    return "\n".join(texts)


def asked_of(turns: Sequence[Turn]) -> Asked:
    """The last user turn, what was said before it, and the assistant's last turn behind it.

    Raises Unreadable where no user asks.
    """
    system = "\n".join(text for role, text in turns if role == "system")
    spoken = [turn for turn in turns if turn[0] != "system"]
    last = max((at for at, (role, _) in enumerate(spoken) if role == "user"), default=None)
    if last is None:
        raise Unreadable("no_user_turn", "a chat must have a user turn, and this one has none")
    behind = spoken[last + 1 :]
    said = behind.pop()[1] if behind and behind[-1][0] == "assistant" else None
    context = [*spoken[:last], *behind]
    before = tuple(turns if said is None else turns[:-1])
    return Asked(system, spoken[last][1], told(context), said, before)


def joined(instruction: str, given: str) -> str:
    """An instruction with its input as one user turn, as limbeck trains, imports and exports."""
    return f"{instruction}\n\n{given}" if given else instruction


def told(turns: Iterable[Turn]) -> str:
    return "\n\n".join(f"{role}: {text}" for role, text in turns)
