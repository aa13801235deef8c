"""Recorded in a crowd: the same request at once, cancellations, stops, asking again."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import (
    AskTimeout,
    AuthError,
    BadRequest,
    Interrupted,
    Malformed,
    StopRun,
)
from limbeck.ledger import Answered, Failed, Ledger
from limbeck.money import Meter, estimate_tokens
from limbeck.protocols import Reply, Request, Usage
from limbeck.record import user
from limbeck.teachers.recorded import KnownFailure, Recorded
from limbeck.teachers.retrying import Retrying
from limbeck.testing import FakeTeacher

REQUEST = Request((user("你好, café 🙂"),), temperature=0.7, seed=1)


class Slow(FakeTeacher):
    """Answers when it is told to; counts who waits."""

    def __init__(self, text: str = "好", **options: Any) -> None:
        super().__init__({text: 1.0}, **options)
        self.go = asyncio.Event()
        self.begun = 0

    async def ask(self, request: Request, /) -> Reply:
        self.begun += 1
        await self.go.wait()
        return await super().ask(request)


async def turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0.001)


def test_the_same_request_asked_many_times_at_once_is_sent_once(tmp_path: Path) -> None:
    async def main() -> None:
        slow = Slow()
        told: list[int] = []
        recorded = Recorded(slow, ledger, on_call=lambda: told.append(1))
        tasks = [asyncio.create_task(recorded.ask(REQUEST)) for _ in range(9)]
        await turns()
        slow.go.set()
        replies = await asyncio.gather(*tasks)
        assert (slow.begun, len(told)) == (1, 9)
        assert len({reply.key for reply in replies}) == 1

    with Ledger(tmp_path / "l.sqlite") as ledger:
        asyncio.run(main())


def test_when_the_first_asker_is_cancelled_the_next_one_asks(tmp_path: Path) -> None:
    async def main() -> None:
        slow = Slow()
        recorded = Recorded(slow, ledger)
        tasks = [asyncio.create_task(recorded.ask(REQUEST)) for _ in range(4)]
        await turns()
        tasks[0].cancel()
        tasks[2].cancel()
        await turns()
        slow.go.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(r, Reply) for r in results] == [False, True, False, True]
        assert slow.begun == 2

    with Ledger(tmp_path / "l.sqlite") as ledger:
        asyncio.run(main())


def test_when_the_first_asker_fails_all_of_them_fail_and_are_counted(tmp_path: Path) -> None:
    async def main() -> None:
        slow = Slow(fail=lambda _: BadRequest("不行"))
        meter, told = Meter(), []
        recorded = Recorded(slow, ledger, meter=meter, on_call=lambda: told.append(1))
        tasks = [asyncio.create_task(recorded.ask(REQUEST)) for _ in range(3)]
        await turns()
        slow.go.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(r) for r in results] == [BadRequest] * 3
        assert (slow.begun, meter.failed, len(told)) == (1, 3, 3)
        with pytest.raises(KnownFailure, match="不行"):  # nor later in the same run
            await recorded.ask(REQUEST)
        assert slow.begun == 1

    with Ledger(tmp_path / "l.sqlite") as ledger:
        asyncio.run(main())
        assert ledger.counts() == (0, 1)


def test_a_stop_reaches_those_who_wait_for_another_ones_answer(tmp_path: Path) -> None:
    async def main() -> None:
        slow = Slow(fail=lambda _: AuthError("401"))
        recorded = Recorded(slow, ledger)
        tasks = [asyncio.create_task(recorded.ask(REQUEST)) for _ in range(3)]
        await turns()
        slow.go.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(r) for r in results] == [AuthError] * 3
        assert slow.begun == 1

    with Ledger(tmp_path / "l.sqlite") as ledger:
        asyncio.run(main())


def test_an_answer_that_arrived_is_kept_although_its_asker_was_cancelled(
    tmp_path: Path,
) -> None:
    """Cancelled while the ledger writes: the answer is paid, so the next one must find it."""

    async def main() -> None:
        teacher = FakeTeacher({"a": 0.5, "b": 0.5})
        recorded = Recorded(teacher, ledger)
        written = ledger.put

        async def put(
            entry: Answered | Failed, stop: Callable[[StopRun], None] | None = None
        ) -> bool:
            ledger.put = written  # type: ignore[method-assign]
            asyncio.get_running_loop().call_soon(first.cancel)
            return await written(entry, stop)

        first = asyncio.create_task(recorded.ask(REQUEST))
        second = asyncio.create_task(recorded.ask(REQUEST))
        ledger.put = put  # type: ignore[method-assign]
        with pytest.raises(asyncio.CancelledError):
            await first
        await second
        assert len(teacher.asked) == 1

    with Ledger(tmp_path / "l.sqlite") as ledger:
        asyncio.run(main())
        assert ledger.counts() == (1, 0)


def test_a_stop_while_the_ledger_writes_loses_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        recorded = Recorded(FakeTeacher(), ledger)
        requests = [Request((user(f"第{i}"),)) for i in range(20)]
        tasks = [asyncio.create_task(recorded.ask(request)) for request in requests]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        recorded.stop(Interrupted("stop"))
        results = await asyncio.gather(*tasks, return_exceptions=True)
        answered.append(sum(isinstance(result, Reply) for result in results))
        with pytest.raises(Interrupted):
            await recorded.ask(REQUEST)

    answered: list[int] = []
    with Ledger(tmp_path / "l.sqlite") as ledger:
        asyncio.run(main())
        assert ledger.counts() == (answered[0], 0)


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [("", "content_filter", "refused"), ("cut", "length", "truncated"), (" \n", "stop", "empty")],
)
def test_a_reply_is_asked_again_for_its_reason_only_and_the_old_one_is_kept(
    tmp_path: Path, text: str, finish: str, reason: str
) -> None:
    class Once(FakeTeacher):
        async def ask(self, request: Request, /) -> Reply:
            await super().ask(request)
            return Reply(text, finish) if len(self.asked) == 1 else Reply("好")

    teacher = Once()
    others = {"refused", "truncated", "empty", "transient"} - {reason}
    with Ledger(tmp_path / "l.sqlite") as ledger:

        def ask(*again: str) -> str:
            recorded = Recorded(teacher, ledger, ask_again=frozenset(again))
            first = asyncio.run(recorded.ask(REQUEST))
            assert asyncio.run(recorded.ask(REQUEST)) == first, "and once in a run"
            return first.text

        assert ask() == text
        assert ask(*others) == text
        assert ask(reason) == "好"
        assert len(teacher.asked) == 2
        assert ask(reason, *others) == "好"
        assert len(teacher.asked) == 2
    with sqlite3.connect(tmp_path / "l.sqlite") as link:
        assert link.execute("SELECT finish_reason FROM retired").fetchall() == [(finish,)]
    link.close()


def test_after_a_stop_no_reply_is_put_aside(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.sqlite") as ledger:
        asyncio.run(Recorded(FakeTeacher({"": 1.0}), ledger).ask(REQUEST))
        recorded = Recorded(FakeTeacher(), ledger, ask_again=frozenset({"empty"}))
        recorded.stop(Interrupted("stop"))
        assert asyncio.run(recorded.ask(REQUEST)).text == ""
        assert ledger.counts() == (1, 0)


def test_what_a_stop_leaves_unanswered_is_still_in_the_books(tmp_path: Path) -> None:
    """A run that is taken up again must know what it may have been billed."""

    async def main() -> None:
        recorded = Recorded(
            Retrying(FakeTeacher(fail=lambda _: Malformed("half")), first_wait=30.0),
            ledger,
            run="r",
        )
        task = asyncio.create_task(recorded.ask(REQUEST))
        await turns()
        recorded.stop(Interrupted("stop"))
        with pytest.raises(Interrupted):
            await task

    random.seed(1)
    with Ledger(tmp_path / "l.sqlite") as ledger:
        asyncio.run(main())
        [spent] = ledger.spent("r")
        assert spent.wasted == Usage(estimate_tokens(REQUEST), REQUEST.max_tokens)


def test_of_two_runs_at_once_both_go_on_from_the_reply_that_stays(tmp_path: Path) -> None:
    """Else the dataset of one of them would be another one when it is made again."""

    async def main() -> list[str]:
        slow = [Slow("甲"), Slow("乙")]
        tasks = [asyncio.create_task(Recorded(one, ledger).ask(REQUEST)) for one in slow]
        await turns()
        texts = []
        for one, task in zip(slow, tasks, strict=True):
            one.go.set()
            texts.append((await task).text)
        return texts

    with Ledger(tmp_path / "l.sqlite") as ledger:
        assert asyncio.run(main()) == ["甲", "甲"]


def test_two_processes_over_one_ledger_keep_one_answer(tmp_path: Path) -> None:
    """They may both pay for it, but nobody loses a row."""
    code = """
