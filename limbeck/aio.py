"""Bounded, ordered concurrency: the one place that makes tasks and runs an event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
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


class map_ordered(Generic[T, R]):
    """`await work(item)` for every item, `width` at once, results in the items' order.

        async with map_ordered(ask, seeds, width=16) as replies:
            async for reply in replies: ...

    Guarantees: at most `width` calls run at once, by `width` tasks whatever the number of items;
    at most `ahead` results (default 4 x width) wait for a slow one before them; an exception is
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
        self._ahead = max(ahead or 4 * width, width)
        self._slots: deque[asyncio.Future[R]] = deque()
        self._workers: list[asyncio.Task[None]] = []
        self._stopped = False

    async def __aenter__(self) -> Self:
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._workers = [asyncio.create_task(self._worker()) for _ in range(self._width)]
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

    async def _worker(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopped:
            if len(self._slots) >= self._ahead:
                self._room.clear()
                await self._room.wait()
                continue
            slot: asyncio.Future[R] = loop.create_future()
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
