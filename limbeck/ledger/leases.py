"""Who asks what right now: two runs that share a ledger do not both pay for one request.

A lease is a row in a file beside the ledger. Losing it costs a request at most, so it is written
without waiting for the disk. It ends when its owner gives it back, dies (seen at once on this
machine) or has not renewed it for EXPIRE seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import secrets
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from limbeck.errors import StopRun

EXPIRE, RENEW = 60.0, 20.0
_TABLE = "CREATE TABLE IF NOT EXISTS leases (key TEXT PRIMARY KEY, owner TEXT, expiry REAL)"
_WIN = """
    INSERT INTO leases SELECT value, ?2, ?3 FROM json_each(?1) WHERE true
    ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, expiry = excluded.expiry
    WHERE owner = excluded.owner OR expiry < ?4 RETURNING key
"""
_OWNERS = "SELECT DISTINCT owner FROM leases WHERE key IN (SELECT value FROM json_each(?))"
_LEAVE = "DELETE FROM leases WHERE owner = ? AND key IN (SELECT value FROM json_each(?))"


class Leases:
    """The leases of one open ledger. What is asked for or given back in one turn of an event loop
    is done together. The file is made by the first lease."""

    def __init__(self, ledger: Path) -> None:
        self._path = ledger.with_name(ledger.name + ".leases")
        self._owner = " ".join((*_process(os.getpid()), secrets.token_hex(8)))
        self._link: sqlite3.Connection | None = None
        self._held: set[str] = set()
        self._asked: dict[asyncio.AbstractEventLoop, list[tuple[str, asyncio.Future[bool]]]] = {}
        self._left: dict[asyncio.AbstractEventLoop, list[str]] = {}
        self._renewing: set[asyncio.AbstractEventLoop] = set()

    async def take(self, key: str) -> bool:
        """Whether the key is now this caller's, who then must `leave` it; False where another
        caller has it. Raises StopRun where the file cannot be written."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        if loop not in self._asked:
            self._asked[loop] = []
            loop.call_soon(self._take, loop)
        if loop not in self._renewing:
            self._renewing.add(loop)
            loop.call_later(RENEW, self._renew, loop)
        self._asked[loop].append((key, answer))
        try:
            return await answer
        except asyncio.CancelledError:
            won = answer.done() and not answer.cancelled() and not answer.exception()
            if won and answer.result():
                self.leave(key)
            raise

    def leave(self, key: str) -> None:
        """Give a key back, within the event loop that took it."""
        self._held.discard(key)
        loop = asyncio.get_running_loop()
        if loop not in self._left:
            self._left[loop] = []
            loop.call_soon(self._leave, loop)
        self._left[loop].append(key)

    def close(self) -> None:
        """Give everything back. Safe to call twice."""
        if self._link is not None:
            with suppress(sqlite3.Error):  # the next one sees that this process is dead
                self._execute("DELETE FROM leases WHERE owner = ?", self._owner)
            self._link.close()
            self._link = None

    def _take(self, loop: asyncio.AbstractEventLoop) -> None:
        wanted: dict[str, asyncio.Future[bool]] = {}
        for key, answer in self._asked.pop(loop):
            if answer.done():  # its caller was cancelled
                continue
            if key in self._held or key in wanted:
                answer.set_result(False)
            else:
                wanted[key] = answer
        try:
            won = self._win(list(wanted))
            lost = list(wanted.keys() - won)
            if lost and self._bury(lost):
                won |= self._win(lost)
        except (sqlite3.Error, OSError) as error:
            stop = StopRun(
                f"cannot write {self._path}, which says what is being asked right now: {error}. "
                "Make room or set LIMBECK_LEDGER to another disk, then run the same command again"
            )
            for answer in wanted.values():
                answer.set_exception(stop)
            return
        self._held |= won
        for key, answer in wanted.items():
            answer.set_result(key in won)

    def _win(self, keys: list[str]) -> set[str]:
        now = time.time()
        rows = self._execute(_WIN, json.dumps(keys), self._owner, now + EXPIRE, now)
        return {key for (key,) in rows}

    def _bury(self, keys: list[str]) -> bool:
        """Delete the leases of dead owners among those of the keys; whether there were any."""
        owners = [owner for (owner,) in self._execute(_OWNERS, json.dumps(keys))]
        dead = [owner for owner in owners if not _lives(owner)]
        for owner in dead:
            self._execute("DELETE FROM leases WHERE owner = ?", owner)
        return bool(dead)

    def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        left = [key for key in self._left.pop(loop) if key not in self._held]
        if self._link is not None:
            with suppress(sqlite3.Error):  # `close`, death or time ends them then
                self._execute(_LEAVE, self._owner, json.dumps(left))

    def _renew(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._link is None or not self._held:
            self._renewing.discard(loop)
            return
        loop.call_later(RENEW, self._renew, loop)
        with suppress(sqlite3.Error):
            sql = "UPDATE leases SET expiry = ? WHERE owner = ?"
            self._execute(sql, time.time() + EXPIRE, self._owner)

    def _execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        if self._link is None:
            link = sqlite3.connect(
                self._path, timeout=10.0, check_same_thread=False, isolation_level=None
            )
            try:
                # A log, and not a journal in memory: a kill in the middle must not break the file.
                link.execute("PRAGMA journal_mode=WAL")
                link.execute("PRAGMA synchronous=OFF")
                link.execute(_TABLE)
            except BaseException:
                link.close()
                raise
            self._link = link
        return self._link.execute(sql, values).fetchall()


def _process(pid: int) -> tuple[str, str, str]:
    """(machine, pid, start): another process that gets the same pid has another start. The start
    is empty for a process that has ended, and "?" where the system cannot tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        machine = f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return platform.node().replace(" ", "_"), str(pid), "?"
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return machine, str(pid), ""
    return machine, str(pid), "" if stat[0] in "ZX" else stat[19]


def _lives(owner: str) -> bool:
    """Whether the owner may still live; of another machine's one only time can tell."""
    machine, pid, start, _ = owner.split(" ")
    if _process(int(pid))[::2] == (machine, start):
        return start != "?" or _answers(int(pid))
    return _process(int(pid))[0] != machine


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
