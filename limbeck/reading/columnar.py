"""Parquet and Arrow files, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from limbeck.reading.unpack import open_regular
from limbeck.reading.unreadable import Refuse, Unreadable

Numbered = Iterator[tuple[int, Mapping[str, Any]]]
_BATCH = 1024
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
                    for batch in file.iter_batches(_BATCH, row_groups=[group]):
                        for row in _rows(batch, begin + 1, refuse):
                            begin += 1
                            if row is not None:
                                yield begin, row


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
    """The rows of a batch; where one holds text that is no UTF-8, each by itself."""
    try:
        yield from batch.to_pylist()
        return
    except UnicodeDecodeError:
        pass
    for at in range(batch.num_rows):
        try:
            yield batch.slice(at, 1).to_pylist()[0]
        except UnicodeDecodeError as error:
            says = f"not UTF-8 ({error.reason} at byte {error.start})"
            refuse(place + at, Unreadable("not_utf8", says))
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


Columnar = Callable[[Path, Refuse], Numbered]
