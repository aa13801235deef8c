"""Rows of Parquet files as a stream, from a folder that anybody may have written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from limbeck.errors import DataError

BATCH = 512
LARGEST = 2**31  # bytes of a row group when unpacked; limbeck writes a thousandth of it


def rows_of(path: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a Parquet file in their order, a few in memory at a time.

    Raises DataError for a file that is none, or one that would unpack to far more than limbeck
    writes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for number in range(file.metadata.num_row_groups):
                if file.metadata.row_group(number).total_byte_size > LARGEST:
                    raise DataError(f"{path}: row group {number} unpacks to over 2 GB", path=path)
            for batch in file.iter_batches(BATCH, columns=columns):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}", path=path) from error


def schema_of(path: Path) -> Any:
    """The Arrow schema of a Parquet file. Raises DataError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"cannot read {path}: {error}", path=path) from error


def side_of(name: str) -> str:
    """The split of data/train-00000-of-00001.parquet; "" for another file."""
    head, _, rest = name.removeprefix("data/").partition("-")
    return head if name.startswith("data/") and rest.endswith(".parquet") else ""


def data_files(names: Sequence[str], side: str) -> list[str]:
    """The files of one split, in their order."""
    return sorted(name for name in names if side_of(name) == side)
