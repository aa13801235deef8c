"""The rows of a run through its filters, as a stream: what is in memory is a few batches.

The filters are cut before each one that has `survey`. A pass goes through what is left of the rows,
batch by batch, and every batch through all filters of the pass; before a pass whose first filter
surveys, another one shows it those rows. Between passes only the bits of the rows that are left
stay in memory, and what was changed waits in a nameless file.

In a pass, filters that judge each row alone and stand together may work in other processes
(`filter_pool`). Batches and their order are the same then, and so is all that is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import IO

from limbeck.errors import DataError
from limbeck.filters.chain import Judged, Tally, add_all, is_alone, judge_records
from limbeck.kept import LineSet, merged
from limbeck.pipeline.filter_pool import Parallel
from limbeck.progress import Reporter
from limbeck.protocols import Filter
from limbeck.record import Record
from limbeck.store import dump_line, numbered_lines, parse_record
from limbeck.text import prompt_key

BATCH = 1024  # rows
BATCH_BYTES = 4 << 20  # of lines: a few huge rows are a batch, too
MOST = 16  # batches; a question with more rows than they have is parted after all


@dataclass(slots=True)
class Batch:
    """Rows that are judged together. `numbers` are their lines in the file, from 1."""

    numbers: list[int]
    lines: list[bytes]
    changed: set[int]  # numbers of rows that are no longer as they stand in the file
    size: int = 0  # rows that it began with
    records: list[Record] | None = None
    verdicts: list[bytes] = field(default_factory=list)

    def parsed(self, path: Path) -> list[Record]:
        if self.records is None:
            rows = zip(self.lines, self.numbers, strict=True)
            self.records = [parse_record(line, path, number) for line, number in rows]
        return self.records

    def apply(self, judged: Judged) -> None:
        """Leave out what was refused, and take over what was changed."""
        for place, line in judged.changed.items():
            self.lines[place] = line
            self.changed.add(self.numbers[place])
        self.numbers = [self.numbers[place] for place in judged.kept]
        self.lines = [self.lines[place] for place in judged.kept]
        self.records = judged.records
        self.verdicts.append(judged.verdicts)


class Rows:
    """What is left of a file of records: all, or the lines of `left`, with `changed` in place."""

    def __init__(
        self, path: Path, left: LineSet | None = None, changed: IO[bytes] | None = None
    ) -> None:
        self.path = path
        self.left = left
        self.changed = changed

    def batches(self) -> Iterator[Batch]:
        """Batches that part no question: rows of one prompt that stand together stay together, as
        far as memory allows."""
        batch, size = Batch([], [], set()), 0
        for number, line, is_changed in self._lines():
            fill = max(batch.size / BATCH, size / BATCH_BYTES)
            if fill >= MOST or (
                fill >= 1
                and self._question(batch.lines[-1], batch.numbers[-1])
                != self._question(line, number)
            ):
                yield batch
                batch, size = Batch([], [], set()), 0
            batch.numbers.append(number)
            batch.lines.append(line)
            batch.size += 1
            size += len(line)
            if is_changed:
                batch.changed.add(number)
        if batch.lines:
            yield batch

    def _lines(self) -> Iterator[tuple[int, bytes, bool]]:
        left = self.left
        lines = ((n, line) for n, line in numbered_lines(self.path) if left is None or n in left)
        if self.changed is None:
            yield from ((number, line, False) for number, line in lines)
            return
        yield from merged(lines, unspilled(self.changed))

    def _question(self, line: bytes, number: int) -> str:
        try:
            return prompt_key(parse_record(line, self.path, number).messages)
        except DataError:  # who judges the batch says it, in the order of the lines
            return ""


def spilled(number: int, line: bytes) -> bytes:
    """A line of changed.jsonl."""
    return b'{"line": %d, "record": %b}\n' % (number, line.rstrip(b"\r\n"))


def unspilled(spill: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    spill.seek(0)
    for line in spill:
        row = json.loads(line)
        yield row["line"], dump_line(row["record"])


@dataclass(slots=True)
class Outcome:
    """What is left when all passes are done, and the counts of every filter, in order."""

    kept: LineSet
    changed: IO[bytes] | None  # lines of changed.jsonl
    tallies: list[Tally]


def run_filters(
    filters: Sequence[Filter],
    rows: Rows,
    total: int,
    *,
    verdicts: IO[bytes],
    parallel: Parallel,
    reporter: Reporter,
    temporary: Callable[[], IO[bytes]],
) -> Outcome:
    """Judge all rows, `total` as far as is known, and write the lines of their verdicts. Who gives
    `temporary` closes the files that it opens."""
    tallies = [Tally() for _ in filters]
    kept = LineSet()
    changed: IO[bytes] | None = None
    several = len(passes(filters)) > 1
    for number, (start, stop) in enumerate(passes(filters)):
        if number:
            rows, total = Rows(rows.path, kept, changed), len(kept)
        survey = getattr(filters[start], "survey", None) if start < stop else None
        if survey is not None:
            with reporter.stage(f"filter, {filters[start].name} looks", "records", total) as bar:
                for batch in rows.batches():
                    survey(batch.parsed(rows.path))
                    bar.advance(len(batch.lines))
        name = f"filter, {filters[start].name} on" if several and start else "filter"
        kept, changed = LineSet(), None
        with reporter.stage(name, "records", total) as bar:
            stream = rows.batches()
            for first, last in runs(filters, start, stop):
                if is_alone(filters[first]):
                    stream = parallel.judged(stream, first, last, tallies, total)
                else:
                    stream = _judged(stream, filters[first:last], tallies[first:last], rows.path)
            for batch in stream:
                verdicts.writelines(batch.verdicts)
                for line_number, line in zip(batch.numbers, batch.lines, strict=True):
                    kept.add(line_number)
                    if line_number in batch.changed:
                        changed = changed or temporary()
                        changed.write(spilled(line_number, line))
                bar.advance(batch.size)
    return Outcome(kept, changed, tallies)


def passes(filters: Sequence[Filter]) -> list[tuple[int, int]]:
    """The filters of each pass, as (first, behind the last). Without filters there is one, too."""
    cuts = [place for place, judge in enumerate(filters) if place and hasattr(judge, "survey")]
    return list(pairwise([0, *cuts, len(filters)]))


def runs(filters: Sequence[Filter], start: int, stop: int) -> list[tuple[int, int]]:
    """The filters of a pass in runs, all of which judge rows alone or none."""
    groups = groupby(range(start, stop), key=lambda place: is_alone(filters[place]))
    places = [list(group) for _, group in groups]
    return [(group[0], group[-1] + 1) for group in places]


def _judged(
    batches: Iterable[Batch], filters: Sequence[Filter], tallies: Sequence[Tally], path: Path
) -> Iterator[Batch]:
    for batch in batches:
        judged = judge_records(filters, batch.parsed(path))
        batch.apply(judged)
        add_all(tallies, judged.tallies)
        yield batch
