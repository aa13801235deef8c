"""What an API admits: requests and tokens a minute, and the headers that say what is left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from limbeck.testing.server import Answer, error_body, prompt_text

CHARACTERS_A_TOKEN = 4


class Bucket:
    """A token bucket: `size` units at first, `per_minute` flow back evenly."""

    def __init__(self, per_minute: float, size: float, clock: Callable[[], float]) -> None:
        if per_minute <= 0 or size < 1:
            raise ValueError(
                f"a limit must be above 0 a minute with a burst of 1 or more, got {per_minute:g} "
                f"a minute and {size:g}"
            )
        self.per_minute = per_minute
        self.size = size
        self._clock = clock
        self._level = size
        self._at = clock()

    def level(self) -> float:
        """Units there are now."""
        now = self._clock()
        self._level = min(self.size, self._level + (now - self._at) * self.per_minute / 60)
        self._at = now
        return self._level

    def wait(self, units: float) -> float:
        """Seconds until there are `units`; one that asks for more than all waits for all."""
        lacking = min(units, self.size) - self.level()
        return max(0.0, lacking * 60 / self.per_minute)

    def take(self, units: float) -> None:
        self._level = self.level() - min(units, self.size)


class Limits:
    """RPM and TPM of one server, each a token bucket; what is refused takes nothing out of them.

    A burst that is not given is a whole minute's worth, as at OpenAI. `clock` gives seconds.
    """

    def __init__(
        self,
        *,
        rpm: float | None = None,
        burst: float | None = None,
        tpm: float | None = None,
        token_burst: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._buckets: dict[str, Bucket] = {}
        if rpm is not None:
            self._buckets["requests"] = Bucket(rpm, burst or rpm, clock)
        if tpm is not None:
            self._buckets["tokens"] = Bucket(tpm, token_burst or tpm, clock)

    def admit(self, body: Mapping[str, Any]) -> tuple[str, float] | None:
        """None when the request may pass, else what it ran into and the seconds to wait."""
        costs = {"requests": 1.0, "tokens": float(tokens_asked(body))}
        for name, bucket in self._buckets.items():
            seconds = bucket.wait(costs[name])
            if seconds > 0:
                return name, seconds
        for name, bucket in self._buckets.items():
            bucket.take(costs[name])
        return None

    def headers(self) -> dict[str, str]:
        """`x-ratelimit-limit-*`, `-remaining-*` and `-reset-*` as they stand now."""
        found = {}
        for name, bucket in self._buckets.items():
            found[f"x-ratelimit-limit-{name}"] = f"{bucket.per_minute:.0f}"
            found[f"x-ratelimit-remaining-{name}"] = str(math.floor(bucket.level()))
            found[f"x-ratelimit-reset-{name}"] = duration(bucket.wait(bucket.size))
        return found


def refused(what: str, seconds: float, *, retry_after: bool) -> Answer:
    """The 429 of a limit. With `retry_after` it says how long to wait, in both of the headers."""
    headers = {}
    if retry_after:
        headers = {
            "Retry-After": str(math.ceil(seconds)),
            "retry-after-ms": str(math.ceil(seconds * 1000)),
        }
    message = f"Rate limit reached for {what} per minute."
    return Answer(error_body(message, "rate_limit_exceeded", what), 429, headers)


def tokens_asked(body: Mapping[str, Any]) -> int:
    """What a request counts towards TPM: its prompt at 4 characters a token, and max_tokens."""
    allowed = body.get("max_completion_tokens", body.get("max_tokens", 0))
    return math.ceil(len(prompt_text(body)) / CHARACTERS_A_TOKEN) + int(allowed or 0)


def duration(seconds: float) -> str:
    """As OpenAI writes it: "0s", "120ms", "1.2s", "6m0s"; rounded up to a millisecond."""
    millis = math.ceil(seconds * 1000)
    if 0 < millis < 1000:
        return f"{millis}ms"
    minutes, rest = divmod(millis, 60_000)
    return f"{minutes}m{rest / 1000:g}s" if minutes else f"{rest / 1000:g}s"
