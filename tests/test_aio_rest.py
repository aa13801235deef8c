"""`rest`: who waits for its turn to ask again holds up nobody."""

from __future__ import annotations

import asyncio

import pytest

from limbeck.aio import Overdue, map_ordered, rest
from tests.test_aio import Counted, run, soon


@pytest.mark.parametrize("width", [1, 3])
def test_a_call_that_rests_holds_no_place_and_takes_one_again_before_it_goes_on(width: int) -> None:
    at_work = most = 0
    order: list[int] = []

    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        until: asyncio.Future[None] = loop.create_future()

        async def work(item: int) -> int:
            nonlocal at_work, most
            at_work += 1
            most = max(most, at_work)
            if item % 4 == 0:
                at_work -= 1
                await rest(until, may_end=False)
                at_work += 1
                most = max(most, at_work)
            await soon(3)
            if item == 30:  # all that rest wake up together, while others are at work
                until.set_result(None)
            at_work -= 1
            order.append(item)
            return item

        async with map_ordered(work, range(40), width) as results:
            return [result async for result in results]

    assert run(main()) == list(range(40))
    assert most == width
    assert set(order[: order.index(30)]) == {i for i in range(30) if i % 4}, "none waited"


def test_a_rest_that_holds_too_many_back_ends_and_only_where_it_may() -> None:
    async def main(may_end: bool) -> tuple[list[str], int]:
        until: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        items = Counted(50)

        async def work(item: int) -> str:
            if item == 1:
                try:
                    await rest(until, may_end=may_end)
                except Overdue:
                    return "failed"
            return str(item)

        async with map_ordered(work, items, 2, ahead=10) as results:
            got = [await anext(results)]
            await soon(100)
            taken = items.taken
            if not may_end:
                until.set_result(None)
            got += [result async for result in results]
        return got, taken

    wanted = [str(item) for item in range(50)]
    got, taken = run(main(may_end=False))
    assert got == wanted
    assert taken == 11, "one handed out, and the window"
    got, _ = run(main(may_end=True))
    assert got == [wanted[0], "failed", *wanted[2:]]


def test_where_all_calls_of_an_inner_map_rest_the_call_around_it_rests_too() -> None:
    async def main() -> list[list[int]]:
        until: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def path(number: int) -> int:
            if number < 3:
                await rest(until, may_end=True)
            return number

        async def question(number: int) -> list[int]:
            if number == 9:
                until.set_result(None)
            async with map_ordered(path, [number] * 2, 2) as paths:
                return [one async for one in paths]

        async with map_ordered(question, range(10), 1) as questions:
            return [one async for one in questions]

    assert run(main()) == [[number] * 2 for number in range(10)]


def test_a_block_left_by_an_error_waits_for_who_rests() -> None:
    ended: list[int] = []

    async def main() -> None:
        until: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def work(item: int) -> int:
            if item == 0:
                await rest(until, may_end=False)
                ended.append(item)
                return item
            asyncio.get_running_loop().call_later(0.01, until.set_result, None)
            raise ValueError("broken")

        async with map_ordered(work, range(9), 2):
            await soon(20)
            raise ValueError("left")

    with pytest.raises(ValueError, match="left"):
        run(main())
    assert ended == [0]