import asyncio, sys
from limbeck.ledger import Ledger
from limbeck.protocols import Request
from limbeck.record import user
from limbeck.teachers.recorded import Recorded
from limbeck.testing import FakeTeacher

async def main(ledger):
    teacher = Recorded(FakeTeacher({"a": 0.5, "b": 0.5}), ledger)
    requests = [Request((user(f"第{i} é"),), temperature=1.0, seed=i) for i in range(200)]
    await asyncio.gather(*(teacher.ask(request) for request in requests))

with Ledger() as ledger:
    asyncio.run(main(ledger))
"""
    environment = os.environ | {"LIMBECK_LEDGER": str(tmp_path / "l.sqlite")}
    both = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(2)]
    assert [process.wait(timeout=30) for process in both] == [0, 0]
    with Ledger(tmp_path / "l.sqlite") as ledger:
        assert ledger.counts() == (200, 0)


def test_failures_that_are_kept_stand_in_the_next_session_until_they_are_asked_for(
    tmp_path: Path,
) -> None:
    down = FakeTeacher({"好": 1.0}, fail=lambda request: Malformed("half a body"))
    up = FakeTeacher({"好": 1.0})

    async def main() -> None:
        with pytest.raises(Malformed):
            await Recorded(down, ledger, keep_failures=True).ask(REQUEST)
        with pytest.raises(KnownFailure, match="half a body") as caught:
            await Recorded(up, ledger, keep_failures=True).ask(REQUEST)
        assert caught.value.reason == "malformed"
        assert up.asked == []
        wanted = frozenset({"malformed"})
        again = Recorded(up, ledger, keep_failures=True, ask_again=wanted)
        assert (await again.ask(REQUEST)).text == "好"
        assert (await Recorded(down, ledger, keep_failures=True).ask(REQUEST)).text == "好"

    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        asyncio.run(main())


def test_a_request_that_a_stop_cut_off_is_no_failure_to_keep(tmp_path: Path) -> None:
    class Failing(FakeTeacher):
        async def ask(self, request: Request, /) -> Reply:
            stop(Interrupted("Ctrl-C"))
            raise AskTimeout("slow")

    stack: list[Recorded] = []

    def stop(error: Interrupted) -> None:
        stack[0].stop(error)

    up = FakeTeacher({"好": 1.0})

    async def main() -> None:
        stack.append(Recorded(Retrying(Failing()), ledger, keep_failures=True))
        with pytest.raises(Interrupted):
            await stack[0].ask(REQUEST)
        assert (await Recorded(up, ledger, keep_failures=True).ask(REQUEST)).text == "好"

    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        asyncio.run(main())
    assert len(up.asked) == 1
