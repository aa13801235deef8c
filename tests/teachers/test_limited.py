"""Limited and Retrying against simulated servers, in virtual time: how much is refused, how long
it takes, and when it stops. The bounds are the issue's goals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from limbeck.errors import (
    AskError,
    AuthError,
    BadRequest,
    EndpointError,
    Interrupted,
    RateLimited,
    Transient,
)
from limbeck.protocols import Reply, Request
from limbeck.teachers.limited import Limited
from limbeck.teachers.retrying import Retrying
from limbeck.testing import FakeTeacher
from tests.teachers.simulated import REQUEST, Server, crowd
from tests.virtual_time import run

IDEAL = (400 - 10) / 10  # seconds for 400 requests at 600 a minute with a burst of 10


@pytest.mark.parametrize("latency", [0.005, 0.05, 0.3])
def test_a_server_that_sends_its_limits_never_has_to_refuse(latency: float) -> None:
    server = Server(rpm=600, headers=True, latency=latency)
    lost, seconds = crowd(server, 400, 50)
    assert (lost, server.good, server.refused) == ([], 400, 0)
    assert seconds <= 1.06 * IDEAL


@pytest.mark.parametrize("retry_after", [None, 0.1])
@pytest.mark.parametrize("latency", [0.005, 0.05, 0.3])
def test_the_rate_of_a_server_that_says_nothing_is_learned(
    latency: float, retry_after: float | None
) -> None:
    server = Server(rpm=600, latency=latency, retry_after=retry_after)
    lost, seconds = crowd(server, 400, 50)
    assert (lost, server.good) == ([], 400)
    assert server.refused <= 0.05 * 400
    assert seconds <= 1.06 * IDEAL


def test_the_users_own_limit_is_never_exceeded_in_any_minute() -> None:
    server = Server(latency=0.01)
    lost, seconds = crowd(server, 300, 50, rpm=120)
    assert lost == []
    sent = list(server.sent_at)
    for start, end in zip(sent, sent[121:], strict=False):
        assert end - start >= 60 - 1e-6, "121 requests within a minute"
    assert seconds <= 1.06 * 300 / 2


def test_the_users_token_limit_holds_and_is_corrected_by_what_was_really_used() -> None:
    server = Server(latency=0.01)  # 7 tokens each where about 20 are reserved
    _, seconds = crowd(server, 200, 50, tpm=60 * 70)
    assert 0.9 * 200 / 10 <= seconds <= 1.2 * 200 / 10


def test_a_server_that_takes_64_of_300_is_kept_full_and_rarely_refuses() -> None:
    server = Server(capacity=64, latency=0.2)
    lost, seconds = crowd(server, 3000, 300)
    assert (lost, server.good) == ([], 3000)
    assert seconds <= 1.4 * 3000 * 0.2 / 64
    assert server.refused <= 0.2 * 3000


def test_everybody_is_in_flight_where_nothing_is_refused() -> None:
    server = Server(latency=0.2)
    crowd(server, 4000, 200)
    assert server.most == 200


@pytest.mark.parametrize(
    ("failure", "requests"),
    [(lambda: AuthError("401"), 8), (lambda: Transient("HTTP 500"), 400)],
)
def test_a_refused_key_costs_eight_requests(
    failure: Callable[[], Exception], requests: int
) -> None:
    server = Server(failing=lambda now: failure())  # type: ignore[arg-type, return-value]
    lost, _ = crowd(server, 200, 100)
    assert len(server.sent_at) <= requests
    assert len(lost) == 200
    assert all(isinstance(error, AuthError | EndpointError | Transient) for error in lost)


def test_a_short_outage_fails_no_row() -> None:
    down = (5.0, 125.0)
    server = Server(
        latency=0.5, failing=lambda now: Transient("down") if down[0] < now < down[1] else None
    )
    lost, seconds = crowd(server, 600, 20)
    assert lost == []
    assert seconds > down[1]
    during = [at for at in server.sent_at if down[0] < at < down[1]]
    assert len(during) <= 60, "an endpoint that is down is asked now and then, not all the time"


def test_a_lasting_outage_stops_the_run_and_says_for_how_long() -> None:
    server = Server(latency=0.5, failing=lambda now: Transient("no disk") if now > 5 else None)
    lost, seconds = crowd(server, 600, 20, give_up_after=90)
    assert 90 <= seconds <= 160
    stops = [error for error in lost if isinstance(error, EndpointError)]
    assert stops == lost
    assert "nothing has succeeded" in str(stops[0])
    assert "no disk" in str(stops[0])


def test_an_endpoint_where_most_fails_stops_the_run() -> None:
    count = [0]

    def failing(now: float) -> AskError | None:
        count[0] += 1
        return Transient("flaky") if count[0] % 10 else None

    server = Server(latency=0.5, failing=failing)
    lost, seconds = crowd(server, 2000, 10)
    assert any("requests to the teacher failed in the last" in str(error) for error in lost)
    assert seconds <= 40


def test_the_same_refusal_of_the_first_twenty_requests_stops_the_run() -> None:
    server = Server(failing=lambda now: BadRequest("HTTP 400: unknown field top_p"))
    lost, _ = crowd(server, 500, 10)
    assert len(server.sent_at) <= 30
    assert "unknown field top_p" in str(next(e for e in lost if isinstance(e, EndpointError)))


def test_bad_rows_among_good_ones_stop_nothing() -> None:
    count = [0]

    def failing(now: float) -> AskError | None:
        count[0] += 1
        return BadRequest("too long") if count[0] % 2 else None

    lost, _ = crowd(Server(failing=failing), 400, 10)
    assert len(lost) == 200
    assert all(isinstance(error, BadRequest) for error in lost)


def test_nothing_but_429s_stops_the_run_and_fails_no_row() -> None:
    server = Server(failing=lambda now: RateLimited("wait", retry_after=1.0))
    lost, seconds = crowd(server, 50, 10, give_up_after=60)
    assert all(isinstance(error, EndpointError) for error in lost)
    assert "nothing but 429s" in str(lost[0])
    assert 60 <= seconds <= 200


def test_a_stop_turns_away_who_waits_and_lets_what_is_in_flight_come_home() -> None:
    async def main() -> tuple[list[object], int]:
        server = Server(latency=1.0)
        teacher = Retrying(Limited(server, most=50))
        tasks = [asyncio.create_task(teacher.ask(REQUEST)) for _ in range(50)]
        await asyncio.sleep(0.1)
        teacher.stop(Interrupted("stop"))
        results = await asyncio.gather(*tasks, return_exceptions=True)
        with pytest.raises(Interrupted):
            await teacher.ask(REQUEST)
        return list(results), len(server.sent_at)

    (results, sent), _ = run(main)
    assert sent == 8
    assert sum(isinstance(result, Reply) for result in results) == 8
    assert sum(isinstance(result, Interrupted) for result in results) == 42


def test_a_stop_wakes_who_sleeps_before_the_next_attempt() -> None:
    async def main() -> None:
        teacher = Retrying(
            Limited(FakeTeacher(fail=lambda _: RateLimited("x", retry_after=500)), most=5)
        )
        task = asyncio.create_task(teacher.ask(REQUEST))
        await asyncio.sleep(1)
        teacher.stop(Interrupted("stop"))
        with pytest.raises(Interrupted):
            await task

    _, seconds = run(main)
    assert seconds < 2


def test_a_cancelled_request_gives_its_place_back() -> None:
    async def main() -> int:
        server = Server(latency=10.0)
        limited = Limited(server, most=2)
        first = [asyncio.create_task(limited.ask(REQUEST)) for _ in range(4)]
        await asyncio.sleep(1)
        for task in first:
            task.cancel()
        await asyncio.gather(*first, return_exceptions=True)
        assert limited.in_flight == 0
        await asyncio.gather(*(limited.ask(REQUEST) for _ in range(4)))
        return len(server.sent_at)

    sent, _ = run(main)
    assert sent == 6


def test_a_closed_teacher_can_be_asked_in_another_event_loop() -> None:
    limited = Limited(FakeTeacher({"yes": 1.0}), most=3)

    async def main() -> str:
        reply = await limited.ask(Request(REQUEST.messages))
        await limited.aclose()
        return reply.text

    assert [asyncio.run(main()), asyncio.run(main())] == ["yes", "yes"]


def test_a_server_that_takes_only_four_at_once_fails_no_row() -> None:
    server = Server(capacity=4, latency=0.2)
    lost, seconds = crowd(server, 880, 64)
    assert (lost, server.good) == ([], 880)
    assert server.refused <= 0.5 * 880
    assert seconds <= 2 * 880 * 0.2 / 4
