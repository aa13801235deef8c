"""Rows on disk: JSONL in and out, Parquet for finished sets. A file appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, cast

from limbeck.errors import DataError, UserError
from limbeck.record import Record

_SURROGATE = re.compile("[\ud800-\udfff]")


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; moved there, synced, when the block ends well.

    Raises UserError for a full disk or a folder that may not be written.
    """
    # No one can put a link there before: its name is not known.
    draft = path.with_name(f".{path.name}.{os.getpid()}.{token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"cannot write {path}: {reason}; nothing was changed") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """A new folder that takes the place of `path`, whole, when the block ends well."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        yield draft
        old = path.with_name(f".{path.name}.{os.getpid()}.old")
        if path.exists():
            path.rename(old)
        draft.rename(path)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def clear_drafts(folder: Path) -> None:
    """Remove what a killed process left half-written. Only for who holds the folder's lock."""
    for draft in (*folder.glob(".*.part"), *folder.glob(".*.old")):
        shutil.rmtree(draft) if draft.is_dir() else draft.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file, or leave the old one as it was."""
    with writing(path) as draft:
        # Lone surrogates can come in with JSON; they must not make a report unwritable.
        draft.write_text(text, encoding="utf-8", errors="backslashreplace")


def json_text(value: Any) -> str:
    """The text of a JSON file: indented, Unicode kept, no NaN."""
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write a whole JSON file: indented, Unicode kept, no NaN."""
    write_text(path, json_text(value))


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises DataError."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}", path=path) from error


def dump_line(row: Mapping[str, Any]) -> bytes:
    """One JSONL line. Text that is no valid Unicode (a lone surrogate) is written escaped."""
    text = json.dumps(row, ensure_ascii=False, allow_nan=False)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(row, allow_nan=False).encode() + b"\n"


class JsonlWriter:
    """Append rows to a JSONL file. Used inside `writing`, so a crash leaves no half file."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("wb")

    def write(self, row: Mapping[str, Any]) -> None:
        self._file.write(dump_line(row))

    def close(self) -> None:
        self._file.close()


@contextmanager
def jsonl_writer(path: Path) -> Iterator[JsonlWriter]:
    """A writer whose file appears at `path`, whole, when the block ends well."""
    with writing(path) as draft:
        writer = JsonlWriter(draft)
        try:
            yield writer
        finally:
            writer.close()


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write a whole JSONL file; returns the number of rows."""
    count = 0
    with jsonl_writer(path) as writer:
        for row in rows:
            writer.write(row)
            count += 1
    return count


def read_jsonl(
    path: Path, *, on_bad: Callable[[DataError], None] | None = None, torn: bool = False
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, row) of every object in a JSONL file; blank lines are passed over.

    Lines end at a newline byte only: text may hold U+2028 and other separators. A bad line
    raises DataError with its number and reason, or goes to `on_bad` where one is given. With
    `torn` a last line without its newline that does not parse is dropped: power went away.
    """
    for number, line in numbered_lines(path):
        try:
            yield number, _parse_line(line)
        except ValueError as error:
            if torn and not line.endswith(b"\n"):
                return
            bad = DataError(f"{path}, line {number}: {error}", path=path, line=number)
            if on_bad is None:
                raise bad from error
            on_bad(bad)


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(line number from 1, line) of every line that is not blank. Raises DataError."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error


def _parse_line(line: bytes) -> dict[str, Any]:
    try:
        text = line.rstrip(b"\r\n").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 ({error.reason} at byte {error.start})") from error
    try:
        row = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg} at column {error.colno})") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(row, dict):
        raise ValueError(f"not an object but {_json_name(row)}")
    return row


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _json_name(value: Any) -> str:
    names = {list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def read_records(path: Path) -> Iterator[Record]:
    """The records of a file that limbeck wrote. Raises DataError."""
    for number, line in numbered_lines(path):
        yield parse_record(line, path, number)


def parse_row(line: bytes, path: Path, number: int) -> dict[str, Any]:
    """The object of one line; path and line number are for the DataError that it may raise."""
    try:
        return _parse_line(line)
    except ValueError as error:
        raise DataError(f"{path}, line {number}: {error}", path=path, line=number) from error


def parse_record(line: bytes, path: Path, number: int) -> Record:
    """The record of one line; path and line number are for the DataError that it may raise."""
    row = parse_row(line, path, number)
    try:
        return Record.from_json(row)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path}, line {number}: not a limbeck record ({error})", path=path, line=number
        ) from error


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as one zstd Parquet file; every row has the same keys.

    Parquet holds valid Unicode only: a lone surrogate becomes U+FFFD.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with writing(path) as draft:
        table = pa.Table.from_pylist([_valid_unicode(row) for row in rows])
        pq.write_table(table, draft, compression="zstd")


class ParquetRows:
    """Rows into one zstd Parquet file, `GROUP` of them in memory at a time."""

    GROUP = 8192

    def __init__(self, path: Path, schema: Any) -> None:
        import pyarrow.parquet as pq

        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._rows: list[Any] = []

    def write(self, row: Mapping[str, Any]) -> None:
        self._rows.append(_valid_unicode(row))
        if len(self._rows) >= self.GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows = []

    def close(self) -> None:
        if self._rows:
            self._flush()
        self._writer.close()


@contextmanager
def parquet_writer(path: Path, schema: Any) -> Iterator[ParquetRows]:
    """A writer of rows of a pyarrow schema, whose file appears at `path`, whole, when the block
    ends well. As in `write_parquet`, a lone surrogate becomes U+FFFD."""
    with writing(path) as draft:
        rows = ParquetRows(draft, schema)
        try:
            yield rows
        finally:
            rows.close()


def _valid_unicode(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_valid_unicode(key): _valid_unicode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_valid_unicode(item) for item in value]
    return value


def read_parquet(path: Path) -> list[dict[str, Any]]:
    """All rows of a Parquet file. Raises DataError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return cast(list[dict[str, Any]], pq.read_table(path).to_pylist())
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(f"cannot read {path}: {error}", path=path) from error


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
