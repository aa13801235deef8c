"""Worker processes for filters that judge each row alone.

They are interpreters of their own, started fresh: a fork would copy the threads' locks of uvloop
and numba without their threads. Each is a process group, so that Ctrl-C reaches only the process
that asks, which ends them, and what they started, together.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from limbeck.errors import UserError
from limbeck.filters.chain import Judged, Tally, add_all, judge_records
from limbeck.filters.worker import BOOTSTRAP, Failed, Task
from limbeck.protocols import Filter

if TYPE_CHECKING:
    from limbeck.pipeline.filter_engine import Batch

START = 3.0  # seconds that workers must save to be worth their start
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
_END = 5.0  # seconds that an idle worker has to end

Step = tuple[str, Mapping[str, Any]]


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Parallel:
    """Judges batches here, and in worker processes as soon as they are worth it.

    `workers` None is one a core, started when those batches that were judged here say that the
    others will take long; 1 is none; more are started at once. Leaving the block ends them.
    """

    def __init__(
        self,
        filters: Sequence[Filter],
        steps: Sequence[Step],
        path: Path,
        workers: int | None = None,
    ) -> None:
        self._filters = filters
        self._steps = steps
        self._path = path
        self._waits = workers is None
        self._number = (cores() if workers is None else workers) if sys.executable else 1
        self._workers: _Workers | None = None

    def __enter__(self) -> Parallel:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._workers is not None:
            self._workers.close(now=kind is not None)

    @property
    def started(self) -> bool:
        return self._workers is not None

    def judged(
        self, batches: Iterable[Batch], first: int, last: int, tallies: Sequence[Tally], total: int
    ) -> Iterator[Batch]:
        """Every batch through the filters from `first` up to `last`, in order."""
        clock = _Clock(total)
        waiting: deque[tuple[Batch, Future[Judged]]] = deque()
        for batch in batches:
            if not self.started and self._wanted(clock):
                self._workers = _Workers(self._number, self._steps)
            if self._workers is None:
                with clock.batch(batch.size):
                    judged = judge_records(self._filters[first:last], batch.parsed(self._path))
                yield _applied(batch, judged, tallies[first:last])
                continue
            task = Task(first, last, self._path, batch.numbers, batch.lines)
            waiting.append((batch, self._workers.submit(task)))
            while len(waiting) >= 2 * self._number:
                yield _next(waiting, tallies[first:last])
        while waiting:
            yield _next(waiting, tallies[first:last])

    def _wanted(self, clock: _Clock) -> bool:
        if self._number < 2:
            return False
        return not self._waits or clock.left * (1 - 1 / self._number) > START


def _next(waiting: deque[tuple[Batch, Future[Judged]]], tallies: Sequence[Tally]) -> Batch:
    batch, future = waiting.popleft()
    return _applied(batch, future.result(), tallies)


def _applied(batch: Batch, judged: Judged, tallies: Sequence[Tally]) -> Batch:
    batch.apply(judged)
    add_all(tallies, judged.tallies)
    return batch


class _Clock:
    """How long the rest of the rows will take. The first batch loads what filters load, and does
    not count."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._batches = self._seen = self._rows = 0
        self._seconds = 0.0
        self._began = 0.0

    def batch(self, rows: int) -> _Clock:
        self._batches += 1
        self._seen += rows
        self._rows += rows if self._batches > 1 else 0
        return self

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        if self._batches > 1:
            self._seconds += time.perf_counter() - self._began

    @property
    def left(self) -> float:
        """Seconds; 0 where nothing is known yet."""
        if not self._rows:
            return 0.0
        return self._seconds / self._rows * max(0, self._total - self._seen)


class _Workers:
    """The processes, and a thread each that talks with one: it sends a task when it has the reply
    to the last, so that neither waits for the other to read."""

    def __init__(self, number: int, steps: Sequence[Step]) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._threads = ThreadPoolExecutor(number, "filters")
        try:
            for _ in range(number):
                process = _start(steps)
                self._processes.append(process)
                self._idle.put(process)
        except BaseException:
            self.close(now=True)
            raise

    def submit(self, task: Task) -> Future[Judged]:
        return self._threads.submit(self._ask, task)

    def _ask(self, task: Task) -> Judged:
        process = self._idle.get()
        try:
            reply = _exchange(process, task)
        finally:
            self._idle.put(process)
        if isinstance(reply, Failed):
            raise reply.error()
        return reply

    def close(self, *, now: bool) -> None:
        """End all of them; those that work, too, when it is `now`."""
        if now:
            for process in self._processes:
                _kill(process)
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what was not sent is not wanted
                    assert pipe is not None
                    pipe.close()
        for process in self._processes:
            try:
                process.wait(_END)
            except subprocess.TimeoutExpired:
                _kill(process)
                process.wait()


def _start(steps: Sequence[Step]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", BOOTSTRAP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | _ONE_THREAD,
        process_group=0,
    )
    try:
        assert process.stdin is not None
        pickle.dump(list(sys.path), process.stdin)
        pickle.dump([(name, dict(options)) for name, options in steps], process.stdin)
        process.stdin.flush()
    except BaseException:
        _kill(process)
        process.wait()
        raise
    return process


def _exchange(process: subprocess.Popen[bytes], task: Task) -> Judged | Failed:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        pickle.dump(task, process.stdin, pickle.HIGHEST_PROTOCOL)
        process.stdin.flush()
        reply: Judged | Failed = pickle.load(process.stdout)
    except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
        raise UserError(
            "a process that judged rows for the filters ended before it was done; the machine may "
            "have run out of memory. To judge all rows in one process: --workers 1"
        ) from error
    return reply


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The process and all that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
