"""Chat: what every form of an export is made of, from a record or from anybody's row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from limbeck.publish.rows import SURROGATE, is_raw, public_model, valid
from limbeck.reading.chat import joined
from limbeck.reading.importing import whole_chat
from limbeck.reading.row import Read, Row
from limbeck.record import Record, messages_json

Turn = tuple[str, str]
ABOUT = ("id", "model", "origin", "request", "licence", "target")
"""What `--with-provenance` adds: names that limbeck.reading knows. "" where it is not known."""

_CALLS = ("function_call", "tool_call")
_CALLS_IN_TEXT = ('"tool_calls"', '"function_call"', '"tool_call"')


@dataclass(frozen=True, slots=True)
class Chat:
    """One conversation: (role, text) of the turns before the answer, and the answer.

    `parts` are the instruction and the input that its one user turn was made of, where that is
    known. `raw` says that prompt and answer are one plain text, which no chat template is put
    around. `calls` says that a tool is called somewhere. `whole` is all turns with all that they
    have, the answer last, where that or `tools` is more than roles and texts. `about` has the keys
    of ABOUT.
    """

    turns: tuple[Turn, ...]
    answer: str
    parts: tuple[str, str] | None = None
    raw: bool = False
    calls: bool = False
    whole: tuple[Mapping[str, Any], ...] = ()
    tools: tuple[Any, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def thought(self) -> bool:
        """Whether a turn has reasoning."""
        return any("reasoning_content" in turn for turn in self.whole)


def chat_of_record(record: Record) -> Chat:
    """A record, in the text that its student learns."""
    turns = tuple((message.role, message.content) for message in record.messages)
    instruction, given = record.meta.get("instruction"), record.meta.get("input")
    parts = None
    if isinstance(instruction, str):
        parts = _parts(turns, instruction, given if isinstance(given, str) else "")
    made = record.provenance
    return Chat(
        turns,
        record.completion,
        parts,
        raw=is_raw(record),
        calls="tool_calls" in record.meta
        or any(not m.is_plain and not replace(m, reasoning="").is_plain for m in record.messages),
        whole=()
        if is_raw(record) or record.is_plain
        else (*messages_json(record.messages), record.answer.to_json()),
        tools=tuple(record.fields.get("tools", ())),
        about={
            "id": record.id,
            "model": public_model(made.teacher),
            "origin": made.generator,
            "request": made.request,
            "licence": "",
            "target": record.target or "",
        },
    )


def chats_of_read(raw: Mapping[str, Any], read: Read, licence: str = "") -> Iterator[Chat]:
    """The chats of a row that `limbeck.reading` read: one for each of its answers."""
    called = read.turns is not None and _called(raw)
    template = _template(raw)
    more = (template != "raw" and whole_chat(raw)) or {"messages": [{"role": ""}]}
    answered = more["messages"][-1]["role"] == "assistant"
    for row in read.rows:
        turns, parts = _turns(row, read.turns)
        yield Chat(
            turns,
            row.output,
            parts,
            raw=template == "raw",
            calls=called or any(role == "tool" for role, _ in turns),
            whole=_led(row.system, more["messages"]) if answered else (),
            tools=_tools(raw.get("tools") or more.get("tools")),
            about={
                "id": row.record or row.id,
                "model": public_model(row.model),
                "origin": row.origin,
                "request": row.request,
                "licence": row.licence or licence,
                "target": row.target or "",
            },
        )


def whole(chat: Chat) -> tuple[Chat, bool]:
    """The chat with U+FFFD for every lone surrogate, and whether it had one: no file holds them."""
    texts = [text for _, text in chat.turns]
    texts += [json.dumps([chat.whole, chat.tools], ensure_ascii=False)]
    if not any(map(SURROGATE.search, (*texts, chat.answer, *chat.about.values()))):
        return chat, False
    return replace(
        chat,
        turns=tuple((role, valid(text)) for role, text in chat.turns),
        answer=valid(chat.answer),
        whole=valid(chat.whole),
        tools=valid(chat.tools),
        parts=chat.parts and (valid(chat.parts[0]), valid(chat.parts[1])),
        about=valid(chat.about),
    ), True


def _parts(turns: Sequence[Turn], instruction: str, given: str) -> tuple[str, str] | None:
    """The two texts, where together they are the last turn and nothing else is."""
    if turns and turns[-1] == ("user", joined(instruction, given)):
        return instruction, given
    return None


def _turns(row: Row, before: Sequence[Turn] | None) -> tuple[tuple[Turn, ...], Any]:
    if before is None:
        asked = joined(row.instruction, row.input)
        turns: tuple[Turn, ...] = (("user", asked),) if asked else ()
        parts: tuple[str, str] | None = (row.instruction, row.input) if asked else None
    else:
        turns = tuple(before)
        parts = _parts(turns, row.instruction, row.input)
    if row.system and not any(role == "system" for role, _ in turns):
        turns = (("system", row.system), *turns)
    return turns, parts


def _led(system: str, turns: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    first = () if not system or any(turn["role"] == "system" for turn in turns) else (system,)
    return (*({"role": "system", "content": text} for text in first), *turns)


def _tools(value: Any) -> tuple[Any, ...]:
    """A list of tools, which may stand as JSON text; what is neither is none."""
    try:
        value = orjson.loads(value) if isinstance(value, str) else value
    except ValueError:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else ()


def _template(raw: Mapping[str, Any]) -> str:
    """ "chat" or "raw", of a limbeck record; "" of other rows."""
    made = raw.get("provenance")
    if isinstance(made, str) and "completion" in raw:
        try:
            made = orjson.loads(made)
        except ValueError:
            return ""
    return str(made.get("template", "")) if isinstance(made, Mapping) else ""


def _called(raw: Mapping[str, Any]) -> bool:
    """Whether a turn is a call of a tool, which reading makes text of."""
    for value in raw.values():
        if isinstance(value, Mapping) and value.get("tool_calls"):  # a record's meta
            return True
        if isinstance(value, str):
            if value.lstrip()[:1] in ("[", "{") and any(word in value for word in _CALLS_IN_TEXT):
                return True
        elif isinstance(value, list | tuple):
            for item in value:
                if isinstance(item, Mapping) and (
                    item.get("tool_calls") or item.get("from", item.get("role")) in _CALLS
                ):
                    return True
    return False
