"""`Recorded` answers from the ledger, and writes new answers to it before anybody may use them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from limbeck.errors import AskError, BadRequest, Malformed, StopRun
from limbeck.ledger import Answered, Failed, Keyer, Ledger
from limbeck.money import Meter
from limbeck.protocols import Reply, Request, Teacher, Usage
from limbeck.teachers.likelihoods import AskedLikelihoods
from limbeck.teachers.retrying import Abandoned, Retrying
from limbeck.teachers.wrap import Wrapper

POLL_SECONDS = 0.1  # how often a run looks whether another one's request has ended
ABANDONED = "abandoned"  # the run stopped between two attempts: nothing is known of the request


class Recorded(Wrapper):
    """Answers from the ledger; what is new is durable there before it is returned.

    The same request asked twice at the same time is sent once. A failure is stored as a failure
    and raised. `on_call` is called after every call. `run` is the id of the run that pays.
    A request that an earlier session found hopeless (a 400) fails as it did, unsent. `ask_again`
    names reasons (those of AskErrors, and "refused", "truncated", "empty" of replies): with any,
    only calls that ended for one of them before now are asked again, and what failed for another
    reason fails as it did. With `keep_failures` every stored failure stands as if it were
    hopeless: later requests were made on the strength of it. With `lease` a request that another
    run sends right now is waited for, and not paid twice.
    """

    def __init__(
        self,
        teacher: Teacher,
        ledger: Ledger,
        *,
        meter: Meter | None = None,
        on_call: Callable[[], None] | None = None,
        run: str = "",
        ask_again: frozenset[str] = frozenset(),
        keep_failures: bool = False,
        lease: bool = False,
    ) -> None:
        super().__init__(teacher)
        self._ledger = ledger
        self._meter = meter or Meter()
        self._on_call = on_call or _nothing
        self._run = run
        self._ask_again = ask_again
        self._keep = keep_failures or bool(ask_again)
        self._lease = lease
        self._began = time.time()
        self._keyer = Keyer(teacher.identity)
        self._hopeless = ledger.failed_keys(BadRequest.reason)
        self._asking: dict[str, list[asyncio.Future[None]]] = {}
        self._stopped: StopRun | None = None

    async def ask(self, request: Request, /) -> Reply:
        key, text = self._keyer(request)
        while True:
            found = await self._ledger.find(key)
            old = None
            if found is not None:
                old, at = found
                if self._stopped is not None or not self._is_wanted_again(old, at):
                    self._meter.found += 1
                    self._on_call()
                    return old
            same = self._asking.get(key)
            if same is None:
                break
            ended = asyncio.get_running_loop().create_future()
            same.append(ended)
            try:
                await ended
            except AskError:
                self._meter.failed += 1
                self._on_call()
                if old is None:
                    raise
                return old
        if self._stopped is not None:
            raise self._stopped
        self._ledger.check_writable()
        if old is None and (self._keep or key in self._hopeless):
            self._raise_known_failure(key)
        waiting: list[asyncio.Future[None]] = []
        self._asking[key] = waiting
        leased = False
        try:
            while self._lease and not leased:
                leased = await self._ledger.leases.take(key)
                found = await self._ledger.find(key)  # it may be there by now
                if found is not None:
                    old, at = found
                    if not self._is_wanted_again(old, at):
                        self._meter.found += 1
                        self._on_call()
                        return old
                if self._stopped is not None:
                    raise self._stopped
                if not leased:
                    await asyncio.sleep(POLL_SECONDS)
            return await self._ask(key, text, request, replace=old is not None)
        except StopRun as error:
            self.stop(error)
            raise
        except AskError as error:
            if error.reason == BadRequest.reason:
                self._hopeless.add(key)
            for ended in waiting:
                if not ended.done():
                    ended.set_exception(error)
            if old is None:
                raise
            return old  # asked again in vain: what there was before is better than nothing
        finally:
            del self._asking[key]
            if leased:
                self._ledger.leases.leave(key)
            for ended in waiting:
                if not ended.done():
                    ended.set_result(None)

    def stop(self, error: StopRun) -> None:
        if self._stopped is None:
            self._stopped = error
            super().stop(error)

    async def _ask(self, key: str, text: str, request: Request, *, replace: bool) -> Reply:
        started = time.monotonic()
        teacher = self._keyer.teacher
        try:
            if isinstance(self.teacher, Retrying):
                reply, sent, wasted = await self.teacher.ask_counted(request)
            else:
                reply, sent, wasted = await self.teacher.ask(request), 1, Usage()
        except AskError as error:
            reason = ABANDONED if isinstance(error, Abandoned) else error.reason
            wasted = Usage(*error.wasted)
            failed = Failed(key, teacher, text, reason, str(error), error.sent, self._run, wasted)
            self._meter.failed += 1
            await self._ledger.put(failed, self.stop)
            self._on_call()
            if isinstance(error, Abandoned):
                raise error.stop from error
            raise
        if reply.key:
            raise Malformed("a Recorded teacher was wrapped in another one")
        seconds = time.monotonic() - started
        answered = Answered(key, teacher, text, reply, sent, seconds, self._run, wasted)
        put = self._ledger.replace if replace else self._ledger.put
        try:
            is_first = await put(answered, self.stop)
        except asyncio.CancelledError:
            await self._ledger.put(answered)  # writes are in order: the first one is done then,
            raise  # and whoever waits for the same answer finds it
        self._on_call()
        stored = None if is_first else await self._ledger.find(key)
        if stored is not None:  # another run was faster: both go on from the reply that stays
            return stored[0]
        return Reply(reply.text, reply.finish_reason, reply.usage, key, reply.raw)

    def _is_wanted_again(self, reply: Reply, at: float) -> bool:
        """Whether this stored reply is to be replaced by a new one; until there is one it stays."""
        return reply.reason in self._ask_again and at < self._began

    def _raise_known_failure(self, key: str) -> None:
        failure = self._ledger.failure(key)
        if failure is None or failure.reason in {ABANDONED, *self._ask_again}:
            return
        if self._keep or failure.reason == BadRequest.reason:
            self._meter.failed += 1
            self._on_call()
            raise KnownFailure(failure.reason, failure.message)


class RecordedLikelihoods(AskedLikelihoods, Recorded):
    """Recorded around a teacher whose `ask` takes LikelihoodRequests: likelihoods are recorded as
    answers are, under their request."""


def _nothing() -> None:
    return


class KnownFailure(AskError):
    """A request that failed before and was not to be asked again."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.sent = 0
