"""The process that judges batches for another one: pickled tasks in, pickled replies out.

It is given the raw lines of a batch and gives back lines of verdicts, so that no record is pickled.
It ends when its input does, which is when the process that asks is gone.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from limbeck.filters.chain import Judged, judge_records
from limbeck.protocols import Filter
from limbeck.registry import build
from limbeck.store import parse_record

BOOTSTRAP = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from limbeck.filters.worker import main
main()
"""
"""What the interpreter is started with: modules are found where the asking process finds them, and
its own main module is not run again, as `multiprocessing` would."""


@dataclass(frozen=True, slots=True)
class Task:
    """Lines of `path` by their numbers, for the filters from `first` up to `last`."""

    first: int
    last: int
    path: Path
    numbers: list[int]
    lines: list[bytes]


@dataclass(frozen=True, slots=True)
class Failed:
    """An exception on its way to the other process. Not every class can be made again from its
    `args`, so it is taken apart."""

    kind: type[BaseException]
    args: tuple[Any, ...]
    state: Mapping[str, Any]
    trace: str

    @classmethod
    def of(cls, error: BaseException) -> Failed:
        trace = "".join(traceback.format_exception(error))
        failed = cls(type(error), error.args, dict(vars(error)), trace)
        try:
            pickle.loads(pickle.dumps(failed))
        except Exception:  # it holds what cannot travel
            return cls(RuntimeError, (f"{type(error).__name__}: {error}",), {}, trace)
        return failed

    def error(self) -> BaseException:
        made = self.kind.__new__(self.kind)
        made.args = self.args
        vars(made).update(self.state)
        made.add_note(f"In a process of the filters:\n{self.trace}")
        return made


def main() -> None:
    """Judges until the end of the input."""
    source, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no reply
    steps: list[tuple[str, dict[str, Any]]] = pickle.load(source)
    built: dict[int, Filter] = {}
    while True:
        try:
            task: Task = pickle.load(source)
        except EOFError:
            return
        try:
            reply: Judged | Failed = _judged(task, steps, built)
        except Exception as error:
            reply = Failed.of(error)
        try:
            pickle.dump(reply, out, pickle.HIGHEST_PROTOCOL)
            out.flush()
        except BrokenPipeError:  # nobody is there any more
            os._exit(0)


def _judged(
    task: Task, steps: list[tuple[str, dict[str, Any]]], built: dict[int, Filter]
) -> Judged:
    for place in range(task.first, task.last):
        if place not in built:
            built[place] = build("filters", *steps[place])
    rows = zip(task.lines, task.numbers, strict=True)
    records = [parse_record(line, task.path, number) for line, number in rows]
    judged = judge_records([built[place] for place in range(task.first, task.last)], records)
    return replace(judged, records=None)
