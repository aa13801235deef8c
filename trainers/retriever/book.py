"""Scores that are on the disk as soon as they are there: a killed run computes the rest."""

from __future__ import annotations

import fcntl
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from limbeck.errors import DataError, UserError
from limbeck.store import dump_line, read_jsonl


class Book:
    """Numbers by keys, in a JSONL file of one line for every batch. A batch is kept whole or not at
    all, so that the run that goes on makes the same batches as one that was never stopped, and
    gets the same numbers from a model that rounds otherwise in others."""

    def __init__(self, file: IO[bytes] | None = None) -> None:
        self._file = file
        self._scores: dict[str, tuple[float, ...]] = {}

    def __len__(self) -> int:
        return len(self._scores)

    def get(self, key: str) -> tuple[float, ...] | None:
        return self._scores.get(key)

    def add(self, scores: Mapping[str, Sequence[float]]) -> None:
        """Keep a batch. Raises UserError for a full disk."""
        self._scores.update({key: tuple(found) for key, found in scores.items()})
        if self._file is None or not scores:
            return
        try:
            self._file.write(dump_line({"scores": {key: list(s) for key, s in scores.items()}}))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise UserError(f"cannot write {self._file.name}: {error.strerror}") from error


@contextmanager
def opened(path: Path) -> Iterator[Book]:
    """The book in a file, which is made where there is none. A last line that a kill has cut off is
    forgotten.

    Raises DataError for a file that is no book, UserError where another process has it or it
    cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError(
                f"another limbeck writes to {path}; wait for it, stop it, or name another file"
            ) from error
        book = Book(file)
        for number, row in read_jsonl(path, torn=True):
            book._scores.update(_read(path, number, row.get("scores")))
        file.truncate(_whole(file))
        yield book


def _read(path: Path, number: int, scores: object) -> dict[str, tuple[float, ...]]:
    found = {}
    for key, values in scores.items() if isinstance(scores, dict) else [("", None)]:
        given = values if isinstance(values, list) else []
        if not given or not all(isinstance(v, float) and math.isfinite(v) for v in given):
            raise DataError(
                f"{path}, line {number}: this is no file of scores that limbeck retriever wrote; "
                "name another one",
                path=path,
                line=number,
            )
        found[key] = tuple(given)
    return found


def _whole(file: IO[bytes]) -> int:
    """Where the last line ends that has its newline."""
    file.seek(0)
    end = 0
    for line in file:
        end += len(line) if line.endswith(b"\n") else 0
    return end
