"""What one worker does with one file or one group: the arithmetic of the engines, without daft.

Each file's bands and sets are a Parquet file of their own, which appears whole or not at all:
a job that was stopped goes on with the files that are missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limbeck.errors import DataError
from limbeck.filters.minhash.bands import Bands, band_keys
from limbeck.filters.minhash.engines.positions import Positions, among, first_of, rows_of
from limbeck.filters.minhash.engines.tables import texts_of
from limbeck.filters.minhash.shingles import shingles
from limbeck.filters.minhash.signatures import signatures
from limbeck.filters.minhash.verify import jaccard
from limbeck.store import writing


@dataclass(frozen=True, slots=True)
class Sketch:
    """How texts are compared: the columns, and MinHash's parameters."""

    columns: tuple[str, ...]
    threshold: float
    num_perm: int
    shingle: int

    @property
    def bands(self) -> Bands:
        return Bands.chosen(self.threshold, self.num_perm)


def write_bands(path: Path, file: int, into: Path, sketch: Sketch) -> int:
    """Write (key, pos) of every band of every text in a file; returns its number of rows.

    Bands are told apart by their keys, which the band's number is hashed into. A text without a
    shingle has no bands.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("key", pa.uint64()), ("pos", pa.uint64())])
    bands, count, bad = sketch.bands, 0, list[DataError]()
    with writing(into) as draft, pq.ParquetWriter(draft, schema, compression="zstd") as writer:
        for start, texts in texts_of(path, sketch.columns, bad.append):
            found = shingles(texts, sketch.shingle)
            keys = band_keys(signatures(found, sketch.num_perm), bands)
            some = np.flatnonzero(found.sizes)
            pos = np.uint64(first_of(file) + start) + some.astype(np.uint64)
            columns = [keys[some].ravel(), np.repeat(pos, bands.count)]
            writer.write_table(pa.table([pa.array(c) for c in columns], schema=schema))
            count = start + len(texts)
        writer.add_key_value_metadata({"rows": str(count), "unreadable": str(len(bad))})
    return count


def write_sets(path: Path, wanted: Positions, into: Path, sketch: Sketch) -> int:
    """Write (pos, hashes) of the wanted rows of a file: their shingles, each once.

    `wanted` are positions in this file, sorted.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("pos", pa.uint64()), ("hashes", pa.large_list(pa.uint64()))])
    rows = rows_of(wanted).astype(np.int64)
    done = 0
    with writing(into) as draft, pq.ParquetWriter(draft, schema, compression="zstd") as writer:
        for start, texts in texts_of(path, sketch.columns):
            end = int(np.searchsorted(rows, start + len(texts)))
            if end == done:
                continue
            found = shingles([texts[row - start] for row in rows[done:end]], sketch.shingle)
            ends = np.concatenate([[0], found.ends])
            hashes = pa.LargeListArray.from_arrays(ends, pa.array(found.hashes))
            writer.write_table(pa.table([pa.array(wanted[done:end]), hashes], schema=schema))
            done = end
    return done


def paired(
    rows: Positions, ends: NDArray[np.int64], removed: Positions | None
) -> tuple[Positions, Positions, NDArray[np.int64]]:
    """The pairs of groups, and where each group's pairs end.

    `rows` are the groups' rows end to end in any order, and `ends` where each group ends. Where
    nothing is known yet (`removed` is None) a group's first row is paired with each other one, else
    each row that is not `removed` (sorted) with every later one.
    """
    sizes = np.diff(ends, prepend=0)
    rows = rows[np.lexsort((rows, np.repeat(np.arange(len(ends)), sizes)))]
    last = np.repeat(ends, sizes)
    if removed is None:
        leads = np.zeros(len(rows), bool)
        leads[(ends - sizes)[sizes > 0]] = True
    else:
        leads = ~among(rows, removed)
    later = np.where(leads, last - 1 - np.arange(len(rows)), 0)
    until = np.cumsum(later)
    begins = np.arange(len(rows)) + 1 - (until - later)
    second = rows[np.repeat(begins, later) + np.arange(int(later.sum()))]
    pair_ends = np.concatenate([[0], until])[ends]
    return np.repeat(rows, later), second, pair_ends


def tasks_left(files: Sequence[Path], folder: Path) -> Iterator[tuple[int, Path, Path]]:
    """(number, file, where its part goes) of the files that have no part in the folder yet."""
    for number, path in enumerate(files):
        part = folder / f"{number:08d}.parquet"
        if not part.is_file():
            yield number, path, part


def jaccards(one: Any, other: Any) -> list[float]:
    """The exact Jaccard index of the sets in two Arrow lists of hashes, row by row."""
    return [
        jaccard(first.values.to_numpy(), second.values.to_numpy())
        for first, second in zip(one, other, strict=True)
    ]


def pair_lists(groups: Any, removed: Positions | None) -> Any:
    """For every group in an Arrow list of positions, the list of its pairs (`paired`)."""
    import pyarrow as pa

    offsets = groups.offsets.to_numpy().astype(np.int64)
    rows = groups.values.to_numpy()[offsets[0] : offsets[-1]]
    first, second, ends = paired(rows, offsets[1:] - offsets[0], removed)
    pairs = pa.StructArray.from_arrays([pa.array(first), pa.array(second)], ["first", "second"])
    return pa.LargeListArray.from_arrays(pa.array(np.concatenate([[0], ends])), pairs)


def rows_in(part: Path) -> tuple[int, int]:
    """How many rows the file of a bands part has, and how many of them could not be read."""
    import pyarrow.parquet as pq

    said = pq.read_metadata(part).metadata
    return int(said[b"rows"]), int(said[b"unreadable"])
