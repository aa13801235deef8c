"""`Retrying` asks again where that can help."""

from __future__ import annotations

import asyncio

import tenacity

from limbeck.errors import AskError, EndpointError, RateLimited, StopRun, Unreachable
from limbeck.money import estimate_tokens
from limbeck.protocols import Reply, Request, Teacher, Usage
from limbeck.teachers.wrap import Wrapper
from limbeck.text import duration


class Retrying(Wrapper):
    """Asks again after a failure that may pass: bounded in attempts and in time, jittered.

    A 429 waits as long as the server asks, is no attempt and no failure of the request: when
    nothing but 429s came for `give_up_after` seconds, or one asks for a longer wait than that, the
    run stops. Other failures end a request after `attempts`, or `give_up_after` seconds after its
    first one. Raises the last AskError, or EndpointError when nothing answers at the endpoint, so
    that a run stops and does not fail row after row.
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
        self._answered_at = float("-inf")
        self._stopped: StopRun | None = None
        self._asleep: set[asyncio.Future[None]] = set()

    async def ask(self, request: Request, /) -> Reply:
        try:
            return (await self.ask_counted(request))[0]
        except Abandoned as error:
            raise error.stop from error

    async def ask_counted(self, request: Request) -> tuple[Reply, int, Usage]:
        """The reply, the number of requests sent for it, and what those that failed may have
        been billed. A failure carries the first as `.sent`, the second as `.wasted`. Raises
        Abandoned where the run stopped after attempts that may have been billed."""
        try:  # nearly all need no policy, and its machinery costs more than the request
            return await self.teacher.ask(request), 1, Usage()
        except AskError as error:
            failure = error
        return await self._ask_again(request, failure)

    def stop(self, error: StopRun) -> None:
        self._stopped = error
        for sleeper in self._asleep:
            if not sleeper.done():
                sleeper.set_exception(error)
        super().stop(error)

    async def _ask_again(self, request: Request, first: AskError) -> tuple[Reply, int, Usage]:
        now = asyncio.get_running_loop().time
        pending: AskError | None = first
        started = now()
        last = first
        sent = counted = 0
        wasted = Usage()

        def stop(state: tenacity.RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            if isinstance(error, RateLimited):
                if (error.retry_after or 0.0) > self._give_up_after:
                    return True  # nobody wants to sit there for a day
                return now() - max(self._answered_at, started) > self._give_up_after
            return counted >= self._attempts or now() - started > self._give_up_after

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            jittered = float(self._backoff(state))
            asked = error.retry_after if isinstance(error, AskError) else None
            if asked is None or asked > self._give_up_after:
                return jittered
            return asked * 1.05 + jittered * 0.05

        try:
            async for attempt in tenacity.AsyncRetrying(
                retry=tenacity.retry_if_exception(_may_pass),
                stop=stop,
                wait=wait,
                sleep=self._sleep,
                reraise=True,
            ):
                with attempt:
                    sent += 1
                    try:
                        if pending is not None:
                            error, pending = pending, None
                            raise error
                        reply = await self.teacher.ask(request)
                    except AskError as error:
                        counted += error.counts
                        wasted += _wasted(request, error)
                        last = error
                        raise
                    self._answered_at = now()
                    return reply, sent, wasted
        except (Unreachable, RateLimited) as error:
            stopped: StopRun = self._of_the_endpoint(error)
            self.stop(stopped)
            if wasted == Usage():
                raise stopped from error
        except AskError as error:
            error.sent = sent
            error.wasted = (wasted.prompt_tokens, wasted.completion_tokens)
            raise
        except StopRun as error:
            if wasted == Usage():
                raise
            stopped = error
        raise Abandoned(last, stopped, sent, wasted)

    def _of_the_endpoint(self, error: AskError) -> EndpointError:
        """A failure that is no row's fault."""
        limit = self._give_up_after
        if isinstance(error, RateLimited) and (error.retry_after or 0.0) > limit:
            return EndpointError(
                f"the teacher's endpoint asks for a wait of {duration(error.retry_after or 0.0)}, "
                f"longer than teacher.give_up_after, {duration(limit)} ({error}). What is answered "
                "is in the ledger: run the same command again then"
            )
        if isinstance(error, RateLimited):
            return EndpointError(
                f"the teacher's endpoint has answered nothing but 429s for "
                f"{duration(limit)} ({error}). What is answered is in the ledger: run the "
                "same command again when the limit is over"
            )
        return EndpointError(
            f"nothing answers at the teacher's endpoint ({error}). Check base_url and that the "
            "server runs, then run the same command again: answered rows stay answered"
        )

    async def _sleep(self, seconds: float) -> None:
        """Sleep, unless the run stops meanwhile."""
        if self._stopped is not None:
            raise self._stopped
        loop = asyncio.get_running_loop()
        sleeper: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _wake, sleeper)
        self._asleep.add(sleeper)
        try:
            await sleeper
        finally:
            timer.cancel()
            self._asleep.discard(sleeper)


class Abandoned(AskError):
    """A request that the run's stop left unanswered after attempts that may have been billed. What
    they cost is still to be written down; then `stop` is raised."""

    def __init__(self, last: AskError, stop: StopRun, sent: int, wasted: Usage) -> None:
        super().__init__(str(last))
        self.reason = last.reason
        self.stop = stop
        self.sent = sent
        self.wasted = (wasted.prompt_tokens, wasted.completion_tokens)


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, AskError) and error.retryable


def _wasted(request: Request, error: AskError) -> Usage:
    """What a failed attempt may have been billed: as the server said, else the most."""
    if not error.billed:
        return Usage()
    if error.tokens is not None:
        return Usage(*error.tokens)
    return Usage(estimate_tokens(request), request.max_tokens)
