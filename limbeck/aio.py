"""Bounded, ordered concurrency: the one place that makes tasks and runs an event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar, copy_context
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from limbeck import interrupts

T = TypeVar("T")
R = TypeVar("R")


def run(main: Coroutine[Any, Any, R]) -> R:
    """`asyncio.run`, on uvloop where it is installed: half of the time of a request is the loop.

    Where a loop runs already, as in a notebook, `main` runs in a thread beside it, and a signal to
    stop is passed on to it.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(main)

    async def stoppable() -> R:
        task = asyncio.current_task()
        assert task is not None
        async with on_interrupt(task.cancel):
            return await main

    with ThreadPoolExecutor(1) as pool, interrupts.passed_on():
        try:
            return pool.submit(copy_context().run, _run, stoppable()).result()
        except asyncio.CancelledError:  # by a signal: nobody else has the task
            raise KeyboardInterrupt from None


def _run(main: Coroutine[Any, Any, R]) -> R:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def later(seconds: float, call: Callable[[], None]) -> None:
    """Have the running event loop call it after so many seconds, unless the loop ends before."""
    asyncio.get_running_loop().call_later(seconds, call)


async def off_loop(call: Callable[[], R]) -> R:
    """The result of a call that may block for seconds; others go on meanwhile."""
    return await asyncio.to_thread(call)


@asynccontextmanager
async def on_interrupt(first: Callable[[], object]) -> AsyncIterator[None]:
    """Within the block the first Ctrl-C, SIGTERM or SIGHUP calls `first`, and the block goes on;
    the second one cancels it and raises KeyboardInterrupt. Outside the main thread it hears only
    what is passed on."""
    task = asyncio.current_task()
    count = 0

    def interrupted(number: int) -> None:
        nonlocal count
        interrupts.received(number)
        count += 1
        if count == 1:
            first()
        elif task is not None:
            task.cancel()

    try:
        with interrupts.heard_by(asyncio.get_running_loop(), interrupted):
            yield
    except asyncio.CancelledError:
        if count > 1:
            raise KeyboardInterrupt from None
        raise


WINDOW = 64  # results that may wait for a slow one before them, times the width


class Overdue(Exception):
    """A rest was cut short: too many results wait for this one."""


