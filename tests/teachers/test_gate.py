"""The gate in virtual time: order, bounds, and nobody left outside for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import Interrupted
from limbeck.teachers.gate import BELIEVED, START, Gate
from tests.teachers.simulated import Server, crowd
from tests.virtual_time import run

OUTCOMES = ("ok", "failed", "overloaded", "limited", "unknown")
VISITS = st.lists(
    st.tuples(
        st.sampled_from((0.0, 0.0, 0.1, 2.0)),  # seconds until the next one comes
        st.sampled_from(OUTCOMES),
        st.sampled_from((0.05, 0.5, 3.0)),  # how long it stays
        st.sampled_from((None, None, None, 0.0, 0.3, 4.0)),  # and when it is cancelled
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(VISITS, st.integers(1, 12), st.sampled_from((None, 30, 600)), st.booleans())
def test_any_crowd_gets_in_one_after_the_other_and_all_come_out(
    visits: list[tuple[float, Any, float, float | None]], most: int, rpm: int | None, shut: bool
) -> None:
    async def main() -> None:
        gate = Gate(most, rpm=rpm)
        loop = asyncio.get_running_loop()
        entered: list[int] = []
        cut = len(visits) // 2 if shut else len(visits)

        async def visit(number: int, outcome: Any, stay: float) -> None:
            started = await gate.enter(5.0)
            entered.append(number)
            try:
                assert 0 < gate.in_flight <= most
                await asyncio.sleep(stay)
            except asyncio.CancelledError:
                outcome = "unknown"
                raise
            finally:
                gate.leave(outcome, started, 5.0, used=2.0, retry_after=0.2)
                assert gate.in_flight >= 0

        tasks = []
        for number, (pause, outcome, stay, cancelled) in enumerate(visits):
            task = asyncio.create_task(visit(number, outcome, stay))
            tasks.append(task)
            if cancelled is not None:
                loop.call_later(cancelled, task.cancel)
            if pause:
                await asyncio.sleep(pause)
            if number == cut:
                gate.shut(Interrupted("stop"))
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert entered == sorted(entered), "first come, first served"
        assert gate.in_flight == 0
        for number, result in enumerate(results):
            if visits[number][3] is None:
                turned_away = isinstance(result, Interrupted)
                assert result is None or (shut and turned_away), result
                assert not (number > cut and result is None)

    _, seconds = run(main)
    assert seconds < 60 * len(visits) + 60


def test_a_place_that_came_with_a_cancellation_is_given_back() -> None:
    async def main() -> int:
        gate = Gate(1)
        first = await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        third = asyncio.create_task(gate.enter())
        await asyncio.sleep(1)
        gate.leave("ok", first)  # lets the second one in
        waiting.cancel()  # before it knows
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await third
        return gate.in_flight

    assert run(main)[0] == 1


def test_no_more_than_a_few_go_in_before_the_first_answer() -> None:
    async def main() -> int:
        gate = Gate(500)
        tasks = [asyncio.create_task(gate.enter()) for _ in range(100)]
        await asyncio.sleep(1)
        for task in tasks:
            task.cancel()
        return gate.in_flight

    assert run(main)[0] == START


@pytest.mark.parametrize(
    ("limit", "remaining", "reset", "believed"),
    [
        ("100", "-1e18", "", True),
        ("100", "0", "9" * 400, True),
        ("100", "0", "1d", True),
        ("1", "0", "2h0m0s", True),
        ("nan", "0", "", False),
        ("inf", "0", "1d", False),
        ("100", "nan", "5s", False),
        ("100", "inf", "", False),
        ("-3", "0", "1d", False),
        ("1e-300", "0", "1d", False),
        ("", "", "", False),
        ("100, 100;w=60", "0", "", False),
        ("100", "1e300", "1s", False),
    ],
)
def test_headers_that_lie_stop_nobody_for_long(
    limit: str, remaining: str, reset: str, believed: bool
) -> None:
    class Liar(Server):
        async def _serve(self, sent_at: float) -> Any:
            reply = await super()._serve(sent_at)
            assert self.on_headers is not None
            told = {"limit": limit, "remaining": remaining, "reset": reset}
            self.on_headers({f"x-ratelimit-{k}-requests": v for k, v in told.items()}, sent_at)
            return reply

    server = Liar(latency=0.2)
    lost, seconds = crowd(server, 30, 10)
    assert (lost, server.good) == ([], 30)
    assert seconds < 30 * (BELIEVED + 1) if believed else seconds < 2
