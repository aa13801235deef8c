"""`Retrying` asks again where that can help."""

from __future__ import annotations

import asyncio

import tenacity

from limbeck.aio import Overdue, rest
from limbeck.errors import AskError, EndpointError, RateLimited, StopRun, Unreachable
from limbeck.money import estimate_tokens
from limbeck.protocols import Reply, Request, Teacher, Usage
from limbeck.teachers.wrap import Wrapper, is_retry
from limbeck.text import duration

BILLED = 3  # attempts of one request that may be paid for
EXTRA = 2  # refusals of a busy server that are no attempts
MANY = 8  # 429s of one request, while others are answered, that may be its own


class Retrying(Wrapper):
    """Asks again after a failure that may pass: bounded in attempts and in time, jittered.

    Failures end a request after `attempts`, after BILLED that may have been billed, or
    `give_up_after` seconds after its first one; while it waits, others are asked in its place
    (`aio.rest`). A server that says that it has too much to do is asked EXTRA times more. A 429
    waits as long as the server asks and is no attempt: when nothing but 429s came for
    `give_up_after` seconds, or one asks for a longer wait than that, the run stops; a request that
    got MANY while others were answered fails after that time. An endpoint that has answered and
    cannot be reached any more is waited for as long. Raises the last AskError, or EndpointError
    when nothing answers at the endpoint, so that a run stops and does not fail row after row.
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
            reply = await self.teacher.ask(request)
            self._answered_at = asyncio.get_running_loop().time()
            return reply, 1, Usage()
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
        sent = counted = billed = limited = extra = 0
        wasted = Usage()
        retry = is_retry.set(True)

        def stop(state: tenacity.RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            if isinstance(error, RateLimited):
                if (error.retry_after or 0.0) > self._give_up_after:
                    return True  # nobody wants to sit there for a day
                since = started if limited >= MANY else max(self._answered_at, started)
                return now() - since > self._give_up_after
            return (
                counted >= self._attempts
                or billed >= BILLED
                or now() - started > self._give_up_after
            )

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            jittered = float(self._backoff(state))
            asked = error.retry_after if isinstance(error, AskError) else None
            if asked is None or asked > self._give_up_after:
                return jittered
            return asked * 1.05 + jittered * 0.05

        async def sleep(seconds: float) -> None:
            await self._sleep(seconds, may_end=sent >= BILLED)

        try:
            async for attempt in tenacity.AsyncRetrying(
                retry=tenacity.retry_if_exception(_may_pass),
                stop=stop,
                wait=wait,
                sleep=sleep,
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
                        billed += error.billed
                        if isinstance(error, RateLimited):
                            limited += 1
                        elif error.overload and not error.billed and extra < EXTRA:
                            extra += 1
                        elif not (isinstance(error, Unreachable) and self._has_answered):
                            counted += 1
                        wasted += _wasted(request, error)
                        last = error
                        raise
                    self._answered_at = now()
                    return reply, sent, wasted
        except (AskError, Overdue):
            if self._is_of_the_endpoint(last, limited):
                stopped: StopRun = self._of_the_endpoint(last)
                self.stop(stopped)
                if wasted == Usage():
                    raise stopped from last
            else:
                last.sent = sent
                last.wasted = (wasted.prompt_tokens, wasted.completion_tokens)
                raise last from None
        except StopRun as error:
            if wasted == Usage():
                raise
            stopped = error
        finally:
            is_retry.reset(retry)
        raise Abandoned(last, stopped, sent, wasted)

    @property
    def _has_answered(self) -> bool:
        return self._answered_at > float("-inf")

    def _is_of_the_endpoint(self, error: AskError, limited: int) -> bool:
        if not isinstance(error, RateLimited):
            return isinstance(error, Unreachable)
        now = asyncio.get_running_loop().time()
        others_go_on = now - self._answered_at <= self._give_up_after
        asked = error.retry_after or 0.0
        return asked > self._give_up_after or limited < MANY or not others_go_on

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

    async def _sleep(self, seconds: float, *, may_end: bool) -> None:
        """Let others go on in this request's place, unless the run stops meanwhile."""
        if self._stopped is not None:
            raise self._stopped
        loop = asyncio.get_running_loop()
        sleeper: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _wake, sleeper)
        self._asleep.add(sleeper)
        try:
            await rest(sleeper, may_end=may_end)
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
