"""Wrappers are teachers too: Recorded(Retrying(teacher)).

`Retrying` asks again where that can help; `Recorded` answers from the ledger and writes every new
answer to it before anybody may use it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import tenacity

from limbeck.errors import (
    AskError,
    EndpointError,
    Malformed,
    RateLimited,
    Unreachable,
)
from limbeck.ledger import Answered, Failed, Ledger, request_key
from limbeck.protocols import Reply, Request, Teacher


class Wrapper:
    """A teacher around a teacher; name, identity and close pass through."""

    def __init__(self, teacher: Teacher) -> None:
        self.teacher = teacher
        self.name = teacher.name

    @property
    def identity(self) -> Mapping[str, Any]:
        return self.teacher.identity

    async def aclose(self) -> None:
        await self.teacher.aclose()


class Retrying(Wrapper):
    """Asks again after a failure that may pass: bounded in attempts and in time, jittered.

    A 429 waits as long as the server asks and does not count as an attempt. `give_up_after` is in
    seconds for one request. Raises the last AskError, or EndpointError when nothing answers at
    the endpoint, so that a run stops and does not fail row after row.
    """

    def __init__(
        self,
        teacher: Teacher,
        *,
        attempts: int = 6,
        give_up_after: float = 600.0,
        first_wait: float = 0.5,
    ) -> None:
        super().__init__(teacher)
        self._attempts = attempts
        self._give_up_after = give_up_after
        self._backoff = tenacity.wait_random_exponential(multiplier=first_wait, max=30.0)

    async def ask(self, request: Request, /) -> Reply:
        reply, _ = await self.ask_counted(request)
        return reply

    async def ask_counted(self, request: Request) -> tuple[Reply, int]:
        """The reply, and the number of requests sent for it. A failure carries it as `.sent`."""
        sent = counted = 0
        started = time.monotonic()

        def stop(state: tenacity.RetryCallState) -> bool:
            return counted >= self._attempts or time.monotonic() - started > self._give_up_after

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            jittered = float(self._backoff(state))
            asked = error.retry_after if isinstance(error, AskError) else None
            return jittered if asked is None else asked * 1.05 + jittered * 0.05

        def may_pass(error: BaseException) -> bool:
            return isinstance(error, AskError) and error.retryable

        try:
            async for attempt in tenacity.AsyncRetrying(
                retry=tenacity.retry_if_exception(may_pass), stop=stop, wait=wait, reraise=True
            ):
                with attempt:
                    sent += 1
                    try:
                        return await self.teacher.ask(request), sent
                    except RateLimited:
                        raise
                    except AskError:
                        counted += 1
                        raise
        except Unreachable as error:
            raise EndpointError(
                f"nothing answers at the teacher's endpoint ({error}). Check base_url and that "
                "the server runs, then run the same command again: answered rows stay answered"
            ) from error
        except AskError as error:
            error.sent = sent
            raise
        raise AssertionError("tenacity returns or raises")


class Recorded(Wrapper):
    """Answers from the ledger; what is new is durable there before it is returned.

    `on_call(from_ledger)` is told of every answer. A failure is stored as a failure and raised.
    """

    def __init__(
        self,
        teacher: Teacher,
        ledger: Ledger,
        *,
        on_call: Callable[[bool], None] | None = None,
    ) -> None:
        super().__init__(teacher)
        self._ledger = ledger
        self._on_call = on_call

    async def ask(self, request: Request, /) -> Reply:
        identity = self.identity
        key = request_key(identity, request)
        known = self._ledger.get(key)
        if known is not None:
            self._tell(True)
            return known
        started = time.monotonic()
        try:
            if isinstance(self.teacher, Retrying):
                reply, sent = await self.teacher.ask_counted(request)
            else:
                reply, sent = await self.teacher.ask(request), 1
        except AskError as error:
            failed = Failed(key, identity, request, error.reason, str(error), error.sent)
            await self._ledger.put(failed)
            raise
        if reply.key:
            raise Malformed("a Recorded teacher was wrapped in another one")
        seconds = time.monotonic() - started
        await self._ledger.put(Answered(key, identity, request, reply, sent, seconds))
        self._tell(False)
        return Reply(reply.text, reply.finish_reason, reply.usage, key, reply.raw)

    def _tell(self, from_ledger: bool) -> None:
        if self._on_call is not None:
            self._on_call(from_ledger)
