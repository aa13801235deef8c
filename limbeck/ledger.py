"""The ledger: every teacher call, in SQLite, keyed by its whole content.

A reply is durable before anyone may use it, so a run that is killed pays nothing twice: resume is
replay. Failures are stored as failures, never as results. One writer thread commits in groups;
several runs, in several processes, may share one file.

The key is the hash of what answers (endpoint, model, weights) and of the whole canonical request
(messages, every sampling parameter, the sample index). No API key or header is ever part of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.protocols import Reply, Request, Usage
from limbeck.record import canonical_json, content_hash

SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    teacher TEXT NOT NULL,
    request TEXT NOT NULL,
    reply TEXT NOT NULL,
    finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    seconds REAL NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS failures (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    teacher TEXT NOT NULL,
    request TEXT NOT NULL,
    reason TEXT NOT NULL,
    message TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS failures_key ON failures (key);
"""
VERSION = 1
BUSY_SECONDS = 60.0
GROUP = 512  # rows in one commit at most


def default_path() -> Path:
    """`$LIMBECK_LEDGER`, else one file per user, shared by all runs."""
    override = os.environ.get("LIMBECK_LEDGER")
    if override:
        return Path(override)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "limbeck" / "ledger.sqlite"


def request_key(identity: Mapping[str, Any], request: Request) -> str:
    """The ledger key: 40 hex digits. Any change to model, endpoint or request changes it."""
    return content_hash({"teacher": dict(identity), "request": request.to_json()}, size=20)


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply on its way into the ledger."""

    key: str
    identity: Mapping[str, Any]
    request: Request
    reply: Reply
    attempts: int = 1
    seconds: float = 0.0

    sql = "INSERT OR IGNORE INTO replies VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

    def row(self) -> tuple[Any, ...]:
        body = {"text": self.reply.text, "raw": self.reply.raw}
        usage = self.reply.usage
        return (
            self.key,
            _json(self.identity),
            _json(self.request.to_json()),
            _json(body),
            self.reply.finish_reason,
            usage.prompt_tokens,
            usage.completion_tokens,
            self.attempts,
            self.seconds,
            time.time(),
        )


@dataclass(frozen=True, slots=True)
class Failed:
    """A failure on its way into the ledger."""

    key: str
    identity: Mapping[str, Any]
    request: Request
    reason: str
    message: str
    attempts: int = 1

    sql = "INSERT INTO failures VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)"

    def row(self) -> tuple[Any, ...]:
        return (
            self.key,
            _json(self.identity),
            _json(self.request.to_json()),
            self.reason,
            self.message.encode("utf-8", "backslashreplace").decode(),
            self.attempts,
            time.time(),
        )


def _json(value: Any) -> str:
    text = canonical_json(value)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate: SQLite takes only UTF-8
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text


class Ledger:
    """An open ledger. Use as a context manager; `close` waits for the last commit.

    Raises UserError when the file cannot be opened, is no ledger, or the disk is full.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._reader = self._connect()
            try:
                self._set_up(self._reader)
                self._link = self._connect()
            except BaseException:
                self._reader.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise UserError(
                f"cannot open the ledger {self.path}: {error}. Set LIMBECK_LEDGER to a file "
                "in a folder that you can write"
            ) from error
        self._inbox: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._writer.start()
        self._closed = False

    def _connect(self) -> sqlite3.Connection:
        link = sqlite3.connect(self.path, timeout=BUSY_SECONDS, check_same_thread=False)
        link.isolation_level = None
        try:
            self._check(link)
            link.execute("PRAGMA journal_mode=WAL")
            link.execute("PRAGMA synchronous=FULL")  # durable against power loss, not only a crash
        except BaseException:
            link.close()
            raise
        return link

    def _check(self, link: sqlite3.Connection) -> None:
        """Refuse what is no ledger of ours before anything is changed in it."""
        link.execute("BEGIN")  # one snapshot: another process may be setting the file up
        (version,) = link.execute("PRAGMA user_version").fetchone()
        (tables,) = link.execute("SELECT count(*) FROM sqlite_master").fetchone()
        link.execute("COMMIT")
        if version == 0 and tables:
            raise UserError(
                f"{self.path} is another program's SQLite file, no ledger. Set LIMBECK_LEDGER to "
                "another file"
            )
        if version > VERSION:
            raise UserError(
                f"the ledger {self.path} was written by a newer limbeck (format {version}, this "
                f"one reads {VERSION}). Update limbeck, or set LIMBECK_LEDGER to another file"
            )

    def _set_up(self, link: sqlite3.Connection) -> None:
        (version,) = link.execute("PRAGMA user_version").fetchone()
        if version < VERSION:
            link.executescript(f"BEGIN IMMEDIATE;{SCHEMA}PRAGMA user_version={VERSION};COMMIT;")

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Commit what is waiting and close. Safe to call twice."""
        if not self._closed:
            self._closed = True
            self._inbox.put(None)
            self._writer.join()
            self._reader.close()

    def get(self, key: str) -> Reply | None:
        """The stored reply, or None when it was never answered."""
        try:
            row = self._reader.execute(
                "SELECT reply, finish_reason, prompt_tokens, completion_tokens"
                " FROM replies WHERE key = ?",
                (key,),
            ).fetchone()
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"cannot read the ledger {self.path}: {error}. Set LIMBECK_LEDGER to another file"
            ) from error
        if row is None:
            return None
        body = json.loads(row[0])
        return Reply(body["text"], row[1], Usage(row[2], row[3]), key, body["raw"])

    def counts(self) -> tuple[int, int]:
        """(replies, failures) stored."""
        (replies,) = self._reader.execute("SELECT count(*) FROM replies").fetchone()
        (failures,) = self._reader.execute("SELECT count(*) FROM failures").fetchone()
        return replies, failures

    async def put(self, entry: Answered | Failed) -> None:
        """Return once the entry is on disk. Raises UserError when it cannot be written."""
        if self._closed:
            raise RuntimeError(f"the ledger {self.path} is closed")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._inbox.put(_Job(entry.sql, entry.row(), loop, done))
        # Paid for is paid for: a cancelled caller must not take its reply out of the queue.
        await asyncio.shield(done)

    def _write(self) -> None:
        link = self._link
        try:
            while (job := self._inbox.get()) is not None:
                jobs = [job]
                stop = False
                while len(jobs) < GROUP and not self._inbox.empty():
                    more = self._inbox.get()
                    if more is None:
                        stop = True
                        break
                    jobs.append(more)
                self._commit(link, jobs)
                if stop:
                    return
        finally:
            link.close()

    def _commit(self, link: sqlite3.Connection, jobs: list[_Job]) -> None:
        error: UserError | None = None
        try:
            link.execute("BEGIN IMMEDIATE")
            for job in jobs:
                link.execute(job.sql, job.row)
            link.execute("COMMIT")
        except Exception as cause:  # whatever it is: this thread must live, and callers hear of it
            if link.in_transaction:
                with suppress(sqlite3.Error):
                    link.execute("ROLLBACK")
            if len(jobs) > 1 and not isinstance(cause, sqlite3.OperationalError):
                for job in jobs:  # a row that SQLite cannot hold takes no other one with it
                    self._commit(link, [job])
                return
            error = UserError(
                f"cannot write the ledger {self.path}: {cause}. Make room or set LIMBECK_LEDGER "
                "to another disk, then run the same command again: nothing answered is lost"
            )
        for job in jobs:
            job.settle(error)


@dataclass(frozen=True, slots=True)
class _Job:
    sql: str
    row: tuple[Any, ...]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]

    def settle(self, error: UserError | None) -> None:
        try:
            self.loop.call_soon_threadsafe(self._settle_here, error)
        except RuntimeError:  # the loop is gone: nobody waits any more, the row is on disk
            return

    def _settle_here(self, error: UserError | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
            self.done.exception()  # seen, even where the caller was cancelled meanwhile
