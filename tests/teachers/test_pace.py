"""Buckets, headers and the learned pace; the crowds run in virtual time."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import RateLimited
from limbeck.teachers.pace import Bucket, limit, read_duration, read_headers
from tests.teachers.simulated import Server, busy, crowd


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6ms", 0.006),
        ("1.5s", 1.5),
        ("1m12s", 72.0),
        ("2h0m0.5s", 7200.5),
        ("1d", 86400.0),
        (" 30 ", 30.0),
        (".5", 0.5),
        ("0s", 0.0),
        ("", None),
        ("-5s", None),
        ("nan", None),
        ("inf", None),
        ("1.2.3s", None),
        ("5x", None),
        ("五秒", None),
        ("2026-11-24T00:00:00Z", None),
    ],
)
def test_a_duration_in_all_its_forms(text: str, seconds: float | None) -> None:
    assert read_duration(text) == seconds


def test_the_headers_make_a_bucket_and_a_stale_answer_only_lowers_it() -> None:
    def told(
        remaining: int, bucket: Bucket | None, now: float, in_flight: float, sent: float
    ) -> Bucket:
        headers = {
            "x-ratelimit-limit-requests": "60",
            "x-ratelimit-remaining-requests": str(remaining),
            "x-ratelimit-reset-requests": f"{60 - remaining}s",
        }
        found = read_headers(headers, "requests", bucket, now, in_flight, sent)
        assert found is not None
        return found

    bucket = told(10, None, 0.0, 4.0, 0.0)
    assert (bucket.rate, bucket.size, bucket.level) == (1.0, 60.0, 6.0)
    told(20, bucket, 0.0, 4.0, 0.5)
    assert bucket.level == 16.0
    told(50, bucket, 0.0, 4.0, 0.1)
    assert bucket.level == 16.0, "sent before the newest: stale"
    told(3, bucket, 0.0, 4.0, 0.1)
    assert bucket.level == 4.0, "but what it says is the most there can be"


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6000), st.lists(st.floats(0, 30), min_size=1, max_size=50))
def test_a_users_limit_holds_in_every_window(per_minute: int, pauses: list[float]) -> None:
    bucket, now, taken = limit(per_minute, 0.0), 0.0, []
    for pause in pauses:
        now += pause
        now += bucket.wait(now, 1)
        assert bucket.wait(now, 1) == 0.0
        bucket.take(now, 1)
        taken.append(now)
    for first, start in enumerate(taken):
        within = [at for at in taken[first:] if at < start + 60]
        assert len(within) <= per_minute + max(1, per_minute / 60) + 1e-6


@pytest.mark.parametrize(
    ("rpm", "burst", "latency", "retry_after"),
    [
        (120, 5, 0.1, 0.2),
        (300, 30, 0.5, None),
        (600, 5, 0.01, None),
        (600, 30, 0.1, 1.0),
        (1500, 10, 0.5, 0.2),
    ],
)
def test_the_rate_of_any_silent_server_is_found(
    rpm: int, burst: int, latency: float, retry_after: float | None
) -> None:
    server = Server(rpm=rpm, burst=burst, latency=latency, retry_after=retry_after)
    rows = rpm + burst  # a minute's work
    lost, seconds = crowd(server, rows, 40)
    assert (lost, server.good) == ([], rows)
    assert seconds <= 1.25 * 60
    assert server.refused <= 0.05 * rows + 65


@pytest.mark.parametrize("latency", [0.05, 0.5])
@pytest.mark.parametrize("kind", ["429", "429 with a wait", "503"])
def test_noise_of_one_in_twenty_is_no_limit_and_slows_nobody_down_much(
    latency: float, kind: str
) -> None:
    rows, width = 1000, 50
    _, calm = crowd(Server(latency=latency), rows, width)
    for seed in range(3):
        drawn = random.Random(seed)

        def failing(now: float, drawn: random.Random = drawn) -> RateLimited | None:
            if drawn.random() >= 0.05:
                return None
            if kind == "503":
                return busy()  # type: ignore[return-value]
            return RateLimited("噪", retry_after=0.3 if kind != "429" else None)

        lost, seconds = crowd(Server(latency=latency, failing=failing), rows, width)
        assert lost == []
        assert seconds <= 3 * calm
