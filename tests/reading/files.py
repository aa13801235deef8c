"""Rows in several scripts, and the files that hold them, for the tests of reading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from limbeck.reading.source import Source

ROWS: list[dict[str, Any]] = [
    {"instruction": "翻译", "input": "猫 🐈", "output": "cat"},
    {"instruction": "แปล", "input": "", "output": "قط"},
    {"instruction": "翻译", "input": "猫 🐈", "output": "cat"},
]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def texts(source: Source) -> list[tuple[str, str, str]]:
    return [(row.instruction, row.input, row.output) for row in source.rows()]


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


def parquet(content: list[dict[str, Any]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(content), sink)
    return bytes(sink.getvalue())


def arrow_stream(content: list[dict[str, Any]]) -> bytes:
    table = pa.Table.from_pylist(content)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
