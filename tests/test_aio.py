"""map_ordered: order, bounds, errors in their place, and no task left behind."""

from __future__ import annotations

import asyncio
import concurrent.futures
import random
import signal
import threading
from collections.abc import AsyncIterable, Coroutine, Iterable, Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck import aio
from limbeck.aio import WINDOW, map_ordered, on_interrupt

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """asyncio.run with a check that nothing is left running, and a bound against a hang."""

    async def checked() -> T:
        async with asyncio.timeout(20):
            result = await main
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return result

    return asyncio.run(checked())


async def soon(turns: int) -> None:
    """Give the loop `turns` turns: order without a clock."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def drain(results: AsyncIterable[T], into: list[T]) -> None:
    async for result in results:
        into.append(result)  # noqa: PERF401  what came before an error counts


class Counted(Iterator[int]):
    """0, 1, 2, ... up to `stop`, counting how many were taken."""

    def __init__(self, stop: int | None = None) -> None:
        self.taken = 0
        self._stop = stop

    def __next__(self) -> int:
        if self._stop is not None and self.taken >= self._stop:
            raise StopIteration
        self.taken += 1
        return self.taken - 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 9), st.integers(0, 12))
def test_results_come_in_the_items_order_whatever_the_timing(
    turns: list[int], width: int, ahead: int
) -> None:
    async def main() -> list[tuple[int, int]]:
        async def work(item: tuple[int, int]) -> tuple[int, int]:
            await soon(item[1])
            return item

        items = list(enumerate(turns))
        async with map_ordered(work, items, width, ahead=ahead or None) as results:
            return [result async for result in results]

    assert run(main()) == list(enumerate(turns))


@pytest.mark.parametrize("width", [1, 3, 8])
def test_width_calls_run_at_once_and_never_more(width: int) -> None:
    running = most = 0

    async def main() -> int:
        async def work(item: int) -> int:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await soon(random.Random(item).randrange(5))
            running -= 1
            return item

        async with map_ordered(work, range(100), width) as results:
            return len([result async for result in results])

    assert run(main()) == 100
    assert most == width


def test_no_more_tasks_than_width_whatever_the_number_of_items() -> None:
    async def main() -> int:
        most = 0

        async def work(item: int) -> int:
            nonlocal most
            most = max(most, len(asyncio.all_tasks()))
            await soon(1)
            return item

        async with map_ordered(work, range(500), 4) as results:
            async for _ in results:
                pass
        return most

    assert run(main()) <= 4 + 1  # and the one that runs this test


@pytest.mark.parametrize(("ahead", "bound"), [(None, 128), (5, 5), (1, 2)])
def test_a_slow_first_item_holds_back_a_bounded_number(ahead: int | None, bound: int) -> None:
    async def main() -> list[int]:
        gate = asyncio.Event()
        items = Counted()

        async def work(item: int) -> int:
            if item == 0:
                await gate.wait()
            return item

        got = []
        async with map_ordered(work, items, 2, ahead=ahead) as results:
            await soon(600)
            assert items.taken == bound
            gate.set()
            async for result in results:
                got.append(result)
                if len(got) == 50:
                    break
        assert items.taken <= 50 + bound
        return got

    assert run(main()) == list(range(50))


def test_an_endless_source_is_taken_only_as_far_as_needed() -> None:
    async def main() -> int:
        items = Counted()

        async def work(item: int) -> int:
            return item

        async with map_ordered(work, items, 3) as results:
            assert await anext(results) == 0
            await soon(600)
        return items.taken

    assert run(main()) <= 1 + 3 * WINDOW


def test_an_error_is_raised_in_its_place_and_nothing_more_is_started() -> None:
    started: list[int] = []

    async def main() -> list[int]:
        async def work(item: int) -> int:
            started.append(item)
            await soon(10 if item < 3 else 1)
            if item == 3:
                raise KeyError("three")
            return item

        got: list[int] = []
        async with map_ordered(work, range(1000), 4) as results:
            with pytest.raises(KeyError, match="three"):
                await drain(results, got)
            await soon(100)
        return got

    assert run(main()) == [0, 1, 2]
    assert started == [0, 1, 2, 3]


def test_the_error_leaves_the_block_once_what_was_under_way_has_ended() -> None:
    ended: list[int] = []

    async def main() -> None:
        async def work(item: int) -> int:
            if item == 0:
                await soon(3)
                raise ValueError("no")
            await soon(30)  # paid for: cancelling it would lose the answer and not the bill
            ended.append(item)
            return item

        async with map_ordered(work, range(10), 3) as results:
            async for _ in results:
                pass

    with pytest.raises(ValueError, match="no"):
        run(main())
    assert sorted(ended) == [1, 2]


def test_two_errors_raise_the_first_in_order_and_none_is_reported_as_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async def work(item: int) -> int:
            await soon(3 - item)
            raise ValueError(str(item))

        async with map_ordered(work, range(3), 3) as results:
            async for _ in results:
                pass

    with pytest.raises(ValueError, match="0"):
        run(main())
    assert not caplog.records


def broken(good: int) -> Iterable[int]:
    yield from range(good)
    raise OSError("the seed file broke")


@pytest.mark.parametrize("good", [0, 1, 5])
def test_an_item_source_that_raises_does_so_after_the_items_before(good: int) -> None:
    async def main() -> list[int]:
        async def work(item: int) -> int:
            await soon(5 - item)
            return item

        got: list[int] = []
        async with map_ordered(work, broken(good), 2) as results:
            with pytest.raises(OSError, match="the seed file broke"):
                await drain(results, got)
        return got

    assert run(main()) == list(range(good))


def test_leaving_early_waits_for_what_runs_and_starts_nothing_more() -> None:
    ended: list[int] = []

    async def main() -> int:
        async def work(item: int) -> int:
            if item == 0:
                return item
            await soon(30)
            ended.append(item)
            return item

        async with map_ordered(work, range(10), 4) as results:
            first = await anext(results)
        assert sorted(ended) == [1, 2, 3, 4]
        return first

    assert run(main()) == 0


def test_a_cancelled_caller_cancels_what_runs_and_leaves_nothing_behind() -> None:
    async def consume(ready: asyncio.Event) -> None:
        async def work(item: int) -> None:
            ready.set()
            await asyncio.Event().wait()

        async with map_ordered(work, range(10), 3) as results:
            async for _ in results:
                pass

    async def main() -> None:
        ready = asyncio.Event()
        task = asyncio.create_task(consume(ready))
        await ready.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())


def test_a_wait_that_was_given_up_loses_no_result() -> None:
    async def main() -> list[int]:
        gate = asyncio.Event()

        async def work(item: int) -> int:
            await gate.wait()
            return item

        async with map_ordered(work, range(5), 2) as results:
            waiting = asyncio.ensure_future(anext(results))
            await soon(3)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            gate.set()
            return [result async for result in results]

    assert run(main()) == [0, 1, 2, 3, 4]


def test_no_items_and_falsy_results() -> None:
    async def main() -> list[object]:
        async def work(item: object) -> object:
            return item

        got: list[object] = []
        for items in ([], [None, 0, "", False]):
            async with map_ordered(work, items, 3) as results:
                await drain(results, got)
        return got

    assert run(main()) == [None, 0, "", False]


def test_a_width_below_one_is_refused() -> None:
    async def work(item: int) -> int:
        return item

    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        map_ordered(work, [], 0)


def test_the_first_ctrl_c_is_handed_over_and_the_second_one_ends_the_block() -> None:
    pressed: list[str] = []

    async def main(times: int) -> str:
        async with on_interrupt(lambda: pressed.append("first")):
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
                await asyncio.sleep(0.01)
        return "whole"

    before = signal.getsignal(signal.SIGINT)
    assert aio.run(main(1)) == "whole"
    with pytest.raises(KeyboardInterrupt):
        aio.run(main(2))
    assert pressed == ["first", "first"]
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_ctrl_c_is_somebody_elses() -> None:
    async def main() -> str:
        async with on_interrupt(lambda: None):
            return "whole"

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: asyncio.run(main())).result(10) == "whole"


def test_the_second_ctrl_c_also_ends_a_wait_for_what_is_in_flight() -> None:
    async def main() -> None:
        async def work(item: int) -> None:
            if item == 0:
                await soon(3)
                raise ValueError("stop")
            await asyncio.sleep(60)

        async with on_interrupt(lambda: None), map_ordered(work, range(9), 3) as results:
            loop = asyncio.get_running_loop()
            for delay in (0.01, 0.02):
                loop.call_later(delay, signal.raise_signal, signal.SIGINT)
            async for _ in results:
                pass

    with pytest.raises(KeyboardInterrupt):
        aio.run(main())


def test_later_comes_once_and_not_after_the_loop_has_ended() -> None:
    called: list[str] = []

    async def main() -> None:
        aio.later(0, lambda: called.append("soon"))
        aio.later(3600, lambda: called.append("never"))
        while not called:
            await soon(1)
        await soon(5)

    run(main())
    assert called == ["soon"]


def test_a_call_off_the_loop_lets_others_go_on_and_raises_what_it_raises() -> None:
    released = threading.Event()

    async def main() -> str:
        waiting = asyncio.create_task(aio.off_loop(lambda: released.wait(10)))
        await soon(5)
        assert not waiting.done()
        released.set()
        assert await waiting
        with pytest.raises(ValueError, match="no number"):
            await aio.off_loop(lambda: int("no number"))
        return "done"

    assert run(main()) == "done"
