"""What the ledger remembers besides calls: facts about endpoints, and batches under way."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.ledger.entries import free_json
from limbeck.ledger.schema import BATCH, FACT, ITEM
from limbeck.ledger.writer import Writer
from limbeck.record import canonical_json

CREATING = "creating"
"""The status of a batch whose input file is uploaded and that the endpoint was, perhaps, asked to
make. Its id is its input file's until `name_batch` gives it its own."""
ABANDONED = "abandoned"
"""The status of one that was never made, as far as the endpoint's list shows."""
SETTLED = ("collected", "failed", ABANDONED)
"""Statuses of a batch from which nothing more will come. A batch that ended in any other way
(completed, expired, cancelled) may still have answers to collect."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch at an endpoint; `at` is when it was added, in seconds since 1970."""

    id: str
    run: str
    teacher: Mapping[str, Any]
    input_file: str
    status: str
    at: float


class Notes:
    """Facts and batches of one ledger; each write is durable when it returns.

    All methods raise UserError when the file cannot be read or written.
    """

    path: Path
    _reader: sqlite3.Connection
    _writer: Writer

    def _read(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            return self._reader.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"cannot read the ledger {self.path}: {error}. Set LIMBECK_LEDGER to another file"
            ) from error

    def remember(self, kind: str, name: str, value: Any) -> None:
        """Store a JSON value under (kind, name); the last one stays."""
        sql = f"INSERT OR REPLACE INTO facts ({FACT}) VALUES (?, ?, ?, ?)"
        self._writer.execute_now((sql, (kind, name, free_json(value), time.time())))

    def recall(self, kind: str, name: str) -> Any:
        """The value stored under (kind, name), or None."""
        rows = self._read("SELECT value FROM facts WHERE kind = ? AND name = ?", kind, name)
        return json.loads(rows[0][0]) if rows else None

    def add_batch(
        self,
        id: str,
        *,
        run: str,
        teacher: Mapping[str, Any],
        input_file: str,
        status: str,
        items: Iterable[tuple[str, str]],
    ) -> None:
        """Store a batch and its items, (key, canonical request JSON) each, in one transaction."""
        who = canonical_json(dict(teacher))
        batch = (id, run, who, input_file, status, time.time())
        insert = f"INSERT INTO batch_items ({ITEM}) VALUES (?, ?, ?)"
        self._writer.execute_now(
            (f"INSERT INTO batches ({BATCH}) VALUES (?, ?, ?, ?, ?, ?)", batch),
            *((insert, (id, key, request)) for key, request in items),
        )

    def name_batch(self, old: str, new: str, status: str) -> None:
        """Give a batch that was added as `old` the id that the endpoint made for it."""
        self._writer.execute_now(
            ("UPDATE batches SET id = ?, status = ? WHERE id = ?", (new, status, old)),
            ("UPDATE batch_items SET batch = ? WHERE batch = ?", (new, old)),
        )

    def set_batch_status(self, id: str, status: str) -> None:
        """Store what the endpoint says of a batch, or "collected" once its answers are stored."""
        self._writer.execute_now(("UPDATE batches SET status = ? WHERE id = ?", (status, id)))

    def batches(self, run: str) -> list[Batch]:
        """The batches of a run, in the order in which they were added."""
        rows = self._read(f"SELECT {BATCH} FROM batches WHERE run = ? ORDER BY rowid", run)
        return [Batch(row[0], row[1], json.loads(row[2]), *row[3:]) for row in rows]

    def batch_items(self, id: str) -> list[tuple[str, str]]:
        """(key, canonical request JSON) of every item, in the order in which they were added."""
        sql = "SELECT key, request FROM batch_items WHERE batch = ? ORDER BY rowid"
        return [(key, request) for key, request in self._read(sql, id)]

    def live_keys(self, run: str) -> set[str]:
        """The keys of a run that a batch may still answer: asked live too, they are paid twice."""
        marks = ", ".join("?" * len(SETTLED))
        rows = self._read(
            "SELECT key FROM batch_items JOIN batches ON batches.id = batch_items.batch"
            f" WHERE run = ? AND status NOT IN ({marks})",
            run,
            *SETTLED,
        )
        return {key for (key,) in rows}
