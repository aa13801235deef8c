"""Ledger: an open ledger, read on the caller's thread and written by one of its own."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from limbeck.errors import StopRun, UserError
from limbeck.ledger.entries import Answered, Failed
from limbeck.ledger.leases import Leases
from limbeck.ledger.notes import Notes
from limbeck.ledger.schema import FAILURE, REPLY, default_path, open_ledger
from limbeck.ledger.writer import Stop, Writer
from limbeck.protocols import Reply, Usage

_FIND = (
    "SELECT key, reply, finish_reason, prompt_tokens, completion_tokens, cached_tokens, at"
    " FROM replies WHERE key"
)
_TOGETHER = 512  # keys in one look-up at most
_FAIL = f"INSERT INTO failures ({FAILURE}) VALUES ({', '.join('?' * (FAILURE.count(',') + 1))})"
_USED = (
    "prompt_tokens, completion_tokens, cached_tokens, wasted_prompt_tokens,"
    " wasted_completion_tokens"
)


class Spent(NamedTuple):
    """What one run paid one teacher, "live" or by "batch"; `wasted` came to nothing."""

    teacher: Mapping[str, Any]
    via: str
    usage: Usage
    wasted: Usage


_Sought = tuple[str, asyncio.Future[tuple[Reply, float] | None]]


def _found(row: tuple[Any, ...]) -> tuple[Reply, float]:
    key, text, finish_reason, prompt, completion, cached, at = row
    body = json.loads(text)
    usage = Usage(prompt, completion, cached)
    return Reply(body["text"], finish_reason, usage, key, body["raw"]), at


class Ledger(Notes):
    """An open ledger. Use as a context manager; `close` waits for the last commit.

    A file of an older format is brought up to date. Raises UserError when the file cannot be
    opened, is no ledger, or the disk is full.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()
        try:
            self._reader = open_ledger(self.path)
            try:
                link = open_ledger(self.path)
            except BaseException:
                self._reader.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise UserError(
                f"cannot open the ledger {self.path}: {error}. Set LIMBECK_LEDGER to a file "
                "in a folder that you can write"
            ) from error
        (self._read_only,) = link.execute("PRAGMA query_only").fetchone()
        self._writer = Writer(link, self.path)
        self._sought: dict[asyncio.AbstractEventLoop, list[_Sought]] = {}
        self.leases = Leases(self.path)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Commit what is waiting and close. Safe to call twice."""
        self._writer.close()
        self.leases.close()  # after what is paid is there to be found
        self._reader.close()

    def check_writable(self) -> None:
        """Raises StopRun for a ledger that can only be read: no answer could be kept."""
        if self._read_only:
            raise StopRun(
                f"the ledger {self.path} cannot be written, so nothing new is asked; what is in it "
                "is found. Set LIMBECK_LEDGER to a copy on a disk that you can write"
            )

    def get(self, key: str) -> Reply | None:
        """The stored reply, or None when it was never answered."""
        found = self.found(key)
        return None if found is None else found[0]

    def found(self, key: str) -> tuple[Reply, float] | None:
        """The stored reply and when it was stored, in seconds since 1970; None as in `get`."""
        rows = self._read(f"{_FIND} = ?", key)
        return _found(rows[0]) if rows else None

    async def find(self, key: str) -> tuple[Reply, float] | None:
        """`found`, several times cheaper while many ask at once and others write: what is looked
        up in one turn of the event loop is read together."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[Reply, float] | None] = loop.create_future()
        sought = self._sought.get(loop)
        if sought is None:
            sought = self._sought[loop] = []
            loop.call_soon(self._seek, loop)
        sought.append((key, answer))
        return await answer

    def _seek(self, loop: asyncio.AbstractEventLoop) -> None:
        sought = self._sought.pop(loop)
        for start in range(0, len(sought), _TOGETHER):
            part = sought[start : start + _TOGETHER]
            keys = [key for key, _ in part]
            keys += keys[-1:] * ((1 << (len(keys) - 1).bit_length()) - len(keys))  # few statements
            try:
                rows = self._read(f"{_FIND} IN ({', '.join('?' * len(keys))})", *keys)
                found = {row[0]: row for row in rows}
            except Exception as error:  # whoever waits must hear of it
                for _, answer in part:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for key, answer in part:
                if not answer.done():  # else its caller was cancelled
                    row = found.get(key)
                    answer.set_result(None if row is None else _found(row))

    def failure(self, key: str) -> Failed | None:
        """The latest failure of a key, or None. It says nothing of whether a reply came later."""
        sql = f"SELECT {FAILURE} FROM failures WHERE key = ? ORDER BY id DESC LIMIT 1"
        rows = self._read(sql, key)
        if not rows:
            return None
        key, teacher, request, reason, message, attempts, _, prompt, completion, run = rows[0]
        wasted = Usage(prompt, completion)
        return Failed(key, json.loads(teacher), request, reason, message, attempts, run, wasted)

    def failed_keys(self, reason: str) -> set[str]:
        """The keys of all requests that ever failed for a reason; some may be answered by now."""
        return {key for (key,) in self._read("SELECT key FROM failures WHERE reason = ?", reason)}

    def counts(self) -> tuple[int, int]:
        """(replies, failures) stored."""
        ((replies, failures),) = self._read(
            "SELECT (SELECT count(*) FROM replies), (SELECT count(*) FROM failures)"
        )
        return replies, failures

    def spent(self, run: str) -> list[Spent]:
        """What a run paid, by teacher and way: all its replies, retired ones too, and failures.

        Replies that it found in the ledger were paid by an earlier run and count there.
        """
        of_run = "WHERE run = ?1 AND run <> ''"  # the second half lets SQLite use the index
        failed = "'live', 0, 0, 0, wasted_prompt_tokens, wasted_completion_tokens"
        sums = ", ".join(f"sum({column})" for column in _USED.split(", "))
        rows = self._read(
            f"SELECT teacher, via, {sums} FROM ("
            f"SELECT teacher, via, {_USED} FROM replies {of_run}"
            f" UNION ALL SELECT teacher, via, {_USED} FROM retired {of_run}"
            f" UNION ALL SELECT teacher, {failed} FROM failures {of_run}"
            ") GROUP BY teacher, via ORDER BY teacher, via",
            run,
        )
        return [
            Spent(json.loads(row[0]), row[1], Usage(*row[2:5]), Usage(*row[5:])) for row in rows
        ]

    async def put(self, entry: Answered | Failed, stop: Stop | None = None) -> bool:
        """Return once the entry is on disk. The first reply of a key stays: False where another
        one, of another process, was there before.

        Raises UserError when it cannot be written.
        """
        self.check_writable()
        if isinstance(entry, Answered):
            return await self._writer.insert(entry.row(), stop)
        await self._writer.execute((_FAIL, entry.row()), stop=stop)
        return True

    async def replace(self, entry: Answered, stop: Stop | None = None) -> bool:
        """Put a new reply in the place of its key's old one, which is put aside, in one step."""
        self.check_writable()
        row = entry.row()
        values = ", ".join("?" * len(row))
        await self._writer.execute(
            (f"INSERT INTO retired ({REPLY}) SELECT {REPLY} FROM replies WHERE key = ?", (row[0],)),
            ("DELETE FROM replies WHERE key = ?", (row[0],)),
            (f"INSERT INTO replies ({REPLY}) VALUES ({values})", row),
            reply=entry.key,
            stop=stop,
        )
        return True
