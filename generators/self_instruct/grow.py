"""The growing loop: calls whose prompts show what earlier calls brought, until there is enough.

Call i sees the pool as it was after call i - lookahead, however many calls run at once and
however late their replies come: so the same replies always give the same prompts, and a run that
is taken up again finds every one of them in the ledger.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from limbeck.aio import map_ordered
from limbeck.generators.self_instruct.asking import Answer, Question, ask
from limbeck.generators.self_instruct.pool import Instructions, Known
from limbeck.generators.self_instruct.stall import Stall
from limbeck.protocols import Out, Teacher

ASKED = "calls for instructions"
FAILED = "calls failed"
UNREAD = "replies not read"
READ = "instructions read"
LEFT = "more than wanted"
KEPT = "instructions kept"

T = TypeVar("T")


@dataclass(frozen=True)
class Growth(Generic[T]):
    """How to grow a pool to `target` new instructions.

    `question(number, made)` is the call of that number when `made` are the accepted instructions
    that it may see. `commit(answer, items)` admits what was read and returns how many items of
    it were kept; it is called in the order of the numbers. `lookahead` 1 lets a call see all
    before it, one at a time. `guess` is how many instructions a call may bring, until calls have
    shown it.
    """

    question: Callable[[int, Sequence[Known]], Question[list[T]]]
    commit: Callable[[Answer[list[T]], list[T]], int]
    target: int
    lookahead: int
    width: int
    seed: int
    stall_calls: int
    stall_share: float
    guess: int = 1


async def grow(growth: Growth[Any], teacher: Teacher, pool: Instructions, out: Out) -> None:
    """Ask and admit until the target is reached or a stall says that it never will be."""
    for line in (ASKED, UNREAD, READ):
        out.count(line, 0)
    clock = _Clock(pool, growth)
    stall = Stall(growth.stall_calls, growth.stall_share)

    async def work(number: int) -> Answer[Any] | None:
        made = await clock.turn(number)
        if made is None:
            return None
        return await ask(teacher, growth.question(number, made), growth.seed)

    async with map_ordered(work, itertools.count(), growth.width) as answers:
        try:
            async for answer in answers:
                if answer is None:
                    break
                reason = _commit(growth, answer, pool, out, stall)
                if reason is not None and len(pool.made) < growth.target:
                    out.say(
                        f"stopped at {len(pool.made)} of {growth.target} instructions: {reason}"
                    )
                if reason is not None or len(pool.made) >= growth.target:
                    break
                await clock.committed()
        finally:
            await clock.end()


def _commit(
    growth: Growth[Any], answer: Answer[Any], pool: Instructions, out: Out, stall: Stall
) -> str | None:
    """Take a call's instructions in; the sentence of a stall."""
    answer.tell(out)
    out.count(ASKED)
    refused = pool.refusals.copy()
    items, kept = answer.read or [], 0
    if answer.failure is not None:
        out.count(FAILED)
    elif not items:
        out.count(UNREAD)
    out.count(READ, len(items))
    if items:
        kept = growth.commit(answer, items)
    rules = pool.refusals - refused
    said = kept + rules.total()
    if said < len(items):
        out.count(LEFT, len(items) - said)
    return stall.saw(said, kept, rules, answer.failure.reason if answer.failure else "")


class _Clock:
    """Who may ask when: a call waits for those that it sees, and for the need of it."""

    def __init__(self, pool: Instructions, growth: Growth[Any]) -> None:
        self._pool = pool
        self._growth = growth
        self._sizes = [0]  # of what was made, after so many calls
        self._changed = asyncio.Condition()
        self._ended = False

    async def turn(self, number: int) -> list[Known] | None:
        """Wait for the call's turn; what it may see. None when no more calls are wanted."""
        seen = max(0, number + 1 - self._growth.lookahead)
        async with self._changed:
            await self._changed.wait_for(
                lambda: self._ended or (len(self._sizes) > seen and self._is_needed(number))
            )
            return None if self._ended else self._pool.made[: self._sizes[seen]]

    def _is_needed(self, number: int) -> bool:
        """Whether the calls under way will hardly do, by what the calls so far have brought.

        This saves money at the end and changes no result: what is asked in vain is not looked at.
        """
        done = len(self._sizes) - 1
        made = self._sizes[-1]
        rate = (made + self._growth.guess) / (done + 1)
        return number == done or made + (number - done) * rate < self._growth.target

    async def committed(self) -> None:
        """One more call is in the pool."""
        async with self._changed:
            self._sizes.append(len(self._pool.made))
            self._changed.notify_all()

    async def end(self) -> None:
        """Nobody needs to wait any more."""
        async with self._changed:
            self._ended = True
            self._changed.notify_all()
