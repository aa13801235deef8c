"""The further columns of a row of prompts: their types in a table, and what they may be called.

They stand whole in a record, and in Parquet beside it under their own names: as they are where all
rows hold values of one type (texts, numbers, truth values, or lists of one of these), else as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import Any

from limbeck.record import Record

PROMPT_ID = "prompt_id"
"""Where the `id` of a row of prompts stands in what is made of it: a record has an id itself."""

OWN = frozenset({
    "id", "messages", "prompt", "completion", "target", "provenance", "meta", "generator",
    "teacher", "prompt_version", "request", "index", "parents", "group", "verdicts", "filter",
    "reason", "tools",
})  # fmt: skip
"""The columns that limbeck writes itself."""

JSON = "json"  # Arrow's type of it
JSON_TEXT = "json text"
_EXACT = 2**53  # up to here a float holds every whole number


def kind_of(value: Any) -> Any:
    """What a column of such values is: the name of an Arrow type, a list of one for a list,
    JSON_TEXT for what no column holds as it is; "null" says nothing yet."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "whole" if abs(value) <= _EXACT else "int64" if abs(value) < 2**63 else JSON_TEXT
    if isinstance(value, float | str):
        return "float64" if isinstance(value, float) else "string"
    if isinstance(value, list | tuple):
        inner = reduce(joined, map(kind_of, value), "null")
        return JSON_TEXT if isinstance(inner, list) or inner == JSON_TEXT else [inner]
    return JSON_TEXT


def joined(one: Any, two: Any) -> Any:
    """What a column of both is."""
    if one == two or two == "null":
        return one
    if one == "null":
        return two
    if isinstance(one, list) and isinstance(two, list):
        inner = joined(one[0], two[0])
        return JSON_TEXT if inner == JSON_TEXT else [inner]
    both = {str(one), str(two)}
    if both in ({"whole", "int64"}, {"whole", "float64"}):
        return (both - {"whole"}).pop()
    return JSON_TEXT


class Columns:
    """The further columns of records that go by."""

    def __init__(self) -> None:
        self._kinds: dict[str, Any] = {}

    def noted(self, records: Iterable[Record]) -> Iterator[Record]:
        """The same records."""
        for record in records:
            for name, value in record.columns.items():
                self._kinds[name] = joined(self._kinds.get(name, "null"), kind_of(value))
            yield record

    @property
    def kinds(self) -> dict[str, Any]:
        """By name, in the order in which they came."""
        return {name: _settled(kind) for name, kind in self._kinds.items()}


def _settled(kind: Any) -> Any:
    if isinstance(kind, list):
        return [_settled(kind[0])]
    return {"null": "string", "whole": "int64"}.get(kind, kind)


def cells(record: Record, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of one record; None where it has none."""
    own = record.to_json().get("columns", {}) if kinds else {}
    return {
        name: json_text(own[name]) if kind == JSON_TEXT and name in own else own.get(name)
        for name, kind in kinds.items()
    }


def schema(columns: Mapping[str, Any]) -> Any:
    """The Arrow schema of columns by name and type: a list of one thing is a list of it, a mapping
    a struct."""
    import pyarrow as pa

    return pa.schema([(name, _arrow(kind)) for name, kind in columns.items()])


def _arrow(kind: Any) -> Any:
    import pyarrow as pa

    if isinstance(kind, list):
        return pa.list_(_arrow(kind[0]))
    if isinstance(kind, Mapping):
        return pa.struct([(name, _arrow(inner)) for name, inner in kind.items()])
    plain = {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64()}
    return (plain | {"bool": pa.bool_(), JSON_TEXT: pa.string(), JSON: pa.json_()})[kind]


def json_text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
