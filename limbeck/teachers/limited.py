"""`Limited` stands between a teacher and everybody who asks it: how many at once, how fast, and
whether at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from limbeck.errors import AskError, AskTimeout, LimbeckError, RateLimited, StopRun
from limbeck.money import estimate_tokens
from limbeck.protocols import Reply, Request, Teacher
from limbeck.teachers.breaker import Breaker
from limbeck.teachers.gate import Gate, Outcome
from limbeck.teachers.wrap import Wrapper, is_retry


class Limited(Wrapper):
    """At most `most` requests in flight, fewer where the server wants fewer, never above the
    user's `rpm` and `tpm`; an endpoint that only fails is left alone.

    A teacher with an attribute `on_headers` is listened to for the server's rate limits. Belongs
    to the event loop that it is first asked in.
    """

    def __init__(
        self,
        teacher: Teacher,
        *,
        most: int,
        rpm: int | None = None,
        tpm: int | None = None,
        give_up_after: float = 600.0,
    ) -> None:
        super().__init__(teacher)
        self._make: Callable[[], Gate] = lambda: Gate(most, rpm=rpm, tpm=tpm)
        self._gate: Gate | None = None
        self._breaker = Breaker(give_up_after)

    @property
    def in_flight(self) -> int:
        return 0 if self._gate is None else self._gate.in_flight

    async def ask(self, request: Request, /) -> Reply:
        gate = self._gate or self._open()
        tokens = 0.0
        if gate.counts_tokens:
            tokens = float(estimate_tokens(request) + request.max_tokens)
        started = await gate.enter(tokens)
        try:
            reply = await self.teacher.ask(request)
        except BaseException as error:
            if isinstance(error, StopRun):
                self.stop(error)  # before the place is free, or the next one would take it
            try:
                if isinstance(error, AskError):
                    self._failed(gate, started, error)
            finally:
                wait = error.retry_after if isinstance(error, AskError) else None
                gate.leave(_outcome(error), started, tokens, retry_after=wait)
            raise
        usage = reply.usage
        used = float(usage.prompt_tokens + usage.completion_tokens)
        gate.leave("ok", started, tokens, used=used or None)
        if self._breaker.succeeded(asyncio.get_running_loop().time(), started):
            gate.free()
        return reply

    def stop(self, error: StopRun) -> None:
        """Turn away who waits and who comes; what is in flight goes on."""
        if self._gate is None:
            self._open()
        assert self._gate is not None
        self._gate.shut(error)
        super().stop(error)

    async def aclose(self) -> None:
        self._gate = None  # the next one to ask may be in another event loop
        await super().aclose()

    def _open(self) -> Gate:
        self._gate = gate = self._make()
        if hasattr(self.teacher, "on_headers"):
            listen: Callable[[Mapping[str, str], float], None] = gate.read_headers
            self.teacher.on_headers = listen
        return gate

    def _failed(self, gate: Gate, started: float, error: AskError) -> None:
        now = asyncio.get_running_loop().time()
        try:
            wait = self._breaker.failed(now, error, started, first=not is_retry.get())
        except StopRun as stop:
            self.stop(stop)
            raise stop from error
        if wait:
            gate.hold(wait, alone=True)


def _outcome(error: BaseException) -> Outcome:
    if isinstance(error, RateLimited):
        return "limited"
    if isinstance(error, AskTimeout):
        return "timeout"
    if isinstance(error, AskError):
        return "overloaded" if error.overload else "failed"
    return "failed" if isinstance(error, LimbeckError) else "unknown"
