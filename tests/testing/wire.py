"""A plain HTTP client for the servers' tests, and a wait for what another thread does."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp

SECONDS = 20.0


class Got(NamedTuple):
    """One answer as it came over the wire."""

    status: int
    headers: dict[str, str]  # names in lower case
    raw: bytes

    @property
    def row(self) -> Any:
        return json.loads(self.raw)


def chat(text: str, **fields: Any) -> dict[str, Any]:
    """The body of a chat request."""
    return {"model": "m", "messages": [{"role": "user", "content": text}], **fields}


async def post_all(
    base_url: str,
    bodies: Sequence[Any],
    *,
    path: str = "/chat/completions",
    headers: dict[str, str] | None = None,
    at_once: int = 16,
) -> list[Got | str]:
    """Every body's answer, in the order of the bodies; for a broken one the error's name."""
    gate = asyncio.Semaphore(at_once)

    async def one(session: aiohttp.ClientSession, body: Any) -> Got | str:
        try:
            async with gate, session.post(base_url + path, json=body, headers=headers) as answer:
                raw = await answer.read()
        except aiohttp.ClientError as error:
            return type(error).__name__
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Got(answer.status, named, raw)

    patience = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(timeout=patience) as session:
        return list(await asyncio.gather(*(one(session, body) for body in bodies)))


def post(base_url: str, body: Any, **options: Any) -> Got:
    """One body's whole answer."""
    [got] = asyncio.run(post_all(base_url, [body], **options))
    assert isinstance(got, Got), got
    return got


def send_raw(base_url: str, body: Any, *, path: str = "/chat/completions") -> socket.socket:
    """The open connection after a request was sent on it: what comes back is the caller's."""
    where = urlsplit(base_url)
    raw = json.dumps(body).encode()
    link = socket.create_connection((where.hostname, where.port), timeout=SECONDS)
    head = (
        f"POST {where.path}{path} HTTP/1.1\r\nHost: {where.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    link.sendall(head.encode() + raw)
    return link


def until(reached: Callable[[], bool]) -> None:
    """Return once it is so. Fails after 20 seconds."""
    deadline = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < deadline, "never got there"
        time.sleep(0.002)
