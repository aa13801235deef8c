"""Servers in virtual time: what they admit, and what a crowd of workers gets out of them."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from limbeck.aio import map_ordered
from limbeck.errors import AskError, RateLimited, Transient
from limbeck.protocols import Reply, Request, Usage
from limbeck.record import user
from limbeck.teachers.limited import Limited
from limbeck.teachers.retrying import Retrying
from tests.virtual_time import run

REQUEST = Request((user("你好, café 🙂"),), max_tokens=10)


@dataclass
class Server:
    """A teacher with limits: `rpm` requests a minute with a bucket of `burst`, or `capacity` in
    flight (then `full()` is raised), or `failing(now)`. `latency` in seconds, give or take."""

    rpm: float | None = None
    burst: float = 10
    headers: bool = False
    retry_after: float | None = None
    capacity: int | None = None
    full: Callable[[], AskError] = lambda: busy()
    failing: Callable[[float], AskError | None] = lambda now: None
    latency: float = 0.05
    name: str = "simulated"
    on_headers: Callable[[Mapping[str, str], float], None] | None = None
    good: int = 0
    refused: int = 0
    most: int = 0
    sent_at: deque[float] = field(default_factory=deque)
    _flying: int = 0
    _around: int = 0
    _level: float | None = None
    _at: float = 0.0
    _random: random.Random = field(default_factory=lambda: random.Random(7))

    @property
    def identity(self) -> Mapping[str, str]:
        return {"endpoint": "simulated"}

    async def aclose(self) -> None:
        return

    async def ask(self, request: Request, /) -> Reply:
        loop = asyncio.get_running_loop()
        sent_at = loop.time()
        self.sent_at.append(sent_at)
        self._around += 1
        self.most = max(self.most, self._around)
        try:
            return await self._serve(sent_at)
        finally:
            self._around -= 1

    async def _serve(self, sent_at: float) -> Reply:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0.3 * self.latency)
        headers, admitted = self._admit(loop.time())
        failure = self.failing(loop.time())
        if not admitted:
            failure = RateLimited("slow down", retry_after=self.retry_after)
        elif failure is None and self.capacity is not None and self._flying >= self.capacity:
            failure = self.full()
        if failure is None:
            self._flying += 1
            await asyncio.sleep(self.latency * self._random.uniform(0.5, 0.9))
            self._flying -= 1
        else:
            await asyncio.sleep(0.1 * self.latency)
        if headers and self.on_headers is not None:
            self.on_headers(headers, sent_at)
        if failure is not None:
            self.refused += 1
            raise failure
        self.good += 1
        return Reply("yes", usage=Usage(5, 2))

    def _admit(self, now: float) -> tuple[dict[str, str], bool]:
        if self.rpm is None:
            return {}, True
        rate = self.rpm / 60
        level = self.burst if self._level is None else self._level
        level = min(self.burst, level + rate * (now - self._at))
        admitted = level >= 1
        self._level, self._at = level - admitted, now
        if not self.headers:
            return {}, admitted
        return {
            "x-ratelimit-limit-requests": f"{self.rpm:g}",
            "x-ratelimit-remaining-requests": str(int(self._level)),
            "x-ratelimit-reset-requests": f"{(self.burst - self._level) / rate:.3f}s",
        }, admitted


def busy() -> AskError:
    error = Transient("HTTP 503")
    error.overload = True
    return error


def crowd(
    server: Server, rows: int, width: int, *, give_up_after: float = 600.0, **limits: int
) -> tuple[list[BaseException], float]:
    """`rows` times asked, `width` at once, as generators do it; what they did not get, and the
    virtual seconds."""
    lost: list[BaseException] = []

    async def main() -> None:
        limited = Limited(server, most=width, give_up_after=give_up_after, **limits)
        teacher = Retrying(limited, give_up_after=give_up_after)

        async def ask(_: int) -> None:
            try:
                await teacher.ask(REQUEST)
            except Exception as error:
                lost.append(error)

        async with map_ordered(ask, range(rows), width) as answers:
            async for _ in answers:
                pass

    random.seed(0)  # tenacity's jitter
    _, seconds = run(main)
    return lost, seconds
