"""Rows into a file of each type, as a stream. A file appears whole or not at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from limbeck.store import dump_line, writing

FileType = Literal["jsonl", "json", "parquet", "csv"]
FILE_TYPES: tuple[FileType, ...] = ("jsonl", "json", "parquet", "csv")
GROUP_ROWS = 8192  # of a Parquet row group, which is what is in memory
GROUP_CHARS = 8 << 20


class Out:
    """Takes rows. `hidden` counts the cells that an apostrophe was put before."""

    def __init__(self) -> None:
        self.hidden = 0

    def write(self, row: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def end(self) -> None:
        """What the file ends with; not called where writing failed."""


class _Lines(Out):
    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def write(self, row: Mapping[str, Any]) -> None:
        self._file.write(dump_line(row))


class _List(Out):
    """A JSON list with a row on each line."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self._before = b"[\n"

    def write(self, row: Mapping[str, Any]) -> None:
        self._file.write(self._before + dump_line(row)[:-1])
        self._before = b",\n"

    def end(self) -> None:
        self._file.write(b"\n]\n")


class _Table(Out):
    """CSV as RFC 4180 has it, every cell in quotes. With `protect` a spreadsheet takes no cell for
    a formula; `limbeck.audit.sheet` says how."""

    def __init__(self, file: IO[str], columns: Mapping[str, Any], *, protect: bool) -> None:
        from limbeck.audit.sheet import shown

        super().__init__()
        self._shown = shown if protect else None
        self._names = list(columns)
        self._writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self._writer.writerow(self._names)

    def write(self, row: Mapping[str, Any]) -> None:
        cells = [row[name] for name in self._names]
        if self._shown is not None:
            safe = [self._shown(cell) for cell in cells]
            self.hidden += sum(a != b for a, b in zip(cells, safe, strict=True))
            cells = safe
        self._writer.writerow(cells)


class _Parquet(Out):
    def __init__(self, path: Path, columns: Mapping[str, Any]) -> None:
        import pyarrow.parquet as pq

        from limbeck.columns import schema

        super().__init__()
        self._columns = columns
        self._writer = pq.ParquetWriter(path, schema(columns), compression="zstd")
        self._rows: list[Mapping[str, Any]] = []
        self._chars = 0

    def write(self, row: Mapping[str, Any]) -> None:
        self._rows.append(row)
        self._chars += _chars(row)
        if len(self._rows) >= GROUP_ROWS or self._chars >= GROUP_CHARS:
            self._flush()

    def _flush(self) -> None:
        from limbeck.publish.rows import table

        self._writer.write_table(table(self._rows, self._columns))
        self._rows, self._chars = [], 0

    def end(self) -> None:
        if self._rows:
            self._flush()

    def close(self) -> None:
        self._writer.close()


def _chars(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    items = value.values() if isinstance(value, Mapping) else value
    return sum(map(_chars, items))


@contextmanager
def row_writer(
    path: Path, file_type: FileType, columns: Mapping[str, Any], *, protect: bool = True
) -> Iterator[Out]:
    """What writes rows of `columns`; the file is at `path`, whole, when the block ends well. Texts
    are valid Unicode. Raises UserError where it cannot be written."""
    with writing(path) as draft:
        if file_type == "parquet":
            table = _Parquet(draft, columns)
            try:
                yield table
                table.end()
            finally:
                table.close()
        elif file_type == "csv":
            with draft.open("w", encoding="utf-8", newline="") as text:
                yield _Table(text, columns, protect=protect)
        else:
            with draft.open("wb") as file:
                out = _Lines(file) if file_type == "jsonl" else _List(file)
                yield out
                out.end()


def entries_text(entries: Mapping[str, Any]) -> str:
    """dataset_info.json as LLaMA-Factory's own is written. It opens the file in the machine's own
    encoding, so that everything else than ASCII is escaped."""
    return json.dumps(entries, indent=2) + "\n"
