"""The rows of several runs as one stream: in the order of the seeds where each row has one, else
run after run. One row of each run is in memory, and 16 bytes a seed or a row."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from limbeck.errors import DataError, UserError
from limbeck.pipeline.merge_parts import Part
from limbeck.pipeline.output import FAILURES, RECORDS
from limbeck.record import Record, content_hash
from limbeck.store import numbered_lines, parse_record, parse_row

Key = Callable[[bytes, Path, int], str]
Lines = list[tuple[str, int, bytes]]


class Ids:
    """The ids of seeds in their order, 16 bytes each."""

    def __init__(self, seeds: Iterable[Record]) -> None:
        self._bytes = b"".join(_digest(seed.id) for seed in seeds)

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self._bytes), 16):
            yield self._bytes[at : at + 16]

    def __len__(self) -> int:
        return len(self._bytes) // 16


def _digest(text: str) -> bytes:
    return bytes.fromhex(content_hash(text))


def seed_of_record(line: bytes, path: Path, number: int) -> str:
    """Raises DataError for a line that is no record, or is made from no seed."""
    parents = parse_record(line, path, number).provenance.parents
    if not parents:
        raise DataError(f"{path}, line {number}: the record names no seed", path=path, line=number)
    return str(parents[0])


def seed_of_failure(line: bytes, path: Path, number: int) -> str:
    """Raises DataError for a line that is no failure."""
    seed = parse_row(line, path, number).get("seed")
    if not isinstance(seed, str):
        raise DataError(f"{path}, line {number}: the failure names no seed", path=path, line=number)
    return seed


KEYS: dict[str, Key] = {RECORDS: seed_of_record, FAILURES: seed_of_failure}


class Rows:
    """The lines of one file, taken seed by seed."""

    def __init__(self, path: Path, key: Key) -> None:
        self._path = path
        self._key = key
        self._lines = numbered_lines(path)
        self._number = 0
        self._line = b""
        self._seed = b""
        self._next()

    def take(self, seed: bytes) -> Iterator[tuple[int, bytes]]:
        """(line number, line) of the next lines, as long as they are this seed's."""
        while self._seed == seed:
            yield self._number, self._line
            self._next()

    def close(self) -> None:
        """Raises DataError where a line is left: its seed has not come, or was over."""
        if self._seed:
            raise DataError(
                f"{self._path}, line {self._number}: the row is of no seed of the recipe's, or out "
                "of their order",
                path=self._path,
                line=self._number,
            )

    def _next(self) -> None:
        self._number, line = next(self._lines, (0, b""))
        self._seed = _digest(self._key(line, self._path, self._number)) if line else b""
        self._line = line if line.endswith(b"\n") else line + b"\n"


def in_order(parts: Sequence[Part], owner: Sequence[int], ids: Ids, name: str) -> Iterator[bytes]:
    """The lines of one file of all parts in the order of `ids`; `owner` is the place of the part
    that has the seed's rows, seed by seed. Raises DataError for a row that is not there in order.
    """
    rows = [Rows(part.file(name), KEYS[name]) for part in parts]
    for seed, place in zip(ids, owner, strict=True):
        for _, line in rows[place].take(seed):
            yield line
    for one in rows:
        one.close()


def better(first: Part, second: Part, ids: Ids, *, prefer_first: bool) -> Part:
    """Of two runs over the same seeds the one to take: with fewer failures, with more records, else
    the one that was named first.

    Raises UserError where a record of both has another completion in each, unless the one named
    first is preferred.
    """
    one, other = sorted((first, second), key=lambda part: part.place)
    rows = [Rows(part.file(RECORDS), seed_of_record) for part in (one, other)]
    conflicts, shown = 0, ""
    for seed in ids:
        ours, theirs = ({_id(line): (n, line) for n, line in r.take(seed)} for r in rows)
        for name, (number, line) in ours.items():
            if name in theirs and theirs[name][1] != line:
                conflicts += 1
                shown = shown or f"record {name} is line {number} there and {theirs[name][0]} here"
    if conflicts and not prefer_first:
        raise UserError(_conflict(one, other, conflicts, shown))
    if conflicts:
        return one
    return min((one, other), key=lambda part: (part.count("failures"), -part.count("records")))


def _id(line: bytes) -> str:
    return str(parse_row(line, Path(RECORDS), 0).get("id"))


def _conflict(one: Part, other: Part, count: int, shown: str) -> str:
    have = "record is" if count == 1 else "records are"
    return (
        f"{count:,} {have} in both {one.path} and {other.path} with another content: the teacher "
        f"was asked twice and answered otherwise ({shown}). Leave one of them out, or take what "
        f"was named first with --prefer first"
    )


def united(parts: Sequence[Part], *, prefer_first: bool) -> Iterator[bytes]:
    """The records of all parts, one part after the other; one that several have stands once.

    Raises UserError for an id that has another content in each, unless the part that was named
    first is preferred.
    """
    winners = _winners(parts, prefer_first=prefer_first)
    for place, part in enumerate(parts):
        path = part.file(RECORDS)
        for number, line in numbered_lines(path):
            name = parse_record(line, path, number).id
            if winners.get(_digest(name), place) == place:
                yield line if line.endswith(b"\n") else line + b"\n"


def _winners(parts: Sequence[Part], *, prefer_first: bool) -> dict[bytes, int]:
    """Of every id that several parts have, the place of the part whose record is taken."""
    several = _in_several(parts)
    if not several:
        return {}
    found: dict[bytes, dict[int, Lines]] = defaultdict(lambda: defaultdict(list))
    for place, part in enumerate(parts):
        path = part.file(RECORDS)
        for number, line in numbered_lines(path):
            name = _id(line)
            if (key := _digest(name)) in several:
                mark = hashlib.sha256(line.rstrip()).digest()
                found[key][place].append((name, number, mark))
    winners, conflicts = {}, []
    for key, places in found.items():
        marks = [[mark for _, _, mark in lines] for lines in places.values()]
        if all(mark == marks[0] for mark in marks):
            winners[key] = min(places)
            continue
        one, other = sorted(places, key=lambda place: parts[place].place)[:2]
        (name, number, _), (_, second, _) = places[one][0], places[other][0]
        shown = f"record {name} is line {number} there and {second} here"
        conflicts.append((parts[one], parts[other], shown))
        winners[key] = one
    if conflicts and not prefer_first:
        one_part, other_part, shown = conflicts[0]
        raise UserError(_conflict(one_part, other_part, len(conflicts), shown))
    return winners


def _in_several(parts: Sequence[Part]) -> frozenset[bytes]:
    every = []
    for part in parts:
        digests = bytearray()
        for _, line in numbered_lines(part.file(RECORDS)):
            digests += _digest(_id(line))
        every.append(np.unique(np.frombuffer(digests, "V16")))
    ids, counts = np.unique(np.concatenate(every), return_counts=True)
    return frozenset(one.tobytes() for one in ids[counts > 1])


def one_after_the_other(parts: Sequence[Part], name: str) -> Iterator[bytes]:
    """The lines of one file of all parts that have it."""
    for part in parts:
        if name in part.done.files:
            for _, line in numbered_lines(part.file(name)):
                yield line if line.endswith(b"\n") else line + b"\n"
