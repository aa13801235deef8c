"""A published row: prompt and completion as trainers read them, the rest of the record, and its
provenance, group and verdicts as columns of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from limbeck.columns import JSON, JSON_TEXT, OWN, Columns, cells, json_text, schema
from limbeck.pipeline.format import to_row
from limbeck.pipeline.groups import By
from limbeck.reading.special import record_of, turns_in
from limbeck.record import Record, content_hash, messages_json
from limbeck.said import template_turn

SURROGATE = re.compile("[\ud800-\udfff]")
PROVENANCE = ("generator", "teacher", "prompt_version", "request", "index", "parents")
_TEXT = "string"
_TURN = {"role": _TEXT, "content": _TEXT}
VERDICT = {"filter": _TEXT, "score": "float64", "reason": _TEXT, "nearest": _TEXT}
COLUMNS: dict[str, Any] = {
    "id": _TEXT,
    "prompt": [_TURN],
    "completion": [_TURN],
    "target": _TEXT,
    "provenance": _TEXT,
    "meta": _TEXT,
    "generator": _TEXT,
    "teacher": _TEXT,
    "prompt_version": _TEXT,
    "request": _TEXT,
    "index": "int64",
    "parents": [_TEXT],
    "group": _TEXT,
    "verdicts": [VERDICT],
}
"""The columns of data/*.parquet by name and type: a text is an Arrow type, a list of one thing a
list of it, a mapping a struct. Prompt and completion are TRL's conversational ones."""

REFUSED_VERDICT = {"id": _TEXT, **VERDICT}
"""The columns of provenance/refused-*.parquet without the rows' texts."""

REFUSED_ROW = COLUMNS | {"filter": _TEXT, "reason": _TEXT}
del REFUSED_ROW["group"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a set of rows is. `raw`: a base model's plain texts, which no chat template is put
    around; a trainer tells them by the type of prompt and completion, so that a set is one.
    `json_turns`: some turn has calls or reasoning, so that each is a JSON object with the fields
    that it has itself, where a struct would give a template all fields, most of them None.
    `tools`: some row has tools, in a column of their own. `further` are the columns of the rows of
    prompts, with their types."""

    raw: bool = False
    json_turns: bool = False
    tools: bool = False
    further: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Iterable[Record]) -> Kind:
        """By the first record, and by all of them where they are chats."""
        raw, json_turns, tools, columns = None, False, False, Columns()
        for record in columns.noted(records):
            raw = is_raw(record) if raw is None else raw
            json_turns |= not all(m.is_plain for m in (*record.messages, record.answer))
            tools |= "tools" in record.fields
        return cls(bool(raw), not raw and json_turns, not raw and tools, columns.kinds)

    @classmethod
    def told(cls, manifest: Mapping[str, Any]) -> Kind:
        """From limbeck.json. Raises ValueError for columns that limbeck does not write."""
        further = manifest.get("columns", {})
        if OWN & set(further):
            raise ValueError(f"{min(OWN & set(further))!r} is no column of the rows of prompts")
        rows = manifest["rows"]
        raw, json_turns, tools = (bool(rows.get(key)) for key in ("raw", "json_turns", "tools"))
        return cls(raw, json_turns, tools, further)

    def columns(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of such rows."""
        if "prompt" not in columns:
            return dict(columns)
        both: Any = _TEXT if self.raw else [JSON] if self.json_turns else [_TURN]
        more = {"tools": _TEXT} if self.tools else {}
        return {**columns, "prompt": both, "completion": both, **more, **self.further}


def is_raw(record: Record) -> bool:
    return record.provenance.template == "raw"


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]) -> Any:
    """The rows as an Arrow table; JSON is given as its text."""
    import pyarrow as pa

    texts = {name: [_TEXT] if kind == [JSON] else kind for name, kind in columns.items()}
    made = pa.Table.from_pylist(rows, schema=schema(texts))
    return made if texts == columns else made.cast(schema(columns))


def json_turn(turn: Mapping[str, Any]) -> str:
    """A turn as JSON with what it has; a call's arguments are an object, as chat templates take
    them, and stay the text that they are where they are no JSON."""
    with suppress(ValueError):
        turn = template_turn(turn)
    return json.dumps(turn, ensure_ascii=False)


def features(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The columns as `dataset_info.features` of a card has them."""
    return [{"name": name, **_feature(kind)} for name, kind in columns.items()]


def _feature(kind: Any) -> dict[str, Any]:
    if isinstance(kind, list):
        inner = kind[0]
        return {"list": features(inner) if isinstance(inner, Mapping) else inner}
    if isinstance(kind, Mapping):
        return {"struct": features(kind)}
    return {"dtype": _TEXT if kind == JSON_TEXT else kind}


def public_model(name: str) -> str:
    """A model's name without the folders of this machine: a file or folder is its last part."""
    prefix, colon, value = name.partition(":")
    if colon and prefix in ("hf", "fake"):
        return name
    if colon and prefix in ("gguf", "openai"):
        is_path = prefix == "gguf" or value.startswith(("/", "~", "."))
        return f"{prefix}:{PurePath(value).name}" if is_path else name
    return PurePath(name).name


def public(record: Record) -> Record:
    """The record as it may be shown: its teacher, where that is a file or folder of this machine,
    by its last part. Everything else, the id too, stays."""
    made = record.provenance
    teacher = public_model(made.teacher)
    if teacher == made.teacher:
        return record
    return replace(record, provenance=replace(made, teacher=teacher))


def group_id(by: By, key: str) -> str:
    """The column `group` of a row: the same for all rows that may not be parted."""
    return content_hash([by, key], size=8)


def to_published(
    record: Record, group: str, verdicts: Sequence[Mapping[str, Any]], kind: Kind | None = None
) -> dict[str, Any]:
    """The row of a record that was kept, every column of COLUMNS as `kind` has them. Parquet holds
    valid Unicode only: a lone surrogate becomes U+FFFD."""
    kind = kind or Kind.of([record])
    made = record.provenance
    row = to_row(record) | {name: getattr(made, name) for name in PROVENANCE}
    del row["messages"]
    if not is_raw(record):
        turns: list[Any] = messages_json((*record.messages, record.answer))
        turns = [*map(json_turn, turns)] if kind.json_turns else turns
        row |= {"prompt": turns[:-1], "completion": turns[-1:]}
    if kind.tools:
        tools = record.fields.get("tools")
        row["tools"] = tools and json.dumps(tools, ensure_ascii=False)
    row |= cells(record, kind.further)
    row |= {"parents": list(made.parents), "group": group, "verdicts": list(verdicts)}
    whole: dict[str, Any] = valid(row)
    return whole


def valid(value: Any) -> Any:
    """The value with U+FFFD for every lone surrogate in its texts."""
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {valid(key): valid(item) for key, item in value.items()}
    return [valid(item) for item in value] if isinstance(value, list | tuple) else value


def from_published(row: Mapping[str, Any]) -> Record:
    """The record of a row. Raises KeyError, TypeError or ValueError for a row that is none, and
    ValueError where its columns say something else than its record."""
    record = record_of(row)
    made = record.provenance
    for name in PROVENANCE:
        said = tuple(row[name]) if name == "parents" else row[name]
        if said != getattr(made, name):
            raise ValueError(f"the column {name} is not what provenance says")
    if is_raw(record) != isinstance(row["prompt"], str):
        raise ValueError("the column prompt is not of the template that provenance says")
    if not is_raw(record):
        again = to_published(record, "", (), Kind(json_turns=isinstance(row["prompt"][0], str)))
        for name in ("prompt", "completion"):
            if turns_in(row[name]) != turns_in(again[name]):
                raise ValueError(f"the column {name} is not what the record says")
    if row.get("tools") and json.loads(row["tools"]) != valid(record.fields.get("tools")):
        raise ValueError("the column tools is not what the record says")
    own = record.to_json().get("columns", {})
    for name in {**own, **row}.keys() - OWN:
        value = own.get(name)
        if name not in row or (row[name] != value and row[name] != json_text(value)):
            raise ValueError(f"the column {name} is not what meta says")
    return record


def texts(row: Mapping[str, Any]) -> tuple[str, str]:
    """The last user turn and the completion, as texts."""
    asked, said = turns_in(row["prompt"]), turns_in(row["completion"])
    if isinstance(asked, str):
        return asked, said
    last = next((turn for turn in reversed(asked) if turn["role"] == "user"), asked[-1])
    return last["content"], said[-1]["content"]


def follows(record: Record) -> bool:
    """Whether a record's id follows from it, as it does unless a filter changed the record or its
    teacher's name was shortened."""
    return bool(replace(record, id="").id == record.id)
