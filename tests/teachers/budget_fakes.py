"""Teachers for the tests of the budget: one answers when told, one counts what it bills."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

from limbeck.errors import BudgetError, Malformed, Transient
from limbeck.money import Rates, estimate_tokens
from limbeck.protocols import Reply, Request, Usage
from limbeck.record import content_hash, user
from limbeck.teachers.budget import Budgeted

RATES = Rates(input=150_000, output=600_000, cached=75_000)
ONE = Request((user("讲讲数字 17。🙂"),), max_tokens=100)
WORST = estimate_tokens(ONE) + 100  # tokens


class Manual:
    """A teacher that answers when told: `sent` holds (request, future) in order."""

    name = "manual"
    identity: Mapping[str, Any] = {"endpoint": "manual"}

    def __init__(self) -> None:
        self.sent: list[tuple[Request, asyncio.Future[Reply]]] = []
        self.stopped: Exception | None = None

    async def ask(self, request: Request, /) -> Reply:
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.sent.append((request, future))
        return await future

    def answer(self, number: int, prompt: int, completion: int) -> None:
        self.sent[number][1].set_result(Reply("é", usage=Usage(prompt, completion)))

    def fail(self, number: int, error: Exception) -> None:
        self.sent[number][1].set_exception(error)

    def stop(self, error: Exception) -> None:
        self.stopped = error

    async def aclose(self) -> None:
        return


class Counting:
    """A teacher whose replies keep to max_tokens; `billed` sums what it counted."""

    name = "counting"
    identity: Mapping[str, Any] = {"endpoint": "counting"}

    def __init__(
        self, ratio: float, fail: Callable[[random.Random], Exception | None] = lambda drawn: None
    ) -> None:
        self.billed = Usage()
        self.in_flight = self.most = 0
        self._ratio = ratio
        self._fail = fail

    async def ask(self, request: Request, /) -> Reply:
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        drawn = random.Random(content_hash(request.to_json()))
        try:
            for _ in range(drawn.randrange(1, 6)):
                await asyncio.sleep(0)
            prompt = int(estimate_tokens(request) * self._ratio)
            usage = Usage(prompt, drawn.randrange(1, request.max_tokens + 1))
            error = self._fail(drawn)
            if error is None or getattr(error, "billed", False):
                self.billed += usage
            if error is not None:
                raise error
            return Reply("é", usage=usage)
        finally:
            self.in_flight -= 1

    async def aclose(self) -> None:
        return


def requests(count: int) -> list[Request]:
    drawn = random.Random(11)
    return [
        Request((user(f"{i} " + "讲讲 number 🙂 " * drawn.randrange(1, 30)),), max_tokens=100)
        for i in range(count)
    ]


async def spend(teacher: Budgeted, asked: list[Request], width: int) -> BudgetError | None:
    """Ask all with `width` at once, as a run does: until the first BudgetError."""
    queue = list(reversed(asked))
    stopped: list[BudgetError] = []

    async def worker() -> None:
        while queue and not stopped:
            try:
                await teacher.ask(queue.pop())
            except BudgetError as error:
                stopped.append(error)
            except (Transient, Malformed):
                continue

    await asyncio.gather(*(worker() for _ in range(width)))
    return stopped[0] if stopped else None


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
