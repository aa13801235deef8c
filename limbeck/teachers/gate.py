"""One gate for everything that goes to one (endpoint, model): how many requests are in flight, and
when the next one may start.

The number in flight finds its own level: slow start from 8, then additive increase and
multiplicative decrease (Chiu and Jain 1989), on the share of refused answers and not on every
single one, so that a few random failures do not empty the pipe. Starts are spaced by the user's
limits, the server's rate-limit headers and a learned pace (pace.py).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Literal

from limbeck.errors import LimbeckError
from limbeck.teachers.pace import NAMES, Bucket, Pace, limit, read_headers

START = 8  # in flight before the first answer: a wrong key costs no more than these
WINDOW = 50  # answers that are looked at
TOO_MANY = 0.15  # share of refused answers above which fewer are kept in flight
BELIEVED = 60.0  # seconds that headers may hold everybody back: then one request finds out
SLOW = 5.0  # times the usual answer's time: a server with too many at once is slow for all
Outcome = Literal["ok", "failed", "overloaded", "timeout", "limited", "unknown"]


class Gate:
    """Admits requests in the order in which they ask.

    `most` is the upper bound of requests in flight, `rpm` and `tpm` are the user's limits. Belongs
    to the event loop that it is first used in.
    """

    def __init__(self, most: int, *, rpm: int | None = None, tpm: int | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self.most = most
        self.level = float(min(START, most))
        self.in_flight = 0
        self._tokens_in_flight = 0.0
        self._slow_start = True
        self._own = limit(rpm, now) if rpm else None
        self._own_tokens = limit(tpm, now) if tpm else None
        self._told: dict[str, Bucket | None] = dict.fromkeys(NAMES)
        self._started_at = now
        self._pace = Pace()
        self._alone = False
        self._held_until = 0.0
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._lowered_at = float("-inf")
        self._latency = 0.0
        self._waiting: deque[tuple[asyncio.Future[None], float]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._shut: LimbeckError | None = None
        self._paced = bool(rpm or tpm)  # else there is nothing to look up before a start

    @property
    def counts_tokens(self) -> bool:
        """Whether an estimate of a request's tokens is of any use."""
        return self._own_tokens is not None or self._told["tokens"] is not None

    async def enter(self, tokens: float = 0.0) -> float:
        """Wait for a place; returns when the request starts, for `leave`.

        `tokens` is an estimate of what the request may use. Raises the error of `shut`.
        """
        if self._shut is not None:
            raise self._shut
        now = self._loop.time()
        if not self._waiting and self._wait(now, tokens) == 0:
            self._start(now, tokens)
            return now
        place: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((place, tokens))
        self._pump()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self._end(tokens)  # it had been let in already
            self._pump()
            raise
        return self._loop.time()

    def leave(
        self,
        outcome: Outcome,
        started: float,
        tokens: float = 0.0,
        *,
        used: float | None = None,
        retry_after: float | None = None,
    ) -> None:
        """A request ended. `used` is what it really took of the tokens, where that is known."""
        now = self._loop.time()
        self._end(tokens)
        if used is not None and self._own_tokens is not None:
            self._own_tokens.give_back(tokens - used)
        if outcome == "ok":
            self._succeeded(now, started)
        elif outcome == "timeout" and now - started > SLOW * self._latency > 0:
            self._recent.append(False)  # others are quick: it is the request that hangs
        elif outcome in ("overloaded", "timeout", "limited"):
            if outcome == "limited":
                self._pace.refused(now, started, retry_after)
                self._paced = True
                if self._pace.measuring:
                    self.level, self._slow_start = 1.0, True
                elif self._slow_start:  # nobody takes its place before we know more
                    self.level = max(1.0, self.level - 1)
            self._recent.append(True)
            self._lower(now)
        if self._waiting:
            self._pump()

    def read_headers(self, headers: Mapping[str, str], sent_at: float) -> None:
        """Take in the rate-limit headers of an answer, if there are any."""
        now = self._loop.time()
        flying = (float(self.in_flight), self._tokens_in_flight)
        for name, under_way in zip(NAMES, flying, strict=True):
            told = read_headers(headers, name, self._told[name], now, under_way, sent_at)
            if told is not None:
                self._told[name] = told
                self._paced = True

    def hold(self, seconds: float, *, alone: bool) -> None:
        """Let nobody in for some time, and then, if `alone`, only one at a time until `free`."""
        self._held_until = max(self._held_until, self._loop.time() + seconds)
        self._alone = alone
        self._paced = True

    def free(self) -> None:
        """End a hold."""
        self._held_until, self._alone = 0.0, False
        self._pump()

    def shut(self, error: LimbeckError) -> None:
        """Turn away everybody who waits, and who comes. What is in flight goes on."""
        self._shut = error
        while self._waiting:
            place, _ = self._waiting.popleft()
            if not place.done():
                place.set_exception(error)

    def _wait(self, now: float, tokens: float) -> float:
        """Seconds until this request may start; infinite until another one ends."""
        if self.in_flight >= (1 if self._alone else int(self.level)):
            return float("inf")
        if not self._paced:
            return 0.0
        wait = max(self._held_until - now, self._pace.wait(now), 0.0)
        if self._own is not None:
            wait = max(wait, self._own.wait(now, 1))
        if self._own_tokens is not None:
            wait = max(wait, self._own_tokens.wait(now, tokens))
        for name, need in zip(NAMES, (1.0, tokens), strict=True):
            bucket = self._told[name]
            if bucket is not None:
                believed = self._started_at + BELIEVED - now
                wait = max(wait, min(bucket.wait(now, need), believed))
        return wait

    def _start(self, now: float, tokens: float) -> None:
        self.in_flight += 1
        self._tokens_in_flight += tokens
        self._started_at = now
        if not self._paced:
            return
        self._pace.started(now)
        for bucket, need in (
            (self._own, 1.0),
            (self._own_tokens, tokens),
            (self._told["requests"], 1.0),
            (self._told["tokens"], tokens),
        ):
            if bucket is not None:
                bucket.take(now, need)

    def _end(self, tokens: float) -> None:
        self.in_flight -= 1
        self._tokens_in_flight -= tokens

    def _pump(self) -> None:
        """Let in as many as may start now, and wake up when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            place, tokens = self._waiting[0]
            if place.done():  # its owner was cancelled
                self._waiting.popleft()
                continue
            now = self._loop.time()
            wait = self._wait(now, tokens)
            if wait > 0:
                if wait < float("inf"):
                    self._timer = self._loop.call_later(wait, self._pump)
                return
            self._waiting.popleft()
            self._start(now, tokens)
            place.set_result(None)

    def _succeeded(self, now: float, started: float) -> None:
        self._recent.append(False)
        took = now - started
        self._latency = took if not self._latency else 0.9 * self._latency + 0.1 * took
        if self._paced:
            self._pace.admitted(now, started)
        if self.level < self.most and 2 * (self.in_flight + 1) >= self.level:  # else not needed
            if self._slow_start:
                self.level += 0.2 if self._pace.measuring else 0.5
            else:
                # a round trip adds a tenth, at least 2 once that is little, 8% when there are many
                self.level += max(min(2.0, 0.1 * self.level), 0.08 * self.level) / self.level
            self.level = min(self.level, float(self.most))

    def _lower(self, now: float) -> None:
        """Keep fewer in flight if refusals are many; once a round trip, since every answer of the
        same round says the same."""
        refused = sum(self._recent)
        if refused < 5 or refused < TOO_MANY * len(self._recent):
            return
        if now - self._lowered_at < max(0.5, self._latency):
            return
        self.level = max(1.0, self.level * (0.5 if self._slow_start else 0.8))
        self._slow_start = False
        self._lowered_at = now
        self._recent.clear()
