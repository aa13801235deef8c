"""What a run's filters left, read row by row: for everybody who reads a run folder.

The stage filter writes two files beside its verdicts. `kept.bin` has one bit a line of
generate/records.jsonl, the first line in the lowest bit of the first byte: 1 is kept. It goes by
places, not by ids, since ids may stand twice. `changed.jsonl` is there where a filter changed rows
that were kept, as one that masks does: {"line": number from 1, "record": ...}, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from limbeck.errors import DataError
from limbeck.record import Record
from limbeck.store import dump_line, numbered_lines, parse_record, read_jsonl

RECORDS = Path("generate") / "records.jsonl"
VERDICTS = Path("filter") / "verdicts.jsonl"
KEPT = Path("filter") / "kept.bin"
CHANGED = Path("filter") / "changed.jsonl"


class LineSet:
    """A set of line numbers from 1, one bit each."""

    def __init__(self, data: bytes = b"") -> None:
        self._bytes = bytearray(data)

    def add(self, number: int) -> None:
        byte, bit = divmod(number - 1, 8)
        if byte >= len(self._bytes):
            self._bytes.extend(bytes(max(byte + 1 - len(self._bytes), 4096)))
        self._bytes[byte] |= 1 << bit

    def __contains__(self, number: int) -> bool:
        byte, bit = divmod(number - 1, 8)
        return byte < len(self._bytes) and bool(self._bytes[byte] >> bit & 1)

    def __len__(self) -> int:
        return int.from_bytes(self._bytes, "little").bit_count()

    def to_bytes(self) -> bytes:
        """The bits, without the zeros at the end: equal sets give equal bytes."""
        return bytes(self._bytes).rstrip(b"\0")


def kept_lines(run: Path) -> Iterator[tuple[int, bytes]]:
    """(line number from 1, JSON line) of every record of the run that no filter refused, in order
    and as the filters changed it. Raises DataError for a file that is missing or unreadable."""
    kept = _kept(run)
    changed = changed_lines(run / CHANGED) if (run / CHANGED).is_file() else iter(())
    lines = ((n, line) for n, line in numbered_lines(run / RECORDS) if kept(n))
    yield from ((number, line) for number, line, _ in merged(lines, changed))


def kept_records(run: Path) -> Iterator[Record]:
    """The records of `kept_lines`."""
    for number, line in kept_lines(run):
        yield parse_record(line, run / RECORDS, number)


def changed_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(line number, JSON line of the record) of a file of changed records."""
    for place, row in read_jsonl(path):
        try:
            yield int(row["line"]), dump_line(row["record"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path}, line {place}: not a changed record ({error})", path=path, line=place
            ) from error


def merged(
    lines: Iterator[tuple[int, bytes]], changed: Iterator[tuple[int, bytes]]
) -> Iterator[tuple[int, bytes, bool]]:
    """The lines, each in its changed form where there is one, and whether; both are in order."""
    new = next(changed, None)
    for number, line in lines:
        while new is not None and new[0] < number:
            new = next(changed, None)
        if new is not None and new[0] == number:
            yield (*new, True)
        else:
            yield number, line, False


def _kept(run: Path) -> Callable[[int], bool]:
    path = run / KEPT
    if not path.is_file():
        return _kept_by_id(run)  # a run that was filtered before there were bits
    try:
        lines = LineSet(path.read_bytes())
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error
    return lines.__contains__


def _kept_by_id(run: Path) -> Callable[[int], bool]:
    verdicts: Iterator[tuple[int, dict[str, Any]]] = read_jsonl(run / VERDICTS)
    refused = {row["record"] for _, row in verdicts if not row["keep"]}
    kept = LineSet()
    for number, row in read_jsonl(run / RECORDS):
        if row.get("id") not in refused:
            kept.add(number)
    return kept.__contains__
