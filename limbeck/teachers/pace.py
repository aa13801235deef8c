"""How fast requests may start: token buckets, the server's own headers, and a pace that is learned
from refusals where a server says nothing.

Times are the event loop's, in seconds.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

NAMES = ("requests", "tokens")
LONGEST_RESET = 600.0  # seconds; then one request asks, whatever the server said


@dataclass(slots=True)
class Bucket:
    """Tokens come at `rate` a second, up to `size`; a start takes some of them."""

    rate: float
    size: float
    level: float
    at: float
    reset_at: float = float("inf")
    newest: float = float("-inf")  # when the newest request that told us something was sent
    taken_at: float = float("-inf")
    told_at: float = float("-inf")

    def wait(self, now: float, need: float) -> float:
        """Seconds until `need` can be taken; a need above `size` waits for a full bucket."""
        self._fill(now)
        need = min(need, self.size)
        if self.level >= need - 1e-9:
            return 0.0
        wait = (need - self.level) / self.rate if self.rate > 0 else float("inf")
        return max(0.0, min(wait, self.reset_at - now)) + 1e-6

    def take(self, now: float, need: float) -> None:
        self.level -= need
        self.taken_at = now

    def give_back(self, amount: float) -> None:
        self.level = min(self.size, self.level + amount)

    def _fill(self, now: float) -> None:
        if now > self.at:
            self.level = min(self.size, self.level + self.rate * (now - self.at))
            self.at = now
        if now >= self.reset_at:  # the server promised a full bucket: one request will tell
            if self.taken_at < self.told_at:
                self.level = max(self.level, 1.0)
            self.reset_at = float("inf")

    def told(self, now: float, remaining: float, in_flight: float, sent_at: float) -> None:
        """The server said how much was left after a request that was sent at `sent_at`.

        What is in flight may be counted in it or not. An answer that later ones have overtaken is
        stale: it can only lower the level.
        """
        self._fill(now)
        self.told_at = now
        self.level = min(self.level, remaining + 1)
        if sent_at > self.newest:
            self.newest = sent_at
            self.level = max(self.level, remaining - in_flight)


def limit(per_minute: int, now: float) -> Bucket:
    """A user's own limit, spread evenly: at most one second's worth starts at once."""
    rate = per_minute / 60
    size = max(1.0, rate)
    return Bucket(rate, size, size, now)


def read_headers(
    headers: Mapping[str, str],
    name: str,
    bucket: Bucket | None,
    now: float,
    in_flight: float,
    sent_at: float,
) -> Bucket | None:
    """What `x-ratelimit-{limit,remaining,reset}-{name}` say; the bucket as it was without them.

    `reset` is the time until the bucket is full again, so that (limit - remaining) / reset is its
    rate, whatever period the limit is for; a minute is taken where it is missing.
    """
    try:
        most = float(headers[f"x-ratelimit-limit-{name}"])
        remaining = float(headers[f"x-ratelimit-remaining-{name}"])
    except (KeyError, ValueError):
        return bucket
    if not (1 <= most < float("inf") and isfinite(remaining)):
        return bucket
    remaining = max(0.0, remaining)
    rate = most / 60
    reset = read_duration(headers.get(f"x-ratelimit-reset-{name}", ""))
    if reset is not None:
        reset = min(reset, LONGEST_RESET)
    if reset and most > remaining:
        rate = min(rate, (most - remaining) / reset)
    if bucket is None:
        bucket = Bucket(rate, most, max(0.0, remaining - in_flight), now, newest=sent_at)
    else:
        bucket.told(now, remaining, in_flight, sent_at)
        bucket.rate, bucket.size = rate, most
    if remaining < 1 and reset is not None:
        bucket.reset_at = now + reset
    return bucket


def read_duration(text: str) -> float | None:
    """Seconds in "6ms", "1.5s", "1m12s", "2h0m0.5s" or plain "30"; None for anything else."""
    text = text.strip()
    if re.fullmatch(r"\d+(\.\d*)?|\.\d+", text):
        return float(text)
    units = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6}
    if not re.fullmatch(r"(?:[\d.]+(?:ms|us|µs|[dhms]))+", text):
        return None
    try:
        parts = re.findall(r"([\d.]+)(ms|us|µs|[dhms])", text)
        return sum(float(number) * units[unit] for number, unit in parts)
    except ValueError:
        return None


WINDOW = 50  # answers that are looked at
MANY = 0.25  # this part of them refused: the server has a rate, and we are above it
MEASURED = 10  # admissions that make a measurement
PAUSE = 1.0  # seconds between two bursts of a measurement, or what the server asks for if more
BELOW = 0.98  # of the measured rate: where we settle
STRIKES = 5  # refusals in a row although we only went slower: they are not about our rate


class Pace:
    """A rate learned from 429s of a server that does not say its limit.

    Once refusals are many, everybody pauses, then starts again until the next refusal: what was
    admitted between two refusals, over the time between them, is the server's rate, since its
    bucket was empty both times. After that starts are spaced evenly a little below it, and probe
    upwards, faster the longer it goes well, with a patience that doubles with every refused probe.
    Refusals that do not stop when we go slower are not about our rate: then the pace is dropped.
    """

    def __init__(self) -> None:
        self.rate: float | None = None
        self._hold_until = 0.0
        self._last: deque[bool] = deque(maxlen=WINDOW)
        self._measuring = False
        self._mark = 0.0  # when the server's bucket was last seen empty
        self._admitted = 0  # since then
        self._measured = 0.0
        self._patience = 0.5
        self._strikes = 0
        self._settled_at = 0.0
        self._grown_at = 0.0
        self._next = 0.0

    @property
    def measuring(self) -> bool:
        return self._measuring

    def wait(self, now: float) -> float:
        """Seconds until the next start."""
        return max(0.0, self._hold_until - now, self._next - now if self.rate else 0.0)

    def started(self, now: float) -> None:
        if self.rate:
            self._next = max(now, self._next) + 1 / self.rate

    def admitted(self, now: float, sent_at: float) -> None:
        """A request that was sent at `sent_at` was not refused."""
        self._last.append(False)
        self._admitted += sent_at > self._mark
        if self._measuring:
            if now - self._mark > 30:  # no refusal any more: there is nothing to measure
                self._measuring = False
        elif self.rate is not None:
            self._grow(now)

    def refused(self, now: float, sent_at: float, retry_after: float | None) -> None:
        """A 429 for a request that was sent at `sent_at`."""
        if self._measuring:
            # What was under way before the pause says nothing new.
            if sent_at > max(self._mark, self._hold_until - 1e-3):
                self._measure(now, sent_at, retry_after)
            return
        self._last.append(True)
        refused = sum(self._last)
        if refused >= 6 and refused >= MANY * len(self._last):
            self._measuring, self._mark, self._admitted = True, now, 0
            self.rate = None
            self._pause(now, retry_after)
        elif self.rate is not None and sent_at > self._settled_at:
            self._correct(now, sent_at)

    def _measure(self, now: float, sent_at: float, retry_after: float | None) -> None:
        if self._admitted < MEASURED:
            self._pause(now, retry_after)
            return
        self._measuring = False
        self._measured = self._admitted / (sent_at - self._mark)
        self._hold_until = 0.0
        self._patience, self._strikes = 0.5, 0
        self._settle(now, sent_at)

    def _pause(self, now: float, retry_after: float | None) -> None:
        self._hold_until = now + max(PAUSE, retry_after or 0.0)
        self._last.clear()

    def _correct(self, now: float, sent_at: float) -> None:
        """One refusal at a rate of our own choice: since the last one, the bucket was emptied."""
        assert self.rate is not None
        seen = self._admitted / max(sent_at - self._mark, 1e-3)
        if self.rate > self._measured:  # it was a probe
            close = self.rate < 1.2 * self._measured
            if self._admitted >= 2 * MEASURED:
                self._measured = seen
            self._patience = min(60.0, max(6.0, 2 * self._patience if close else 0.0))
            self._strikes = 0
        else:
            enough = self._admitted >= 2 * MEASURED
            self._measured = min(self._measured, seen) if enough else 0.96 * self._measured
            self._strikes += 1
        if self._strikes == STRIKES:
            self.rate = None
        else:
            self._settle(now, sent_at)

    def _settle(self, now: float, sent_at: float) -> None:
        self.rate = BELOW * self._measured
        self._next = max(self._next, now + 1 / self.rate)
        self._mark, self._admitted = sent_at, 0
        self._settled_at = self._grown_at = now

    def _grow(self, now: float) -> None:
        assert self.rate is not None
        well = (now - self._settled_at) / self._patience
        if well > 1:
            # 5% a second at first, doubling with every further spell of patience
            speed = 0.05 * 2 ** min(well - 1, 5.0)
            self.rate *= 1 + speed * min(1.0, now - self._grown_at)
            if self.rate > 1.5 * self._measured:  # a stage higher: see how that goes
                self._measured, self._settled_at = self.rate, now
                self._patience = max(2.0, self._patience)
        self._grown_at = now
