"""The breaker's boundaries, told of attempts at chosen times."""

from __future__ import annotations

import pytest

from limbeck.errors import BadRequest, EndpointError, RateLimited, Transient
from limbeck.teachers.breaker import ENOUGH, LONGEST_WAIT, SLICE, SLICES, TRIP, Breaker

DOWN = Transient("HTTP 500: 坏了")


def opened(now: float = 0.0, give_up_after: float = 600.0) -> Breaker:
    breaker = Breaker(give_up_after)
    for _ in range(TRIP):
        breaker.failed(now, DOWN, now, first=True)
    return breaker


def test_it_opens_at_the_twentieth_failure_in_a_row_and_waits_twice_as_long_each_time() -> None:
    breaker = Breaker(600)
    assert [breaker.failed(0, DOWN, 0, first=True) for _ in range(TRIP - 1)] == [0.0] * (TRIP - 1)
    assert not breaker.is_open
    waits = [breaker.failed(0, DOWN, 0, first=True) for _ in range(8)]
    assert waits == [1, 2, 4, 8, 16, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT]
    assert breaker.is_open


def test_one_success_closes_it_and_starts_the_count_again() -> None:
    breaker = opened()
    assert breaker.succeeded(1.0, 1.0)
    assert not breaker.succeeded(1.0, 1.0), "it was closed already"
    assert [breaker.failed(2.0, DOWN, 2.0, first=True) for _ in range(TRIP - 1)] == [0.0] * (
        TRIP - 1
    )


def test_neither_a_429_nor_a_bad_request_is_an_outage() -> None:
    breaker = Breaker(600)
    for number in range(10 * TRIP):
        assert breaker.failed(0, RateLimited("慢"), 0, first=True) == 0.0
        assert breaker.failed(0, BadRequest(f"row {number}"), 0, first=True) == 0.0
    assert not breaker.is_open


def test_it_gives_up_at_the_time_and_not_before() -> None:
    breaker = opened(now=5.0, give_up_after=60.0)
    assert breaker.failed(64.9, DOWN, 64.9, first=True) > 0
    with pytest.raises(EndpointError, match=r"1 min 00 s.*坏了"):
        breaker.failed(65.0, DOWN, 65.0, first=True)


def test_the_same_refusal_stops_only_a_run_in_which_nothing_ever_succeeded() -> None:
    breaker = Breaker(600)
    for _ in range(TRIP - 1):
        breaker.failed(0, BadRequest("unknown field"), 0, first=True)
    with pytest.raises(EndpointError, match="unknown field"):
        breaker.failed(0, BadRequest("unknown field"), 0, first=True)
    breaker = Breaker(600)
    breaker.succeeded(0, 0)
    for _ in range(3 * TRIP):
        breaker.failed(0, BadRequest("unknown field"), 0, first=True)


@pytest.mark.parametrize(("successes", "stops"), [(1, True), (2, False)])
def test_three_failures_in_four_stop_it_when_they_last_and_two_in_four_do_not(
    successes: int, stops: bool
) -> None:
    breaker = Breaker(600)
    attempts = ENOUGH  # in each slice

    def work() -> None:
        for number in range(SLICES):
            for turn in range(attempts):
                now = number * SLICE
                if turn % 4 < successes:
                    breaker.succeeded(now, now)
                else:
                    breaker.failed(now, DOWN, now, first=True)

    if stops:
        with pytest.raises(EndpointError, match="requests to the teacher failed in the last"):
            work()
    else:
        work()


def test_a_request_that_fails_again_and_again_is_no_outage() -> None:
    breaker = Breaker(600)
    breaker.succeeded(0, 0)
    for turn in range(100 * TRIP):
        assert breaker.failed(1 + turn / 10, DOWN, 1 + turn / 10, first=turn < TRIP - 1) == 0.0
    assert not breaker.is_open


def test_failures_that_come_home_after_what_was_sent_later_succeeded_are_no_outage() -> None:
    breaker = Breaker(600)
    breaker.succeeded(3.0, sent=2.0)
    for _ in range(10 * TRIP):  # hung since before, all run out of time at once
        assert breaker.failed(120.0, DOWN, 1.0, first=True) == 0.0
    for _ in range(TRIP - 1):
        assert breaker.failed(120.0, DOWN, 4.0, first=True) == 0.0
    breaker.succeeded(121.0, sent=5.0)
    assert breaker.failed(122.0, DOWN, 6.0, first=True) == 0.0


def test_while_it_is_open_what_was_in_flight_before_makes_nobody_wait_longer() -> None:
    breaker = opened(now=10.0)
    assert [breaker.failed(10.0, DOWN, 9.0, first=True) for _ in range(50)] == [1.0] * 50
    assert breaker.failed(11.0, DOWN, 11.0, first=False) == 2.0, "a probe, a retry as any"
