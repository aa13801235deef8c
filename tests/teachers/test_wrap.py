"""Retrying asks again where that can help; Recorded pays once."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import (
    AskError,
    AuthError,
    BadRequest,
    EndpointError,
    Malformed,
    RateLimited,
    Transient,
    Unreachable,
)
from limbeck.ledger import Ledger, request_key
from limbeck.money import Meter, estimate_tokens
from limbeck.protocols import Reply, Request, Usage
from limbeck.record import user
from limbeck.teachers.recorded import Recorded
from limbeck.teachers.retrying import Retrying
from limbeck.testing import FakeTeacher
from tests import virtual_time

REQUEST = Request((user("你好, café 🙂"),), temperature=0.7, seed=1)


def failing(times: int, error: Callable[[], Exception]) -> FakeTeacher:
    left = [times]

    def fail(_: Request) -> Exception | None:
        left[0] -= 1
        return error() if left[0] >= 0 else None

    return FakeTeacher({"yes": 1.0}, fail=fail)


def retrying(teacher: FakeTeacher, attempts: int = 3) -> Retrying:
    return Retrying(teacher, attempts=attempts, first_wait=0.0)


def test_a_transient_failure_is_asked_again_until_it_passes() -> None:
    teacher = failing(2, lambda: Transient("HTTP 500"))
    reply, sent, wasted = asyncio.run(retrying(teacher).ask_counted(REQUEST))
    assert (reply.text, sent, wasted) == ("yes", 3, Usage())


def test_attempts_are_bounded_and_the_last_error_counts_what_was_sent() -> None:
    teacher = failing(99, lambda: Transient("HTTP 500"))
    with pytest.raises(Transient) as caught:
        asyncio.run(retrying(teacher).ask(REQUEST))
    assert caught.value.sent == 3
    assert len(teacher.asked) == 3


def test_a_rate_limit_is_no_attempt() -> None:
    teacher = failing(20, lambda: RateLimited("slow down", retry_after=0.0))
    reply, sent, _ = asyncio.run(retrying(teacher, attempts=1).ask_counted(REQUEST))
    assert (reply.text, sent) == ("yes", 21)


def test_a_request_that_can_never_be_answered_is_sent_once() -> None:
    teacher = failing(99, lambda: BadRequest("HTTP 400"))
    with pytest.raises(BadRequest):
        asyncio.run(retrying(teacher).ask(REQUEST))
    assert len(teacher.asked) == 1


def test_a_refused_key_is_sent_once() -> None:
    teacher = failing(99, lambda: AuthError("401"))
    with pytest.raises(AuthError):
        asyncio.run(retrying(teacher).ask(REQUEST))
    assert len(teacher.asked) == 1


def test_an_endpoint_that_never_answers_stops_the_run_and_not_only_the_row() -> None:
    teacher = failing(99, lambda: Unreachable("connection refused"))
    with pytest.raises(EndpointError, match=r"connection refused.*base_url"):
        asyncio.run(retrying(teacher).ask(REQUEST))


def test_a_recorded_reply_is_never_asked_again_even_by_another_process(tmp_path: Path) -> None:
    first, second = FakeTeacher({"a": 0.5, "b": 0.5}), FakeTeacher({"c": 1.0})
    with Ledger(tmp_path / "l.sqlite") as ledger:
        one = asyncio.run(Recorded(first, ledger).ask(REQUEST))
    with Ledger(tmp_path / "l.sqlite") as ledger:
        two = asyncio.run(Recorded(second, ledger).ask(REQUEST))
    assert one == two
    assert one.key == request_key(first.identity, REQUEST)
    assert second.asked == []


def test_a_reply_is_on_disk_before_it_is_returned(tmp_path: Path) -> None:
    async def main() -> None:
        reply = await Recorded(FakeTeacher({"a": 1.0}), ledger).ask(REQUEST)
        with Ledger(tmp_path / "l.sqlite") as other:  # another connection sees it already
            assert other.get(reply.key) is not None

    with Ledger(tmp_path / "l.sqlite") as ledger:
        asyncio.run(main())


def test_a_failure_is_stored_as_a_failure_and_asked_again_next_time(tmp_path: Path) -> None:
    teacher = failing(1, lambda: Malformed("no choices"))
    with Ledger(tmp_path / "l.sqlite") as ledger:
        recorded = Recorded(teacher, ledger)
        with pytest.raises(Malformed):
            asyncio.run(recorded.ask(REQUEST))
        assert ledger.counts() == (0, 1)
        assert asyncio.run(recorded.ask(REQUEST)).text == "yes"
        assert ledger.counts() == (1, 1)


def test_calls_are_told_apart_by_where_the_answer_came_from(tmp_path: Path) -> None:
    meter, told = Meter(), []
    with Ledger(tmp_path / "l.sqlite") as ledger:
        teacher = Recorded(
            FakeTeacher(), ledger, meter=meter, on_call=lambda: told.append(meter.found)
        )
        asyncio.run(teacher.ask(REQUEST))
        asyncio.run(teacher.ask(REQUEST))
    assert told == [0, 1]


def test_identity_name_and_close_pass_through(tmp_path: Path) -> None:
    teacher = FakeTeacher(name="x")
    with Ledger(tmp_path / "l.sqlite") as ledger:
        wrapped = Recorded(retrying(teacher), ledger)
        assert (wrapped.name, wrapped.identity) == (teacher.name, teacher.identity)
        asyncio.run(wrapped.aclose())
    assert teacher.closed


@pytest.mark.parametrize("kind", [RateLimited, Transient, Unreachable, Malformed])
def test_what_may_pass_is_marked_retryable(kind: type[AskError]) -> None:
    assert kind("x").retryable
    assert not BadRequest("x").retryable


def test_the_same_reply_object_is_not_shared_between_keys(tmp_path: Path) -> None:
    other = Request(REQUEST.messages, temperature=0.7, seed=2)
    with Ledger(tmp_path / "l.sqlite") as ledger:
        recorded = Recorded(FakeTeacher({"a": 1.0}), ledger)
        replies: list[Reply] = [asyncio.run(recorded.ask(r)) for r in (REQUEST, other)]
    assert replies[0].key != replies[1].key


def test_a_wait_of_a_day_is_not_sat_out() -> None:
    asked = [RateLimited("每天的限额", retry_after=86400.0)]

    async def main() -> None:
        teacher = FakeTeacher(fail=lambda _: asked[0])
        with pytest.raises(EndpointError, match=r"24 h 00 min.*give_up_after.*每天的限额"):
            await Retrying(teacher).ask(REQUEST)

    _, seconds = virtual_time.run(main)
    assert seconds == 0

    async def other() -> str:  # an outage that names a wait like that is tried as usual
        down = failing(2, lambda: Transient("HTTP 503", retry_after=86400.0))
        return (await Retrying(down).ask(REQUEST)).text

    text, seconds = virtual_time.run(other)
    assert text == "yes"
    assert seconds < 10


@settings(max_examples=30, deadline=None)
@given(st.floats(0.0, 500.0), st.integers(0, 99))
def test_the_wait_that_the_server_asks_for_is_kept_and_jittered_upwards(
    wait: float, seed: int
) -> None:
    async def main() -> None:
        await Retrying(failing(1, lambda: RateLimited("x", retry_after=wait))).ask(REQUEST)

    random.seed(seed)
    _, seconds = virtual_time.run(main)
    assert wait * 0.999 <= seconds <= 1.05 * wait + 0.05


def test_a_row_is_given_up_in_time_whatever_the_number_of_attempts() -> None:
    async def main() -> None:
        teacher = failing(10**6, lambda: Transient("HTTP 500"))
        with pytest.raises(Transient):
            await Retrying(teacher, attempts=10**6, give_up_after=60).ask(REQUEST)

    _, seconds = virtual_time.run(main)
    assert 60 <= seconds <= 60 + 31


@pytest.mark.parametrize("attempts", [2, 6])
def test_what_may_be_billed_is_tried_three_times_at_most_and_what_was_wasted_is_summed(
    attempts: int,
) -> None:
    def error() -> Transient:
        failure = Transient("down")
        failure.billed, tokens = True, next(said)
        failure.tokens = tokens
        return failure

    said = iter([(3, 1), None, (3, 1)])
    with pytest.raises(Transient) as caught:
        asyncio.run(retrying(failing(99, error), attempts=attempts).ask(REQUEST))
    most = (estimate_tokens(REQUEST), REQUEST.max_tokens)
    last = attempts > 2
    assert caught.value.sent == (3 if last else 2)
    assert caught.value.wasted == (3 + most[0] + 3 * last, 1 + most[1] + last)


def test_a_busy_server_is_asked_twice_more_and_no_oftener() -> None:
    def error() -> Transient:
        failure = Transient("HTTP 503")
        failure.overload = True
        return failure

    with pytest.raises(Transient) as caught:
        asyncio.run(retrying(failing(99, error)).ask(REQUEST))
    assert caught.value.sent == 3 + 2


def test_a_row_that_alone_gets_429s_fails_and_the_run_goes_on() -> None:
    other = dataclasses.replace(REQUEST, index=7)

    async def main() -> None:
        refused = RateLimited("zu viele Zeichen", retry_after=20.0)
        teacher = Retrying(
            FakeTeacher(fail=lambda request: refused if request is REQUEST else None),
            give_up_after=60,
        )

        async def others() -> None:
            while True:
                await teacher.ask(other)
                await asyncio.sleep(5)

        going_on = asyncio.create_task(others())
        with pytest.raises(RateLimited):
            await teacher.ask(REQUEST)
        going_on.cancel()
        assert (await teacher.ask(other)).text

    _, seconds = virtual_time.run(main)
    assert 60 < seconds < 300
