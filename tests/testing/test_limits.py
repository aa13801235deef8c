"""Token buckets on a clock that the test turns: nothing here waits."""

from __future__ import annotations

import pytest

from limbeck.testing import FaultyServer
from limbeck.testing.limits import Limits, duration, tokens_asked
from tests.testing.wire import chat, post

BODY = chat("é" * 40, max_tokens=90)  # 10 tokens of prompt


class Clock:
    """Seconds that stand still."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_one_request_per_interval() -> None:
    clock = Clock()
    limits = Limits(rpm=600, burst=3, clock=clock)
    assert [limits.admit(BODY) for _ in range(3)] == [None] * 3
    refusal = limits.admit(BODY)
    assert refusal is not None
    assert (refusal[0], round(refusal[1], 6)) == ("requests", 0.1)
    clock.now += 0.1000001
    assert limits.admit(BODY) is None
    assert limits.admit(BODY) is not None
    clock.now += 3600
    assert [limits.admit(BODY) is None for _ in range(4)] == [True, True, True, False]


def test_headers_say_what_is_left_and_when_all_of_it_is_back() -> None:
    clock = Clock()
    limits = Limits(rpm=60, burst=10, tpm=6000, token_burst=1000, clock=clock)
    for _ in range(2):
        assert limits.admit(BODY) is None
    assert limits.headers() == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "8",
        "x-ratelimit-reset-requests": "2s",
        "x-ratelimit-limit-tokens": "6000",
        "x-ratelimit-remaining-tokens": "800",
        "x-ratelimit-reset-tokens": "2s",
    }
    clock.now += 1.5
    assert limits.headers()["x-ratelimit-reset-requests"] == "500ms"


def test_a_request_that_the_tokens_refuse_takes_no_request_either() -> None:
    limits = Limits(rpm=10, tpm=150, token_burst=150, clock=Clock())
    assert limits.admit(BODY) is None
    for _ in range(5):
        refusal = limits.admit(BODY)
        assert refusal is not None
        assert (refusal[0], round(refusal[1], 6)) == ("tokens", 20)
    assert limits.headers()["x-ratelimit-remaining-requests"] == "9"


def test_a_request_larger_than_the_bucket_waits_for_a_full_one() -> None:
    clock = Clock()
    limits = Limits(tpm=60, token_burst=50, clock=clock)
    assert limits.admit(BODY) is None
    assert limits.admit(BODY) is not None
    clock.now += 51
    assert limits.admit(BODY) is None


def test_tokens_are_a_quarter_of_the_characters_and_what_may_be_written() -> None:
    assert tokens_asked(BODY) == 100
    assert tokens_asked(chat("12345", max_completion_tokens=7)) == 9
    assert tokens_asked({"prompt": "1234"}) == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.12, "120ms"), (0.0001, "1ms"), (1.2, "1.2s"), (60, "1m0s"), (361.5, "6m1.5s")],
)
def test_durations_are_written_as_openai_writes_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("limits", [{"rpm": 0}, {"rpm": 60, "burst": 0.5}, {"tpm": -1}])
def test_limits_that_let_nothing_through_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a limit must be above 0"):
        FaultyServer(**limits)  # type: ignore[arg-type]


def test_beyond_the_burst_the_server_says_429_and_how_long_to_wait() -> None:
    with FaultyServer(rpm=2, burst=2) as server:
        first, second, third = (post(server.base_url, BODY) for _ in range(3))
    assert [first.status, second.status, third.status] == [200, 200, 429]
    assert third.row["error"]["code"] == "rate_limit_exceeded"
    left = [got.headers["x-ratelimit-remaining-requests"] for got in (first, second, third)]
    assert left == ["1", "0", "0"]
    assert 0 < int(third.headers["retry-after"]) <= 30
    assert 0 < int(third.headers["retry-after-ms"]) <= 30_000
    assert "retry-after" not in first.headers
    assert (server.rejected, server.served.total()) == ({"requests": 1}, 2)


def test_a_server_may_keep_its_limits_to_itself() -> None:
    with FaultyServer(tpm=120, limit_headers=False, retry_after=False) as server:
        first, second = (post(server.base_url, BODY) for _ in range(2))
    assert (first.status, second.status) == (200, 429)
    told = [name for got in (first, second) for name in got.headers]
    assert [name for name in told if "retry" in name or "ratelimit" in name] == []
    assert "again" not in second.row["error"]["message"]
    assert server.rejected == {"tokens": 1}
