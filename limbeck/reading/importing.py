"""Anybody's rows as limbeck's seeds: `generate: given` makes records of them, without a teacher."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limbeck.columns import OWN, PROMPT_ID
from limbeck.errors import UserError
from limbeck.reading.chat import joined
from limbeck.reading.ids import Times
from limbeck.reading.row import Row
from limbeck.reading.source import Source
from limbeck.reading.special import is_record, record_of
from limbeck.record import CHAT_FIELDS, canonical_json, content_hash, messages_json, to_messages
from limbeck.seeds import KEYS
from limbeck.store import jsonl_writer

_AS_COLUMNS = ("model", "licence", "origin", "finish_reason")
"""Roles for which seeds have no key: their columns go on as further ones."""


@dataclass(slots=True)
class Imported:
    """What was written and what was not. `left_out` counts rows by reason, `again` those whose
    prompt an earlier row has; `lost` are the columns that no
    written row has."""

    written: int = 0
    answered: int = 0
    targets: int = 0
    again: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    lost: tuple[str, ...] = ()
    further: set[str] = field(default_factory=set)


def import_rows(source: Source, to: Path) -> Imported:
    """Write the seeds; the file appears whole, or not at all. Raises UserError where there is not
    one, and DataError."""
    done, times = Imported(), Times()
    with jsonl_writer(to) as writer:
        for seed in _seeds(source, done):
            writer.write(seed)
            asked = content_hash([seed.get(key) for key in ("messages", "instruction", "input")])
            done.again += times.add(int(asked[:16], 16)) > 1
        if not done.written:
            why = [*source.reasons[:1], *(f"rows {reason}" for reason in done.left_out)]
            told = f": {'; '.join(why)}" if why else ""
            raise UserError(f"{source.name} has no row that can be a seed{told}")
    done.lost = tuple(name for name in _further(source) if name not in done.further)
    return done


def _further(source: Source) -> dict[str, None]:
    """The columns that are read as nothing that seeds have a key for."""
    read = {name for role, name in source.columns.items() if role not in _AS_COLUMNS}
    more = (name for name in source.columns.values() if name not in read)
    return dict.fromkeys((*source.left, *more))


def _seeds(source: Source, done: Imported) -> Iterator[dict[str, Any]]:
    names = _further(source)
    for raw, read in source.read():
        whole = whole_chat(raw)
        further = _columns(raw, names)
        done.further |= further.keys()
        for row in read.rows:
            seed = seed_of(row, read.turns, answered=read.answered, whole=whole)
            if isinstance(seed, str):
                done.left_out[seed] += 1
                continue
            seed = {**seed, **further}
            done.written += 1
            ended = seed.get("messages", [{}])[-1].get("role") == "assistant"
            done.answered += ended or "completion" in seed or "output" in seed
            done.targets += "target" in seed
            yield seed


def seed_of(
    row: Row,
    turns: Sequence[tuple[str, str]] | None,
    *,
    answered: bool,
    whole: dict[str, Any] | None = None,
) -> dict[str, Any] | str:
    """A row that `limbeck.seeds` reads, or the reason why there is none. `whole` is the chat
    where it is more than roles and texts."""
    if not row.instruction:
        return "without a prompt"
    seed: dict[str, Any] = {"id": row.record or row.id}
    if whole is not None:
        return {**seed, **whole, **_meta(row)}
    output = row.output if answered else None
    if turns is None and row.system:
        turns = (("system", row.system), ("user", joined(row.instruction, row.input)))
    if turns is not None:
        roles = [role for role, _ in turns]
        if not set(roles) <= {"system", "user", "assistant"}:
            return "with a tool's turns, which no seed has"
        if roles[-1] != "user":
            return "whose last turn before the answer is not the user's"
        if row.system and "system" not in roles:
            turns = (("system", row.system), *turns)
        seed["messages"] = [{"role": role, "content": text} for role, text in turns]
        seed |= {} if output is None else {"completion": output}
    else:
        seed |= {"instruction": row.instruction, "input": row.input}
        seed |= {} if output is None else {"output": output}
    seed |= _meta(row)
    return seed


def _columns(raw: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """What the row has besides, under its own names, and its id; nothing that a seed would read as
    something else, that limbeck writes itself, or that no JSON holds."""
    if is_record(raw):
        own = record_of(raw).to_json().get("columns", {})
    else:
        own = {name: raw[name] for name in names if name in raw and _is_json(raw[name])}
    found = {name: value for name, value in own.items() if name not in OWN and name not in KEYS}
    named = own.get("id", found.pop(PROMPT_ID, None))
    return found if named is None else {"id": named, **found}


def _is_json(value: Any) -> bool:
    try:
        canonical_json(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def whole_chat(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """The chat of a row with tools, calls of them or reasoning, as seeds have it; else None."""
    try:
        if is_record(raw):
            record = record_of(raw)
            said = () if record.provenance.generator == "seed" else (record.answer,)
            messages, fields = (*record.messages, *said), record.fields
        else:
            given = raw.get("messages")
            messages = to_messages(given) if isinstance(given, list) else ()
            fields = {key: raw[key] for key in CHAT_FIELDS if raw.get(key) is not None}
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    if not messages or (not fields and all(message.is_plain for message in messages)):
        return None
    text = raw.get("completion")
    more = {"completion": text} if messages[-1].role != "assistant" and text else {}
    return {"messages": messages_json(messages), **fields, **more}


def _meta(row: Row) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "target": row.target,
        "kind": row.kind or None,
        "template": row.template or None,
        "options": list(row.options) or None,
        "is_classification": row.classification,
    }
    return {key: value for key, value in found.items() if value is not None}