class map_ordered(Generic[T, R]):
    """`await work(item)` for every item, `width` at once, results in the items' order.

        async with map_ordered(ask, seeds, width=16) as replies:
            async for reply in replies: ...

    Guarantees: at most `width` calls are at work at once, whatever the number of items; a call
    that waits in `rest` is not at work, and another one takes its place; at most `ahead` results
    (default 64 x width) wait for a slow one before them, and when they do because that one rests,
    its rest ends with Overdue if it may; an exception is
    raised in its item's place, after everything before it was handed out, and no further item is
    started once it happened; leaving the block waits for what still runs, since it may be paid
    for, unless the block is left by a cancellation: then it is cancelled too.
    """

    def __init__(
        self,
        work: Callable[[T], Awaitable[R]],
        items: Iterable[T],
        width: int,
        *,
        ahead: int | None = None,
    ) -> None:
        if width < 1:
            raise ValueError(f"width must be at least 1, got {width}")
        self._work = work
        self._items: Iterator[T] = iter(items)
        self._width = width
        self._ahead = max(ahead or WINDOW * width, width)
        self._slots: deque[asyncio.Future[R]] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._at_work = 0
        self._back: deque[asyncio.Future[None]] = deque()  # rested, and waiting for a place
        self._resting: dict[asyncio.Future[R], asyncio.Future[None]] = {}  # those that may end
        self._resting_calls = 0
        self._stopped = False
        self._outer = _place.get()
        self._gave_place = False  # everything here rests, and so does the call around this map

    async def __aenter__(self) -> Self:
        self._context = copy_context()
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        for _ in range(self._width):
            self._start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        if error is not None and not isinstance(error, Exception):
            for worker in self._workers:
                worker.cancel()
        while self._workers:
            await asyncio.gather(*self._workers, return_exceptions=True)
        for slot in self._slots:
            if slot.done() and not slot.cancelled():
                slot.exception()  # mark as seen: the block was left on purpose

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> R:
        while not self._slots:
            if self._stopped:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        slot = self._slots[0]
        if not slot.done():  # waited for, not awaited: a cancelled caller must not cancel it
            await asyncio.wait([slot])
        result = slot.result()
        self._slots.popleft()
        self._room.set()
        return result

    def _start(self) -> None:
        self._at_work += 1
        # Not in the context of the call that makes room: what holds of that one is not true here.
        worker = asyncio.create_task(self._worker(), context=self._context.copy())
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _worker(self) -> None:
        try:
            if not self._stopped and len(self._slots) < self._ahead:
                await self._next()
            while not self._stopped and not self._back:
                if len(self._slots) < self._ahead:
                    await self._next()
                    continue
                self._room.clear()
                self._end_the_first_rest()
                await self._room.wait()
        finally:
            self._leave()

    async def _next(self) -> None:
        slot: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        try:
            item = next(self._items)
        except StopIteration:
            self._stop()
            return
        except Exception as error:  # a broken seed file is raised in its place too
            slot.set_exception(error)
            self._slots.append(slot)
            self._stop()
            return
        self._slots.append(slot)
        self._changed.set()
        _place.set((self, slot))
        try:
            slot.set_result(await self._work(item))
        except asyncio.CancelledError:
            slot.cancel()
            self._stop()
            raise
        except Exception as error:
            slot.set_exception(error)
            self._stop()

    def _stop(self) -> None:
        self._stopped = True
        self._changed.set()
        self._room.set()

    def _leave(self, *, to_rest: bool = False) -> None:
        """A call left work. In its place goes on who has rested, or a new one. What failed makes
        room for what has not been tried yet: so an outage is told from a few rows that fail."""
        self._at_work -= 1
        is_room = not self._stopped and len(self._slots) < self._ahead
        while self._back and not (to_rest and is_room):
            rested = self._back.popleft()
            if not rested.done():
                self._at_work += 1
                rested.set_result(None)
                return
        if not self._stopped and self._at_work < self._width:
            self._start()
        elif not self._at_work and self._resting_calls and self._outer is not None:
            self._gave_place = True
            self._outer[0]._leave(to_rest=True)

    async def _come_back(self) -> None:
        if self._gave_place and self._outer is not None:
            self._gave_place = False
            await self._outer[0]._come_back()
        if self._at_work < self._width:
            self._at_work += 1
            return
        rested: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._back.append(rested)
        self._room.set()  # a worker that waits for room gives its place up
        await rested

    async def _rest(
        self, slot: asyncio.Future[R], until: asyncio.Future[None], may_end: bool
    ) -> None:
        self._resting_calls += 1
        if may_end:
            self._resting[slot] = until
        self._leave(to_rest=True)
        if len(self._slots) >= self._ahead:
            self._end_the_first_rest()
        try:
            await until
        finally:
            self._resting.pop(slot, None)
            self._resting_calls -= 1
            try:
                await self._come_back()
            except asyncio.CancelledError:
                self._at_work += 1  # it leaves by the same way as one that went on
                raise

    def _end_the_first_rest(self) -> None:
        until = self._resting.get(self._slots[0])
        if until is not None and not until.done():
            until.set_exception(Overdue())


_place: ContextVar[tuple[map_ordered[Any, Any], asyncio.Future[Any]] | None] = ContextVar(
    "place", default=None
)


async def rest(until: asyncio.Future[None], *, may_end: bool) -> None:
    """Await a future that only time completes. Called within a `map_ordered`, another call goes
    on meanwhile. With `may_end`, raises Overdue when too many results wait for this one's."""
    place = _place.get()
    if place is None:
        await until
    else:
        await place[0]._rest(place[1], until, may_end)
