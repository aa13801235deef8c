"""Parquet files of rows, none much larger than SHARD bytes, named as `datasets` expects them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from limbeck.columns import schema
from limbeck.publish.rows import table

SHARD = 256 * 2**20  # bytes of a file, about
GROUP_ROWS = 10_000  # of a row group, which is what a reader holds in memory
GROUP_CHARS = 8 * 2**20


class Shards:
    """Writes rows to `folder`/`name`-00000-of-0000N.parquet, in their order; a context manager.

    `files` are the files' names and how many rows each has, once the block has ended well. The
    same rows give the same bytes with the same pyarrow.
    """

    def __init__(
        self, folder: Path, name: str, columns: Mapping[str, Any], *, size: int = SHARD
    ) -> None:
        self.files: dict[str, int] = {}
        self._folder, self._name, self._size = folder, name, size
        self._columns = columns
        self._rows: list[Mapping[str, Any]] = []
        self._chars = 0
        self._writer: Any = None
        self._counts: list[int] = []

    def __enter__(self) -> Shards:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._end()
        if kind is None:
            total = len(self._counts)
            for number, rows in enumerate(self._counts):
                name = f"{self._name}-{number:05d}-of-{total:05d}.parquet"
                self._draft(number).rename(self._folder / name)
                self.files[name] = rows

    def write(self, row: Mapping[str, Any]) -> None:
        self._rows.append(row)
        self._chars += sum(len(value) for value in row.values() if isinstance(value, str))
        if len(self._rows) >= GROUP_ROWS or self._chars >= GROUP_CHARS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow.parquet as pq

        if not self._rows:
            return
        if self._writer is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = self._draft(len(self._counts))
            self._writer = pq.ParquetWriter(draft, schema(self._columns), compression="zstd")
            self._counts.append(0)
        self._writer.write_table(table(self._rows, self._columns))
        self._counts[-1] += len(self._rows)
        self._rows, self._chars = [], 0
        if self._draft(len(self._counts) - 1).stat().st_size >= self._size:
            self._end()

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _draft(self, number: int) -> Path:
        return self._folder / f".{self._name}-{number}.part"
