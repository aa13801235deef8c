"""The writer thread: many callers, one commit.

What is expensive beside a busy event loop is not SQLite but the interpreter's lock: every call
into SQLite gives it up, and getting it back can take a switch interval (5 ms). So a group of rows
is written by a handful of statements, each with many rows, and its callers are woken together.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from limbeck.errors import StopRun, UserError
from limbeck.ledger.schema import REPLY

# Rows in one commit at most. Larger groups save little, and make all callers wait and then come
# back at the same time, so that the disk and the network take turns and do not overlap.
GROUP = 64
# A reply that the disk has no room for is kept, and tried again every RETRY_SECONDS, until none
# has come in for KEEP_SECONDS.
FILE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
FILE |= {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
RETRY_SECONDS, KEEP_SECONDS = 0.5, 30.0
_AT = REPLY.split(", ").index("at")

Statement = tuple[str, Sequence[Any]]
Stop = Callable[[StopRun], None]


@dataclass(slots=True)
class _Job:
    done: asyncio.Future[bool] | concurrent.futures.Future[bool]
    loop: asyncio.AbstractEventLoop | None  # None: `done` belongs to a thread that waits
    row: tuple[Any, ...] | None  # of replies; else
    statements: Sequence[Statement]
    reply: str = ""  # the key of the paid reply that it writes
    stop: Stop | None = None  # told, in the loop, as soon as the disk refuses
    is_kept: bool = False  # the disk refused it at least once
    is_new: bool = True  # else another reply stands under the row's key


class Writer:
    """Owns a connection and the thread that writes with it; every write is durable when it ends.

    Writes of one thread are done in order. A write that SQLite refuses takes no other one with it.
    """

    def __init__(self, link: sqlite3.Connection, path: Path) -> None:
        self.link = link
        self._path = path
        self._jobs: deque[_Job] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._error = StopRun("")  # one for all: what is said of it is true when the run ends
        self._full: sqlite3.OperationalError | None = None
        self._give_up_at = 0.0
        self._lost: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what waits, then close the connection. Safe to call twice."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    async def insert(self, row: tuple[Any, ...], stop: Stop | None = None) -> bool:
        """Write a row of replies. False where another reply stands under its key: that one stays,
        and the new one, which was paid too, goes to `retired`."""
        return await self._submit(row, (), row[0], stop)

    async def execute(
        self, *statements: Statement, reply: str = "", stop: Stop | None = None
    ) -> None:
        """Run statements in one transaction. `reply` is the key of the reply that they write."""
        await self._submit(None, statements, reply, stop)

    def execute_now(self, *statements: Statement) -> None:
        """`execute` for callers without an event loop: blocks for as long as a commit takes."""
        done: concurrent.futures.Future[bool] = concurrent.futures.Future()
        self._append(_Job(done, None, None, statements))
        done.result()

    def _submit(
        self,
        row: tuple[Any, ...] | None,
        statements: Sequence[Statement],
        reply: str,
        stop: Stop | None,
    ) -> asyncio.Future[bool]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()
        # Paid for is paid for: a caller who is cancelled does not take its row out of the queue.
        self._append(_Job(done, loop, row, statements, reply, stop))
        return done

    def _append(self, job: _Job) -> None:
        if self._closing:
            raise RuntimeError(f"the ledger {self._path} is closed")
        self._jobs.append(job)
        if not self._wake.is_set():
            self._wake.set()

    def _run(self) -> None:
        jobs, wake = self._jobs, self._wake
        try:
            while True:
                if self._full is None:
                    wake.wait()
                elif not self._closing:
                    time.sleep(RETRY_SECONDS)
                wake.clear()  # before the queue is read: what comes later wakes again
                closing = self._closing
                group = [jobs.popleft() for _ in range(min(len(jobs), GROUP))]
                if group:
                    self._commit(group)
                if jobs:
                    wake.set()
                elif closing:
                    return
        finally:
            self.link.close()

    def _commit(self, group: list[_Job]) -> None:
        link = self.link
        try:
            link.execute("BEGIN IMMEDIATE")
            rows: list[_Job] = []
            for job in group:
                if job.row is not None:
                    rows.append(job)
                    continue
                _insert(link, rows)
                rows = []
                for sql, values in job.statements:
                    link.execute(sql, values)
            _insert(link, rows)
            link.execute("COMMIT")
        except Exception as error:  # whatever it is: this thread must live, and callers hear of it
            if link.in_transaction:
                with suppress(sqlite3.Error):
                    link.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 255 in FILE:
                self._keep(group, error)
                return
            if len(group) > 1:
                half = len(group) // 2  # find the row that SQLite cannot hold
                self._commit(group[:half])
                self._commit(group[half:])
                return
            _settle(group, UserError(f"cannot write the ledger {self._path}: {error}"))
        else:
            if self._lost:
                self._lost -= {job.reply for job in group}
            if self._full is not None and not self._jobs:
                self._say(self._full)
                self._full = None
            _settle(group, None)

    def _keep(self, group: list[_Job], error: sqlite3.OperationalError) -> None:
        """Put back what waits in an event loop, until there is room or it is too late."""
        now = time.monotonic()
        waiting = [*group, *list(self._jobs)]
        fresh = [job for job in waiting if not job.is_kept and job.loop is not None]
        if fresh:
            self._give_up_at = now + KEEP_SECONDS
        self._full = error
        self._lost |= {job.reply for job in waiting if job.reply}
        self._say(error)
        for job in fresh:
            job.is_kept = True
            if job.loop is not None and job.stop is not None:
                with suppress(RuntimeError):  # the loop is gone
                    job.loop.call_soon_threadsafe(job.stop, self._error)
        kept = [job for job in group if job.loop is not None]
        over = [job for job in group if job.loop is None]
        if not kept or self._closing or now >= self._give_up_at:
            over, kept = group, []
            self._full = None
        self._jobs.extendleft(reversed(kept))
        _settle(over, self._error)

    def _say(self, error: sqlite3.OperationalError) -> None:
        fate = "and every answer that came home is stored"
        if self._lost:
            count = len(self._lost)
            fate = f"but {count} paid answer{'s are' * (count > 1) or ' is'} not stored: the next "
            fate += "run asks for them, and pays for them, again"
        self._error.args = (
            f"cannot write the ledger {self._path}: {error}. Make room or set LIMBECK_LEDGER to "
            f"another disk, then run the same command again. Nothing new is sent, {fate}",
        )


@cache
def _insert_sql(rows: int) -> str:
    one = f"({', '.join('?' * (REPLY.count(',') + 1))})"
    values = ", ".join([one] * rows)
    return f"INSERT INTO replies ({REPLY}) VALUES {values} ON CONFLICT (key) DO NOTHING"


def _insert(link: sqlite3.Connection, jobs: list[_Job]) -> None:
    """Insert rows by as many statements as the count has binary digits set, each kept compiled."""
    start = 0
    while left := len(jobs) - start:
        count = 1 << (left.bit_length() - 1)
        chunk = jobs[start : start + count]
        values = list(chain.from_iterable(job.row or () for job in chunk))
        if link.execute(_insert_sql(count), values).rowcount < count:
            for job in chunk:
                _retire_if_late(link, job)
        start += count


def _retire_if_late(link: sqlite3.Connection, job: _Job) -> None:
    """See `Writer.insert`. The same reply written twice, with another time, is no other one."""
    row = job.row or ()
    stored = link.execute(f"SELECT {REPLY} FROM replies WHERE key = ?", row[:1]).fetchone()
    job.is_new = all(
        one == other for n, (one, other) in enumerate(zip(stored, row, strict=True)) if n != _AT
    )
    if not job.is_new:
        link.execute(f"INSERT INTO retired ({REPLY}) VALUES ({', '.join('?' * len(row))})", row)


def _settle(group: list[_Job], error: UserError | None) -> None:
    """Wake the callers, those of one event loop by one call."""
    loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in group:
        if job.loop is None:
            _settle_here([job], error)
        else:
            loops.setdefault(job.loop, []).append(job)
    for loop, jobs in loops.items():
        with suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(_settle_here, jobs, error)


def _settle_here(jobs: Sequence[_Job], error: UserError | None) -> None:
    for job in jobs:
        if job.done.done():  # its caller was cancelled
            continue
        if error is None:
            job.done.set_result(job.is_new)
        else:
            job.done.set_exception(error)
