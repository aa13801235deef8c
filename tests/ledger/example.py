"""Entries that the ledger's tests write, and ways to write and read them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from limbeck.ledger import Answered, Failed, Ledger
from limbeck.ledger.schema import REPLY
from limbeck.protocols import Reply, Request
from limbeck.record import user

WHO = {"endpoint": "https://api.example/v1", "model": "m"}
ASKED = Request((user("Capital of France?"),))

# The tables as the first format had them.
FORMAT_1 = """
CREATE TABLE replies (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, teacher TEXT NOT NULL,
    request TEXT NOT NULL, reply TEXT NOT NULL, finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
    attempts INTEGER NOT NULL, seconds REAL NOT NULL, at REAL NOT NULL
);
CREATE TABLE failures (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, teacher TEXT NOT NULL, request TEXT NOT NULL,
    reason TEXT NOT NULL, message TEXT NOT NULL, attempts INTEGER NOT NULL, at REAL NOT NULL
);
CREATE INDEX failures_key ON failures (key);
PRAGMA journal_mode=WAL;
PRAGMA user_version=1;
INSERT INTO replies VALUES (1, 'key 1', '{"endpoint":"é","model":"模型"}', '{"messages":[]}',
    '{"raw":{"id":"🙂"},"text":"巴黎"}', 'stop', 5, 2, 1, 0.5, 1000.0);
INSERT INTO replies VALUES (2, 'key 2', '{"endpoint":"é","model":"模型"}', '{"messages":[]}',
    '{"raw":null,"text":"\\ud800"}', 'length', 6, 3, 2, 1.5, 2000.0);
INSERT INTO failures VALUES (1, 'key 3', '{"endpoint":"é","model":"模型"}', '{"messages":[]}',
    'timeout', 'zu spät', 6, 3000.0);
"""


def put(path: Path, *entries: Answered | Failed) -> None:
    async def main(ledger: Ledger) -> None:
        await asyncio.gather(*(ledger.put(entry) for entry in entries))

    with Ledger(path) as ledger:
        asyncio.run(main(ledger))


def answered(number: int, text: str = "") -> Answered:
    return Answered(f"key {number}", WHO, replace(ASKED, index=number), Reply(text or str(number)))


def texts(path: Path, numbers: Iterable[int]) -> list[str | None]:
    with Ledger(path) as ledger:
        replies = [ledger.get(f"key {number}") for number in numbers]
    return [None if reply is None else reply.text for reply in replies]


async def retire(ledger: Ledger, key: str) -> None:
    """Put a reply aside and nothing in its place, as a ledger may be found."""
    await ledger._writer.execute(
        (f"INSERT INTO retired ({REPLY}) SELECT {REPLY} FROM replies WHERE key = ?", (key,)),
        ("DELETE FROM replies WHERE key = ?", (key,)),
    )
