"""Rows: Message, Record, Provenance, Verdict. Frozen, JSON in and out, nothing else.

A Record says what was made; a Verdict says what was thought of it and never lives inside the
Record. Ids are hashes of content, so the same recipe and replies give the same ids everywhere.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Literal, cast

from limbeck.said import calls_of, reasoning_of, text_of

Role = Literal["system", "user", "assistant", "developer", "tool"]
ROLES = ("system", "user", "assistant", "developer", "tool")
CHAT_FIELDS = ("tools", "tool_choice", "parallel_tool_calls", "response_format")
"""What a chat has beside its messages, by the names of OpenAI's API; they stand in `meta`."""

META_KEYS = frozenset(
    {
        "task",
        "kind",
        "template",
        "family",
        "instruction",
        "input",
        "rationale",
        "reasoning",
        "tool_calls",
        "target_reasoning",
        "target_tool_calls",
        *CHAT_FIELDS,
        "answer",
        "answered",
        "answer_text",
        "answer_finish_reason",
        "check",
        "pass_rate",
        "paths",
        "options",
        "demos",
        "demo_scores",
        "label_distribution",
        "similar",
        "finish_reason",
        "usage",
        "logprobs",
    }
)


_CANONICAL = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)


def canonical_json(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, Unicode kept, no NaN.

    Raises ValueError for NaN and infinities, TypeError for what JSON cannot hold.
    """
    return _CANONICAL.encode(value)


def content_hash(value: Any, *, size: int = 16) -> str:
    """BLAKE2b of a value's canonical JSON as hex; `size` is in bytes.

    Lone surrogates, which JSON files can carry, are hashed and not refused.
    """
    text = canonical_json(value).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=size).hexdigest()


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. `tool_calls` are in OpenAI's shape and not to be changed."""

    role: Role
    content: str
    name: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    tool_call_id: str = ""
    reasoning: str = ""

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"role must be one of {', '.join(ROLES)}, got {self.role!r}")
        if not isinstance(self.content, str):
            raise ValueError(f"content must be text, got {type(self.content).__name__}")

    def to_json(self) -> dict[str, Any]:
        """The turn as chat APIs take it; what is empty is left out."""
        turn: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.name:
            turn["name"] = self.name
        if self.tool_calls:
            turn["tool_calls"] = list(self.tool_calls)
        if self.tool_call_id:
            turn["tool_call_id"] = self.tool_call_id
        if self.reasoning:
            turn["reasoning_content"] = self.reasoning
        return turn

    @property
    def is_plain(self) -> bool:
        """Whether it is its role and text alone, as every form of a chat holds it."""
        return len(self.to_json()) == 2 and self.role in ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a record came from: enough to make it again.

    `request` is the ledger key of the call that made it; `index` counts the sampled paths of one
    prompt; `parents` are the ids of the seeds; `template` is "chat" or "raw" (a base model's
    continuation of a single user turn).
    """

    generator: str
    teacher: str = ""
    prompt_version: str = ""
    request: str = ""
    index: int = 0
    parents: tuple[str, ...] = ()
    template: str = "chat"


def _freeze(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): _freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(_freeze(item) for item in value)
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ValueError(f"meta holds JSON only, got {value!r}")


def _thaw(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _thaw(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_thaw(item) for item in value]
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One row: the messages sent, the completion that came back, and where it is from.

    A seed is a Record with an empty completion. `meta` is read-only JSON with the documented
    keys only (META_KEYS); anything else raises ValueError. `id` is derived when left empty.
    `columns` are the further ones of the row of prompts that it was made from, read-only JSON; no
    id depends on them.
    """

    messages: tuple[Message, ...]
    completion: str
    provenance: Provenance
    target: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.messages:
            raise ValueError("a record needs at least one message")
        if not isinstance(self.completion, str):
            raise ValueError(f"completion must be text, got {type(self.completion).__name__}")
        if not isinstance(self.target, str | None):
            raise ValueError(f"target must be text or None, got {type(self.target).__name__}")
        if not isinstance(self.id, str):
            raise ValueError(f"id must be text, got {type(self.id).__name__}")
        if not isinstance(self.meta, Mapping):
            raise ValueError(f"meta must be a mapping, got {type(self.meta).__name__}")
        unknown = sorted(set(self.meta) - META_KEYS)
        if unknown:
            known = ", ".join(sorted(META_KEYS))
            raise ValueError(f"unknown meta key {unknown[0]!r}; the keys are {known}")
        object.__setattr__(self, "messages", tuple(self.messages))
        object.__setattr__(self, "meta", _freeze(self.meta))
        object.__setattr__(self, "columns", _freeze(self.columns))
        if not self.id:
            object.__setattr__(self, "id", self._derived_id())

    def _derived_id(self) -> str:
        inputs = {
            "messages": messages_json(self.messages),
            "target": self.target,
            "provenance": asdict(self.provenance),
        }
        return content_hash(inputs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return int(self.id[:15], 16) if _is_hex(self.id[:15]) else len(self.id)

    def __reduce__(self) -> tuple[Any, ...]:
        # A read-only mapping does not pickle; filters may run in other processes.
        return Record.from_json, (self.to_json(),)

    @property
    def prompt(self) -> str:
        """The last user turn: what a reader would call the prompt."""
        for message in reversed(self.messages):
            if message.role == "user":
                return message.content
        return self.messages[-1].content

    @property
    def fields(self) -> dict[str, Any]:
        """`tools` and what else the chat has of CHAT_FIELDS."""
        return {key: _thaw(self.meta[key]) for key in CHAT_FIELDS if key in self.meta}

    @property
    def is_plain(self) -> bool:
        """Whether roles and texts are all that its turns, its answer too, and its chat have."""
        return not self.fields and all(m.is_plain for m in (*self.messages, self.answer))

    @property
    def asked_meta(self) -> dict[str, Any]:
        """A seed's meta beside another answer: the reasoning and calls of its own one are, like its
        text, those of the target."""
        own = ("reasoning", "tool_calls")
        return {f"target_{key}" if key in own else key: self.meta[key] for key in self.meta}

    @property
    def answer(self) -> Message:
        """The completion as the assistant's turn, with its calls of tools and its reasoning."""
        calls, reasoning = _thaw(self.meta.get("tool_calls", ())), self.meta.get("reasoning", "")
        return Message("assistant", self.completion, tool_calls=tuple(calls), reasoning=reasoning)

    def to_json(self) -> dict[str, Any]:
        """A plain dict, keys in reading order."""
        row: dict[str, Any] = {
            "id": self.id,
            "messages": messages_json(self.messages),
            "completion": self.completion,
        }
        if self.target is not None:
            row["target"] = self.target
        row["provenance"] = {**asdict(self.provenance), "parents": list(self.provenance.parents)}
        if self.meta:
            row["meta"] = _thaw(self.meta)
        if self.columns:
            row["columns"] = _thaw(self.columns)
        return row

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Record:
        """The record that `to_json` wrote. Raises KeyError, TypeError or ValueError."""
        provenance = dict(row["provenance"])
        provenance["parents"] = tuple(provenance.get("parents", ()))
        return cls(
            messages=to_messages(row["messages"]),
            completion=row["completion"],
            provenance=Provenance(**provenance),
            target=row.get("target"),
            meta=row.get("meta", {}),
            id=row.get("id", ""),
            columns=row.get("columns", {}),
        )


def _is_hex(text: str) -> bool:
    return bool(text) and all(char in "0123456789abcdef" for char in text)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one record filter thought of one record.

    `record` and `nearest` are record ids; `score` is the filter's own number, kept for kept rows
    too, so that thresholds can be swept again; `reason` is a short stable word ("truncated").
    """

    record: str
    filter: str
    keep: bool
    score: float | None = None
    reason: str = ""
    nearest: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Verdict:
        return cls(**row)


def user(text: str) -> Message:
    """A user turn."""
    return Message("user", text)


def messages_json(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The chat form that APIs and chat templates take."""
    return [message.to_json() for message in messages]


def to_messages(rows: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Messages from their chat form. Raises ValueError for an unknown role, no text, and for what
    a message has that no teacher would be sent."""
    return tuple(map(_message, rows))


def _message(row: Mapping[str, Any]) -> Message:
    unknown = [key for key in row if key not in _TURN and row[key] not in (None, [], "")]
    if unknown:
        raise ValueError(
            f"a message has {unknown[0]!r}, which is sent to no teacher; a message has "
            f"{', '.join(_TURN[:5])}. Take it out"
        )
    calls, content = calls_of(row), row.get("content")
    if isinstance(content, list) and not reasoning_of({"content": content}):
        content = text_of(content)
        if content is None:
            raise ValueError(
                "content must be text, and a message has parts of another kind; only texts are sent"
            )
    if content is None and calls:
        content = ""
    own = [row.get(key) or "" for key in ("name", "tool_call_id")]
    if not all(isinstance(one, str) for one in own):
        raise ValueError("name and tool_call_id of a message must be texts")
    return Message(
        cast(Role, row.get("role")),
        cast(str, content),
        name=own[0],
        tool_calls=tuple(calls),
        tool_call_id=own[1],
        reasoning=reasoning_of(row),
    )


_TURN = (
    "role", "content", "name", "tool_calls", "tool_call_id", "function_call", "reasoning_content",
    "reasoning", "thinking",
)  # fmt: skip
