"""CSV and TSV: the first line names the columns, a quote that is never closed costs one line.

A cell is data here: one that begins with "=" is text like any other.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from limbeck.reading.aliases import role_of
from limbeck.reading.json_rows import MOST_BYTES
from limbeck.reading.unreadable import Refuse, Unreadable

CELL = 64 << 20
DELIMITERS = ",\t;|"
_AFTER_MANY = 1 << 20  # bytes of one row, where many a quote was not closed
_MANY = 16


def delimiter_of(header: str) -> str:
    """The delimiter that finds the most columns with a known name, then the most columns."""

    def merit(delimiter: str) -> tuple[int, int]:
        try:
            names = next(csv.reader([header], delimiter=delimiter), [])
        except csv.Error:
            names = []
        return sum(role_of(name) is not None for name in names), len(names)

    return max(DELIMITERS, key=merit)


class _Lines:
    """Numbered text lines that can be given back; the csv reader takes them one by one."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._lines = _split(parts)
        self._again: deque[tuple[int, bytes]] = deque()
        self.taken: list[tuple[int, bytes]] = []
        self.size = 0
        self.limit = MOST_BYTES

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        number, line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append((number, line))
        self.size += len(line)
        if self.size > self.limit:
            raise Unreadable(
                "quote_not_closed", f"the row goes on for more than {self.limit:,} bytes"
            )
        return line.decode("utf-8")

    def first(self) -> str:
        """The first line, which stays the next to be taken. Raises StopIteration."""
        number, line = next(self._lines)
        self._again.append((number, line))
        return line.decode("utf-8", "replace")

    def begin(self) -> None:
        self.taken, self.size = [], 0

    def give_back(self) -> None:
        """All but the first line of what was taken for the row that failed."""
        self._again.extendleft(reversed(self.taken[1:]))


def _split(parts: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their ends. A file without any newline has the old Mac's returns."""
    number, held = 0, b""
    old_mac: bool | None = None
    for part in parts:
        if old_mac is None and (b"\n" in part or b"\r" in part[:-1]):
            old_mac = b"\n" not in part
        held += part.replace(b"\r", b"\n") if old_mac else part
        *whole, held = held.split(b"\n")
        for line in whole:
            number += 1
            yield number, line + b"\n"
    if held:
        yield number + 1, held


def table(
    parts: Iterator[bytes], delimiter: str | None, refuse: Refuse
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows by the names in the first line, with the number of the line on which each begins.

    A row that fails on several lines is refused with its first line, and read again from the
    second: a quote that nobody closed does not swallow the rows behind it.
    """
    lines = _Lines(parts)
    names: list[str] | None = None
    overrun = 0
    for number, fields, bad in _records(lines, delimiter):
        if bad is not None:
            refuse(number, bad)
            overrun += bad.reason == "quote_not_closed"
            if overrun > _MANY:
                lines.limit = _AFTER_MANY
        elif names is None:
            names = [name.strip() for name in fields]
            if len(set(names)) != len(names):
                twice = next(name for name in names if names.count(name) > 1)
                refuse(number, Unreadable("duplicate_key", f"two columns are named {twice!r}"))
                return
        elif fields:
            yield number, dict(zip(names, fields, strict=True))


def _records(
    lines: _Lines, delimiter: str | None
) -> Iterator[tuple[int, list[str], Unreadable | None]]:
    count: int | None = None
    while True:
        lines.begin()
        before = csv.field_size_limit(CELL)
        try:
            if delimiter is None:
                delimiter = delimiter_of(lines.first())
            fields = next(csv.reader(lines, delimiter=delimiter, strict=True))
            bad = None
        except StopIteration:
            return
        except UnicodeDecodeError as error:
            fields = []
            says = f"not UTF-8 ({error.reason} at byte {error.start} of the line)"
            bad = Unreadable("not_utf8", says)
        except Unreadable as error:
            fields, bad = [], error
        except csv.Error as error:
            fields, bad = [], _reason(error)
        finally:
            csv.field_size_limit(before)
        number = lines.taken[0][0] if lines.taken else 1
        if bad is None and count is not None and fields and len(fields) != count:
            reason = "quote_not_closed" if len(lines.taken) > 1 else "wrong_fields"
            bad = Unreadable(reason, f"{len(fields)} fields where the header has {count}")
        if bad is not None and len(lines.taken) > 1:
            lines.give_back()
        if count is None and bad is None:
            count = len(fields)
        yield number, fields, bad
        if count is None:
            return  # without its header a table has no columns


def _reason(error: csv.Error) -> Unreadable:
    text = str(error)
    if "field larger" in text:
        return Unreadable("cell_too_long", f"a cell of more than {CELL:,} characters")
    if "unexpected end" in text:
        return Unreadable("quote_not_closed", "a quote is opened here and never closed")
    return Unreadable("quote_not_closed", f"the quotes do not fit ({text})")
