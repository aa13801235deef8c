"""Arrays that grow, and sets of hashes that move to the disk where they grow too large."""

from __future__ import annotations

import mmap
import os
import tempfile
from typing import IO, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from limbeck.errors import UserError
from limbeck.filters.minhash.letters import I64, U64
from limbeck.filters.minhash.shingles import Shingles

_Kind = TypeVar("_Kind", bound=np.generic)
_FIRST = 1024
_GROWTH = 1.3


class Growing(Generic[_Kind]):
    """An array to whose end rows are added."""

    def __init__(self, kind: type[_Kind], *shape: int) -> None:
        self._all: npt.NDArray[_Kind] = np.empty((_FIRST, *shape), kind)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def all(self) -> npt.NDArray[_Kind]:
        """A view; it does not outlive the next `extend`."""
        return self._all[: self._count]

    def room(self, rows: int) -> npt.NDArray[_Kind]:
        """All, and behind them room for so many rows, which `claim` makes part of it."""
        need = self._count + rows
        if need > len(self._all):
            # In place: the system moves the pages of a large array, and nothing is copied.
            size = max(need, int(len(self._all) * _GROWTH))
            self._all.resize((size, *self._all.shape[1:]), refcheck=False)
        return self._all

    def claim(self, rows: int) -> None:
        self._count += rows

    def extend(self, rows: npt.NDArray[_Kind]) -> None:
        self.room(len(rows))[self._count : self._count + len(rows)] = rows
        self._count += len(rows)

    def clear(self) -> None:
        self._all = np.empty((_FIRST, *self._all.shape[1:]), self._all.dtype)
        self._count = 0


class SetStore:
    """The sets of many texts. Beyond `most_bytes` of hashes they are in a temporary file, which
    has no name and goes with the process; the system keeps in memory what it has room for.

    What stays in memory is where each set ends (8 bytes). Raises UserError where the disk is full.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._memory = Growing(np.uint64)
        self._ends = Growing(np.int64)
        self._file: IO[bytes] | None = None
        self._map: U64 = np.empty(0, np.uint64)
        self._count = 0

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def on_disk(self) -> bool:
        return self._file is not None

    @property
    def all(self) -> Shingles:
        """A view; it does not outlive the next `extend`."""
        hashes = self._memory.all if self._file is None else self._map[: self._count]
        return Shingles(hashes, self._ends.all)

    def extend(self, sets: Shingles) -> None:
        if self._file is None and 8 * (self._count + len(sets.hashes)) > self._most:
            self._file = tempfile.TemporaryFile(prefix="limbeck-near-")
            self._write(self._memory.all, 0)
            self._memory.clear()
        if self._file is None:
            self._memory.extend(sets.hashes)
        else:
            self._write(sets.hashes, self._count)
        ends: I64 = sets.ends + self._count
        self._ends.extend(ends)
        self._count += len(sets.hashes)

    def _write(self, hashes: U64, first: int) -> None:
        assert self._file is not None
        number = self._file.fileno()
        rest, place = memoryview(np.ascontiguousarray(hashes)).cast("B"), 8 * first
        try:
            # A write says that the disk is full; a store through the map would kill the process.
            while rest:
                written = os.pwrite(number, rest, place)
                rest, place = rest[written:], place + written
            if place > 8 * len(self._map):
                size = max(1 << 24, 2 * place)
                os.ftruncate(number, size)
                self._map = np.frombuffer(mmap.mmap(number, size, prot=mmap.PROT_READ), np.uint64)
        except OSError as error:
            raise UserError(
                f"the temporary file of near duplicates in {tempfile.gettempdir()} cannot be "
                f"written after {place:,} bytes: {error.strerror}. Free some space, or set TMPDIR "
                "to a folder on a larger disk"
            ) from error
