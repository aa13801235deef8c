"""A circuit breaker: an endpoint that only fails is asked one request at a time, and then not at
all, with a sentence that says why.

The endpoint's health is judged by the first attempts of different requests, in the order in which
they were sent: a request that fails again and again says nothing of the endpoint, and neither do
failures that come home together, long after what was sent later has succeeded.
"""

from __future__ import annotations

from collections import deque

from limbeck.errors import AskError, BadRequest, EndpointError, RateLimited, Unreachable
from limbeck.text import duration

TRIP = 20  # requests in a row whose first attempt failed: that opens it
LONGEST_WAIT = 30.0  # seconds between two probes of an endpoint that is down
HIGH = 0.75  # a share of failures at which going on is a waste
SLICE, SLICES = 10.0, 4  # the share is taken over the last four times ten seconds
ENOUGH = 100  # attempts that make a share


class Breaker:
    """Told of every attempt; says how long to hold everybody back. Times are in seconds.

    `give_up_after`: an endpoint at which nothing succeeds for so long stops the run.
    """

    def __init__(self, give_up_after: float) -> None:
        self._give_up_after = give_up_after
        self._in_a_row: list[float] = []  # when they were sent: failures since the last success
        self._answered = float("-inf")  # when what succeeded was sent, the latest
        self._failed_probes = 0
        self._opened: float | None = None
        self._ever = False
        self._slices: deque[list[float]] = deque(maxlen=SLICES)  # start, succeeded, failed
        self._refusals: dict[str, int] = {}

    @property
    def is_open(self) -> bool:
        return self._opened is not None

    def succeeded(self, now: float, sent: float) -> bool:
        """Something sent at `sent` succeeded. Returns whether this closed the breaker."""
        self._ever = True
        self._answered = max(self._answered, sent)
        if self._in_a_row:
            self._in_a_row = [failed for failed in self._in_a_row if failed > sent]
        self._count(now, failed=False)
        was_open, self._opened = self.is_open, None
        return was_open

    def failed(self, now: float, error: AskError, sent: float, *, first: bool) -> float:
        """An attempt sent at `sent` failed, its request's `first` one or another. Seconds to let
        nobody in, 0 while it is closed. Raises EndpointError."""
        if isinstance(error, RateLimited):
            return 0.0  # no failure
        if isinstance(error, BadRequest):
            self._refused(error)
            return 0.0  # the endpoint works: it is the request that is wrong
        if first:
            self._count(now, failed=True)
            self._check_rate(now, error)
            if sent >= self._answered:
                self._in_a_row.append(sent)
        if self._opened is None and (not first or len(self._in_a_row) < TRIP):
            return 0.0
        if isinstance(error, Unreachable) and not self._ever:
            raise EndpointError(
                f"nothing answers at the teacher's endpoint ({_words(error)}). Check base_url and "
                "that the server runs, then run the same command again"
            )
        if self._opened is None:
            self._opened = now
            self._failed_probes = 0
        elif sent >= self._opened:  # else it was in flight before
            self._failed_probes += 1
        if now - self._opened >= self._give_up_after:
            spell = duration(now - self._opened)
            raise EndpointError(
                f"nothing has succeeded at the teacher's endpoint for {spell}; the last failure: "
                f"{_words(error)}. What is answered is in the ledger: run the same command again "
                "when it works"
            )
        return float(min(2**self._failed_probes, LONGEST_WAIT))

    def _refused(self, error: BadRequest) -> None:
        if self._ever:
            return
        text = str(error)
        self._refusals[text] = self._refusals.get(text, 0) + 1
        if self._refusals[text] >= TRIP:
            raise EndpointError(
                f"the teacher's endpoint refused the first {TRIP} requests, all with the same "
                f"words: {_words(error)}. Check the teacher and generate sections of the recipe"
            )

    def _count(self, now: float, *, failed: bool) -> None:
        if not self._slices or now - self._slices[-1][0] >= SLICE:
            self._slices.append([now, 0, 0])
        self._slices[-1][1 + failed] += 1

    def _check_rate(self, now: float, error: AskError) -> None:
        if len(self._slices) < SLICES:  # a short spell is waited out
            return
        failures = int(sum(failed for _, _, failed in self._slices))
        attempts = failures + int(sum(succeeded for _, succeeded, _ in self._slices))
        if attempts >= ENOUGH and failures >= HIGH * attempts:
            spell = duration(now - self._slices[0][0])
            raise EndpointError(
                f"{failures} of {attempts} requests to the teacher failed in the last {spell}, the "
                f"last one with: {_words(error)}. What is answered is in the ledger: run the same "
                "command again when the endpoint works"
            )


def _words(error: AskError) -> str:
    """An error's words without a full stop: a sentence goes on after them."""
    return str(error).rstrip(". ")
