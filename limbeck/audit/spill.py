"""`Spill`: the rows of a pass on disk, by place, so that memory holds only what is counted.

Rows are written with `marshal`, which takes any Unicode (lone surrogates, NUL) and is read back by
the process that wrote it or by its workers; the file goes with its folder.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Sequence
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, overload

import numpy as np
from numpy.typing import NDArray

from limbeck.reading.forms import Row
from limbeck.text import squeezed

_FIELDS = tuple(one.name for one in fields(Row))
_VALUES = attrgetter(*_FIELDS)
Places = NDArray[np.int64]
_COMPARED = 20_000  # characters of an instruction: whole books are compared by how they begin


class Writer:
    """Appends batches of rows; `rows` are then read through `done()`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")
        self._ends: list[int] = []
        self._size = 0

    def add(self, rows: Sequence[Row]) -> tuple[int, int]:
        """Writes a batch and returns the numbers of its first row and of the one behind it."""
        begin = len(self._ends)
        for row in rows:
            text = marshal.dumps(_VALUES(row))
            self._file.write(text)
            self._size += len(text)
            self._ends.append(self._size)
        self._file.flush()
        return begin, len(self._ends)

    def part(self, begin: int, end: int) -> Spill:
        """The rows from `begin` to before `end`, which are written already."""
        start = self._ends[begin - 1] if begin else 0
        return Spill(self.path, np.array([start, *self._ends[begin:end]], dtype=np.int64))

    def done(self) -> Spill:
        self._file.close()
        return Spill(self.path, np.array([0, *self._ends], dtype=np.int64))


class Spill:
    """Rows that were written: `len`, one by its number, or all from one number to another."""

    def __init__(self, path: Path, bounds: Places) -> None:
        self._path = path
        self._bounds = bounds
        self._file: BinaryIO | None = None

    def __del__(self) -> None:  # a worker gets one with every call
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return Spill, (self._path, self._bounds)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, place: int) -> Row:
        if self._file is None:  # read and not mapped: mapped pages would count as this process's
            self._file = self._path.open("rb", buffering=0)
        begin, end = int(self._bounds[place]), int(self._bounds[place + 1])
        self._file.seek(begin)
        return Row(*marshal.loads(self._file.read(end - begin)))

    def __iter__(self) -> Iterator[Row]:
        return map(self.__getitem__, range(len(self)))

    def part(self, begin: int, end: int) -> Spill:
        """The rows from `begin` to before `end`."""
        return Spill(self._path, self._bounds[begin : end + 1])

    def close(self) -> None:
        """Gives the file back, which some systems need before it can be removed."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Instructions(Sequence[str]):
    """The instructions of some rows, read when they are asked for, as they are compared."""

    def __init__(self, spill: Spill, places: Places) -> None:
        self._spill = spill
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._text(place) for place in self._places[index]]
        return self._text(self._places[index])

    def picked(self, places: Sequence[int]) -> Instructions:
        """Some of them, by their numbers here."""
        return Instructions(self._spill, self._places[np.array(places, dtype=np.int64)])

    def _text(self, place: int) -> str:
        return squeezed(self._spill[int(place)].instruction[:_COMPARED])
