"""Ctrl-C with a teacher at work, by a real signal to this process."""

from __future__ import annotations

import asyncio
import signal

import pytest

from limbeck.aio import run
from limbeck.errors import Interrupted, StopRun
from limbeck.protocols import Request
from limbeck.record import user
from limbeck.teachers.drain import draining
from limbeck.teachers.limited import Limited
from limbeck.teachers.retrying import Retrying
from limbeck.testing import FakeTeacher

REQUEST = Request((user("你好 🙂"),))


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_the_first_ctrl_c_stops_the_teacher_and_the_block_ends_with_interrupted() -> None:
    said: list[str] = []
    teacher = Retrying(Limited(FakeTeacher(), most=2))

    async def main() -> None:
        async with draining(teacher, said.append):
            await teacher.ask(REQUEST)
            press()
            await asyncio.sleep(0.01)
            await teacher.ask(REQUEST)

    with pytest.raises(Interrupted):
        run(main())
    assert len(said) == 1


def test_when_all_was_sent_already_the_block_still_ends_with_interrupted() -> None:
    """Else a run would go on with the next stage."""
    ended = []

    async def main() -> None:
        async with draining(FakeTeacher(), lambda text: None):
            press()
            await asyncio.sleep(0.01)
            ended.append(True)

    with pytest.raises(Interrupted):
        run(main())
    assert ended


def test_the_second_ctrl_c_ends_the_block_at_once() -> None:
    async def main() -> None:
        async with draining(FakeTeacher(), lambda text: None):
            press()
            await asyncio.sleep(0.01)
            press()
            await asyncio.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        run(main())


def test_without_ctrl_c_nothing_happens_and_the_handler_before_comes_back() -> None:
    before = signal.getsignal(signal.SIGINT)

    async def main() -> None:
        async with draining(FakeTeacher(), lambda text: None):
            pass
        async with draining(FakeTeacher(), lambda text: None):
            raise StopRun("another reason")

    with pytest.raises(StopRun, match="another reason"):
        run(main())
    assert signal.getsignal(signal.SIGINT) is before


def test_a_cancellation_that_is_no_ctrl_c_stays_one() -> None:
    async def main() -> None:
        async with asyncio.timeout(0.01), draining(FakeTeacher(), lambda text: None):
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        run(main())
