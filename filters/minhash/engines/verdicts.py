"""What was decided of every row, as files: which stay, how near the others are, and to what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limbeck.filters.minhash.engines.positions import Positions, files_of, range_of, rows_of
from limbeck.store import writing

NAME = "verdicts.parquet"


@dataclass(frozen=True, slots=True)
class Decided:
    """The rows that were removed, sorted, each with its nearest kept row and their Jaccard index;
    how many rows each file has; and how many of all were lines of JSON lines that hold no object:
    they count as rows that are near to nothing, and stay."""

    removed: Positions
    nearest: Positions
    jaccard: NDArray[np.float64]
    counts: list[int]
    unreadable: int = 0

    @property
    def rows(self) -> int:
        return sum(self.counts)

    def of(self, file: int) -> slice:
        """Which of the removed rows are in a file."""
        begin, end = np.searchsorted(self.removed, range_of(file))
        return slice(int(begin), int(end))


def write_verdicts(folder: Path, files: Sequence[Path], decided: Decided) -> Path:
    """Write one row for every row that was read: file, row (from 0), keep, score (the exact
    Jaccard index with `nearest_file`, `nearest_row`; null for a kept row)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = pa.array([str(path) for path in files])
    text = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([
        ("file", text), ("row", pa.int64()), ("keep", pa.bool_()), ("score", pa.float64()),
        ("nearest_file", text), ("nearest_row", pa.int64()),
    ])  # fmt: skip
    path = folder / NAME
    with writing(path) as draft, pq.ParquetWriter(draft, schema, compression="zstd") as writer:
        for columns in _by_file(decided):
            arrays = [
                pa.DictionaryArray.from_arrays(array.cast(pa.int32()), names)
                if name in ("file", "nearest_file")
                else array
                for name, array in columns.items()
            ]
            writer.write_table(pa.table(arrays, schema=schema))
    return path


def _by_file(decided: Decided) -> Iterator[dict[str, Any]]:
    import pyarrow as pa

    for file, count in enumerate(decided.counts):
        part, rows = decided.of(file), removed_rows(decided, file)
        keep = np.ones(count, bool)
        keep[rows] = False
        yield {
            "file": pa.array(np.full(count, file)),
            "row": pa.array(np.arange(count)),
            "keep": pa.array(keep),
            "score": _spread(count, rows, decided.jaccard[part]),
            "nearest_file": _spread(count, rows, files_of(decided.nearest[part])),
            "nearest_row": _spread(count, rows, rows_of(decided.nearest[part])),
        }


def _spread(count: int, rows: NDArray[np.int64], values: NDArray[Any]) -> Any:
    """The values at their rows, null elsewhere."""
    import pyarrow as pa

    found = np.zeros(count, np.float64 if values.dtype.kind == "f" else np.int64)
    found[rows] = values
    missing = np.ones(count, bool)
    missing[rows] = False
    return pa.array(found, mask=missing)


def removed_rows(decided: Decided, file: int) -> NDArray[np.int64]:
    """The numbers of a file's removed rows, sorted."""
    return rows_of(decided.removed[decided.of(file)]).astype(np.int64)


def kept_name(files: Sequence[Path]) -> list[str]:
    """The names of the files' kept rows: their own, with a number where two are alike."""
    names: list[str] = []
    for path in files:
        name, number = path.name, 1
        while name in names or name == NAME:
            number += 1
            name = f"{path.stem}-{number}{path.suffix}"
        names.append(name)
    return names


def write_kept(path: Path, removed_rows: NDArray[np.int64], into: Path) -> int:
    """Write a file again without the rows given (sorted); lines of JSON lines as they are, byte
    for byte. Returns how many rows stay."""
    keep = _Kept(removed_rows)
    if path.suffix == ".parquet":
        return _kept_parquet(path, keep, into)
    count = 0
    with writing(into) as draft, path.open("rb") as source, draft.open("wb") as target:
        for row, line in enumerate(source):
            if row not in keep.gone:
                target.write(line if line.endswith(b"\n") else line + b"\n")
                count += 1
    return count


class _Kept:
    def __init__(self, removed: NDArray[np.int64]) -> None:
        self.removed = removed
        self.gone = frozenset(removed.tolist())

    def mask(self, start: int, count: int) -> NDArray[np.bool_]:
        begin, end = np.searchsorted(self.removed, [start, start + count])
        found = np.ones(count, bool)
        found[self.removed[begin:end] - start] = False
        return found


def _kept_parquet(path: Path, keep: _Kept, into: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    start = count = 0
    with (
        pq.ParquetFile(path) as file,
        writing(into) as draft,
        pq.ParquetWriter(draft, file.schema_arrow, compression="zstd") as writer,
    ):
        for batch in file.iter_batches(4096):
            left = batch.filter(pa.array(keep.mask(start, batch.num_rows)))
            writer.write_batch(left)
            start, count = start + batch.num_rows, count + left.num_rows
    return count
