"""A hard stop before the money is gone: every attempt is paid for in advance, at its worst.

`Recorded(Retrying(Budgeted(Limited(teacher))))`: under the retries, so that each attempt is seen.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import NamedTuple

from limbeck.errors import AskError, BudgetError, LimbeckError, StopRun
from limbeck.money import (
    Meter,
    Rates,
    cost,
    counted,
    dollars,
    estimate_tokens,
    from_dollars,
)
from limbeck.protocols import Reply, Request, Teacher, Usage
from limbeck.recipe import Budget
from limbeck.teachers.wrap import Wrapper

MOST = 3.0  # times the estimate is a token a byte: what is above that was put around the text


class Worst(NamedTuple):
    """The most that one attempt may use, and the estimate of its prompt that this is from."""

    estimate: int
    usage: Usage
    tokens: int
    price: int  # pico-dollars


class Budgeted(Wrapper):
    """Lets a request through only when its worst case still fits the budget; meters every attempt.

    The worst case is the estimated prompt, corrected by the most that a real one has gone beyond
    its estimate so far, plus `max_tokens`. A request that does not fit waits while others in
    flight may end below theirs, in the order of arrival; with nothing in flight it is a
    BudgetError, for all. So a budget is never overshot by a server that keeps to `max_tokens`,
    but for prompts longer than estimated that were in flight before the first answers told.

    An answer is charged as the server counted it, else as estimated. An attempt that failed and
    may have been billed, a cancelled one included, is charged as the server said, else in full.
    `spent` (pico-dollars) and `spent_tokens` are what earlier sessions of the run have used;
    Without limits it only meters.
    """

    def __init__(
        self,
        teacher: Teacher,
        budget: Budget,
        rates: Rates | None,
        *,
        spent: int = 0,
        spent_tokens: int = 0,
        meter: Meter | None = None,
    ) -> None:
        super().__init__(teacher)
        if budget.usd is not None and rates is None:
            raise ValueError("a budget in dollars needs the teacher's price")
        self._rates = rates or Rates(0, 0, 0)
        self._usd = math.inf if budget.usd is None else from_dollars(budget.usd)
        self._tokens = math.inf if budget.tokens is None else budget.tokens
        self._limited = budget.usd is not None or budget.tokens is not None
        self._meter = meter or Meter(rates)
        self.spent = spent
        self.spent_tokens = spent_tokens
        self._held = 0  # pico-dollars and tokens of what is in flight, at its worst
        self._held_tokens = 0
        self._in_flight = 0
        self._ratio = 1.0  # real to estimated prompt tokens, the highest so far
        self._around = 0  # prompt tokens beyond a token a byte: tools, a server's own prompt
        self._waiting: deque[tuple[Request, asyncio.Future[Worst]]] = deque()
        self._stopped: StopRun | None = None

    async def ask(self, request: Request, /) -> Reply:
        """Raises BudgetError, besides what the teacher raises."""
        if self._stopped is not None:
            raise self._stopped
        if not self._limited:
            return await self._metered(request)
        worst = self._worst(request)
        if not self._waiting and self._fits(worst):
            self._hold(worst)
        else:
            worst = await self._turn(request)
        used = None
        try:
            reply = await self.teacher.ask(request)
            used = counted(request, reply)
            if reply.usage.prompt_tokens > worst.estimate:
                self._learn(worst.estimate, reply.usage.prompt_tokens)
        except BaseException as error:
            used = _lost(error, worst.usage)
            if used is not None:
                self._meter.waste(used)
            raise
        finally:
            self._release(worst, used)
        self._meter.answered(used)
        return reply

    def stop(self, error: StopRun) -> None:
        """Nothing new is sent from now on: those who wait, and all later ones, get the error."""
        if self._stopped is None:
            self._stopped = error
        while self._waiting:
            _, slot = self._waiting.popleft()
            if not slot.done():
                slot.set_exception(error)
        super().stop(error)

    async def _metered(self, request: Request) -> Reply:
        try:
            reply = await self.teacher.ask(request)
        except BaseException as error:
            used = _lost(error, Usage(estimate_tokens(request), request.max_tokens))
            if used is not None:
                self._meter.waste(used)
            raise
        self._meter.answered(counted(request, reply))
        return reply

    def _worst(self, request: Request) -> Worst:
        estimate, most = estimate_tokens(request), request.max_tokens
        prompt = math.ceil(estimate * self._ratio) + self._around
        price = prompt * self._rates.input + most * self._rates.output
        return Worst(estimate, Usage(prompt, most), prompt + most, price)

    def _learn(self, estimate: int, real: int) -> None:
        self._ratio = max(self._ratio, min(real / max(estimate, 1), MOST))
        self._around = max(self._around, real - math.ceil(estimate * MOST))

    def _fits(self, worst: Worst) -> bool:
        return (
            self.spent_tokens + self._held_tokens + worst.tokens <= self._tokens
            and self.spent + self._held + worst.price <= self._usd
        )

    def _hold(self, worst: Worst) -> None:
        self._in_flight += 1
        self._held += worst.price
        self._held_tokens += worst.tokens

    def _release(self, worst: Worst, used: Usage | None) -> None:
        self._in_flight -= 1
        self._held -= worst.price
        self._held_tokens -= worst.tokens
        if used is not None:
            self.spent += cost(used, self._rates)
            self.spent_tokens += used.prompt_tokens + used.completion_tokens
        if self._waiting:
            self._let_in()

    async def _turn(self, request: Request) -> Worst:
        """Wait until the request fits; what is then held for it."""
        slot: asyncio.Future[Worst] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, slot))
        self._let_in()
        try:
            return await slot
        except asyncio.CancelledError:
            if slot.cancelled():
                self._let_in()  # it may have stood before a smaller one
            elif slot.exception() is None:  # let in and cancelled at once: it was never sent
                self._release(slot.result(), None)
            raise

    def _let_in(self) -> None:
        """Let those who wait in, in order; when the first one can never fit, stop everybody."""
        while self._waiting:
            request, slot = self._waiting[0]
            worst = self._worst(request)
            if slot.done():  # cancelled
                self._waiting.popleft()
            elif self._fits(worst):
                self._waiting.popleft()
                self._hold(worst)
                slot.set_result(worst)
            elif self._in_flight:
                return
            else:
                self.stop(self._no_room(worst))

    def _no_room(self, worst: Worst) -> BudgetError:
        if self.spent + worst.price > self._usd:
            key, budget = "usd", dollars(int(self._usd))
            spent, more = dollars(self.spent), f"cost up to {dollars(worst.price)}"
        else:
            key, budget = "tokens", f"{self._tokens:,} tokens"
            spent, more = f"{self.spent_tokens:,}", f"take up to {worst.tokens:,}"
        return BudgetError(
            f"the budget of {budget} has no room for another request: {spent} spent so far, and "
            f"the next one may {more}. What is answered stays answered: raise budget.{key} in "
            f"the recipe and run the same command again"
        )


def _lost(error: BaseException, worst: Usage) -> Usage | None:
    """What an attempt without an answer may have used; None when it cannot have been billed."""
    if isinstance(error, AskError):
        if not error.billed:
            return None
        return worst if error.tokens is None else Usage(*error.tokens)
    return None if isinstance(error, LimbeckError) else worst
