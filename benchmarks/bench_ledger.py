"""What durability costs, and how fast a finished run replays.

    python benchmarks/bench_ledger.py

Both rows are ratios or rates measured side by side in this process, on a fake teacher that
answers at once, so that the ledger is all there is to see.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from limbeck.generators.answers import Answers
from limbeck.ledger import Ledger
from limbeck.protocols import AskFailure, Teacher
from limbeck.record import Provenance, Record, user
from limbeck.teachers.wrap import Recorded
from limbeck.testing import FakeTeacher

ROWS = 20_000
WIDTH = 256


def seconds(teacher: Teacher, seeds: list[Record]) -> float:
    """One pass of the generator over all seeds."""
    made: list[str] = []

    def emit(record: Record) -> bool:
        made.append(record.id)
        return True

    def fail(failure: AskFailure) -> None:
        raise RuntimeError(failure.message)

    started = time.perf_counter()
    asyncio.run(Answers(width=WIDTH, temperature=0.7).generate(seeds, teacher, emit, fail))
    assert len(made) == ROWS
    return time.perf_counter() - started


def main() -> None:
    seeds = [Record((user(f"Question {i}?"),), "", Provenance("seed")) for i in range(ROWS)]
    bare = seconds(FakeTeacher(), seeds)
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "l.sqlite") as ledger:
        first = seconds(Recorded(FakeTeacher(), ledger), seeds)
        replay = seconds(Recorded(FakeTeacher(), ledger), seeds)
    print(
        f"ledger | {ROWS} rows | without {bare:.2f} s | recorded {first:.2f} s "
        f"({(first - bare) / ROWS * 1e6:.0f} us a row) | replayed {replay:.2f} s"
    )


if __name__ == "__main__":
    main()
