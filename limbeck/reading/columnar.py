"""Parquet and Arrow files, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from limbeck.errors import DataError
from limbeck.reading.unpack import open_regular
from limbeck.reading.unreadable import Refuse, Unreadable

Numbered = Iterator[tuple[int, Mapping[str, Any]]]
_BATCH, _LEAST_BATCH = 1024, 16
_MOST_BATCH = 4 << 30  # bytes that a batch may take at worst
_MOST_GROUP = 4 << 30  # bytes that a row group may say that it unpacks to


def parquet(path: Path, refuse: Refuse) -> Numbered:
    """A row group that cannot be read costs its rows; the others are read."""
    with _damage(0, refuse), open_regular(path) as stream:
        import pyarrow.parquet as pq

        with pq.ParquetFile(stream) as file:
            place = 0
            for group in range(file.num_row_groups):
                about = file.metadata.row_group(group)
                begin, place = place, place + about.num_rows
                if about.total_byte_size > _MOST_GROUP:
                    says = f"row group {group} unpacks to {about.total_byte_size:,} bytes"
                    refuse(begin + 1, Unreadable("bomb", says))
                    continue
                with _damage(begin + 1, refuse):
                    for batch in file.iter_batches(_batch(about), row_groups=[group]):
                        for row in _rows(batch, begin + 1, refuse):
                            begin += 1
                            if row is not None:
                                yield begin, row


def _batch(group: Any) -> int:
    """Rows at a time. A text of a column's dictionary may stand in every row of the batch, so that
    a batch is smaller where the dictionary could be large."""
    largest = max(
        (group.column(at).total_uncompressed_size for at in range(group.num_columns)), default=0
    )
    return max(_LEAST_BATCH, min(_BATCH, _MOST_BATCH // max(largest, 1)))


def whole_parquet(path: Path) -> None:
    """Raises DataError for a Parquet file without a readable footer."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        pq.read_metadata(path)
    except (OSError, pa.ArrowException, ValueError) as error:
        first = str(error).split("\n", 1)[0]
        raise DataError(f"cannot read {path}: {first:.200}", path=path) from error


def arrow(path: Path, refuse: Refuse) -> Numbered:
    """An Arrow file, or an Arrow stream as `datasets.save_to_disk` writes."""
    with _damage(0, refuse), open_regular(path) as stream:
        import pyarrow as pa

        is_file = stream.read(6) == b"ARROW1"
        stream.seek(0)
        place = 0
        if is_file:
            reader = pa.ipc.open_file(stream)
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            batches = iter(pa.ipc.open_stream(stream))
        for batch in batches:
            for start in range(0, batch.num_rows, _BATCH):
                for row in _rows(batch.slice(start, _BATCH), place + 1, refuse):
                    place += 1
                    if row is not None:
                        yield place, row


def _rows(batch: Any, place: int, refuse: Refuse) -> Iterator[dict[str, Any] | None]:
    """The rows of a batch. Where one is damaged or holds text that is no UTF-8, each by itself.

    A file may say that a text lies where there is none; reading that would end the process, so
    that nothing is taken from a batch that was not checked.
    """
    import pyarrow as pa

    try:
        batch.validate(full=True)
        yield from batch.to_pylist()
        return
    except (pa.ArrowException, UnicodeDecodeError):
        pass
    for at in range(batch.num_rows):
        try:
            row = batch.slice(at, 1)
            row.validate(full=True)
            yield row.to_pylist()[0]
        except (pa.ArrowException, UnicodeDecodeError) as error:
            first = str(error).split("\n", 1)[0]
            text = isinstance(error, UnicodeDecodeError) or "UTF8" in first
            reason = "not_utf8" if text else "broken_file"
            refuse(
                place + at,
                Unreadable(reason, f"{'not UTF-8' if text else 'damaged'}: {first:.200}"),
            )
            yield None


@contextmanager
def _damage(place: int, refuse: Refuse) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException, MemoryError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        first = str(error).split("\n", 1)[0]
        refuse(place, Unreadable("broken_file", f"damaged: {first:.200}"))
