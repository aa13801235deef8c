"""The texts of a file, in batches: Parquet, or JSON lines, and the columns that are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from limbeck.errors import DataError
from limbeck.registry import did_you_mean
from limbeck.store import read_jsonl

BATCH = 4096
OnBad = Callable[[DataError], None]
SUFFIXES = (".parquet", ".jsonl", ".ndjson")


def _passed_over(bad: DataError) -> None:
    """Nothing: the line counts as an empty text."""


def check_files(files: Sequence[Path], columns: Sequence[str]) -> None:
    """Raises DataError for a file that is not there, is of another kind, or has no such column."""
    if not files:
        raise DataError("there is no file to compare")
    for path in files:
        if not path.is_file():
            raise DataError(f"cannot read {path}: it is no file", path=path)
        if path.suffix not in SUFFIXES:
            raise DataError(
                f"{path} is neither Parquet nor JSON lines ({', '.join(SUFFIXES)}); "
                "limbeck import turns other forms into JSON lines",
                path=path,
            )
        next(texts_of(path, columns), None)


def texts_of(
    path: Path, columns: Sequence[str], on_bad: OnBad = _passed_over
) -> Iterator[tuple[int, list[str]]]:
    """(number of the first row, texts) of every batch, the columns of a row joined by newlines.

    A value that is null counts as "". Of JSON lines, a row's number is its line's, from 0, and a
    line that is no object goes to `on_bad` and counts as "", which is near to nothing. Raises
    DataError for a column that is not there, or no text.
    """
    return _parquet(path, columns) if path.suffix == ".parquet" else _lines(path, columns, on_bad)


def _parquet(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = 0
    try:
        with pq.ParquetFile(path) as file:
            for name in columns:
                if name not in file.schema_arrow.names:
                    raise _missing(path, name, file.schema_arrow.names)
                if file.schema_arrow.names.count(name) > 1:
                    raise DataError(f"{path} has several columns {name!r}; rename them", path=path)
                kind = file.schema_arrow.field(name).type
                if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
                    raise DataError(f"{path}: the column {name!r} is {kind}, not text", path=path)
            for batch in file.iter_batches(BATCH, columns=list(columns)):
                cells = [batch.column(name).to_pylist() for name in columns]
                texts = [
                    "\n".join(cell or "" for cell in cells) for cells in zip(*cells, strict=True)
                ]
                yield row, texts
                row += len(texts)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"cannot read {path}: {error}", path=path) from error


def _lines(path: Path, columns: Sequence[str], on_bad: OnBad) -> Iterator[tuple[int, list[str]]]:
    start, texts = 0, list[str]()

    def refuse(bad: DataError) -> None:
        fill(bad.line or 1)
        texts.append("")
        on_bad(bad)

    def fill(number: int) -> None:
        """Lines that are blank, up to the one of this number."""
        texts.extend([""] * (number - 1 - start - len(texts)))

    for number, row in read_jsonl(path, on_bad=refuse):
        fill(number)
        texts.append("\n".join(_cell(path, number, row, name) for name in columns))
        if len(texts) >= BATCH:
            yield start, texts
            start, texts = start + len(texts), []
    if texts:
        yield start, texts


def _cell(path: Path, number: int, row: dict[str, Any], name: str) -> str:
    if name not in row:
        raise _missing(path, name, list(row))
    value = row[name]
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DataError(
            f"{path}, line {number}: {name!r} is {type(value).__name__}, not text",
            path=path,
            line=number,
        )
    return value


def _missing(path: Path, name: str, names: Sequence[str]) -> DataError:
    return DataError(f"{path} has no column {name!r}{did_you_mean(name, names)}", path=path)
