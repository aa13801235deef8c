"""A server that fails on purpose, always in the same way for the same workload."""

from __future__ import annotations

import asyncio
import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from aiohttp import web

from limbeck.record import canonical_json, content_hash
from limbeck.testing import kinds
from limbeck.testing.limits import Limits, refused
from limbeck.testing.server import Answer, ApiServer, error_body, prompt_text, spoken_to


class FaultyServer(ApiServer):
    """An ApiServer that injects faults, and counts what it did.

    `faults` maps kinds (`limbeck.testing.KINDS`, described in `limbeck/testing/kinds.py`) to the
    share of bodies that draw them, or lists kinds that share `rate` evenly. A body's draw is a
    hash of `seed` and its content, and the first `times` requests that carry it get the fault
    (with `sticky` every one does, and the final kinds always do): timing and order change
    nothing. What limits and capacity turn away has not been seen yet.

    `say(body)` is the text of an answer; usage counts words. `latency` is in seconds, and
    `drip_seconds` lie between two bytes of a drip. `rpm` and `tpm` are token buckets that hold
    `burst` requests and `token_burst` tokens (a prompt at 4 characters a token, and max_tokens);
    beyond them a 429 comes at once. `limit_headers` puts x-ratelimit-* on every answer,
    `retry_after` both forms of Retry-After on those 429s. Beyond `capacity` in flight a 503 comes
    at once.

    The counts live in this process, whatever becomes of the clients. `sent`, `served` and so on
    are keyed by `canonical_json(body)` where they say "per body":

    - `sent`: requests that came in, per body.
    - `served`: 200s with a whole completion that were handed to an open connection, per body.
    - `injected`: faults, per kind, as soon as they are decided.
    - `rejected`: what the limits turned away: "requests", "tokens", "capacity".
    - `max_in_flight`: requests that were being handled at once, at most.

    Raises ValueError for an unknown kind, rates that are no shares, and limits below 1.
    """

    def __init__(
        self,
        faults: Mapping[str, float] | Iterable[str] = (),
        *,
        rate: float = 1.0,
        seed: int = 0,
        sticky: bool = False,
        times: int = 1,
        say: Callable[[dict[str, Any]], str] = spoken_to,
        latency: float = 0.0,
        drip_seconds: float = 0.05,
        rpm: float | None = None,
        burst: float | None = None,
        tpm: float | None = None,
        token_burst: float | None = None,
        limit_headers: bool = True,
        retry_after: bool = True,
        capacity: int | None = None,
        api_key: str | None = None,
        models: tuple[str, ...] | None = None,
        max_requests: int = 10_000,
        port: int = 0,
    ) -> None:
        super().__init__(
            latency=latency,
            api_key=api_key,
            models=models,
            max_requests=max_requests,
            port=port,
        )
        self.sent: Counter[str] = Counter()
        self.served: Counter[str] = Counter()
        self.injected: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.max_in_flight = 0
        self._rates = shares(faults, rate)
        self._seed = seed
        self._sticky = sticky
        self._times = times
        self._say = say
        self._drip_seconds = drip_seconds
        self._limits = Limits(rpm=rpm, burst=burst, tpm=tpm, token_burst=token_burst)
        self._limit_headers = limit_headers
        self._retry_after = retry_after
        self._capacity = capacity
        self._seen: Counter[str] = Counter()
        self._in_flight = 0
        self._admitted = 0

    def fault_of(self, body: Mapping[str, Any]) -> str | None:
        """The kind that this body draws, None for none; known before anything is asked."""
        drawn = int(content_hash([self._seed, body], size=8), 16) / 2**64
        for kind, share in self._rates.items():
            drawn -= share
            if drawn < 0:
                return kind
        return None

    async def _reply(
        self, request: web.Request, body: dict[str, Any], number: int
    ) -> web.StreamResponse:
        key = canonical_json(body)
        self.sent[key] += 1
        self._in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self._in_flight)
        try:
            turned_away = self._refusal(request, body, number) or self._rejection(body)
            # The headers tell what was left when the request came in, not when its answer left.
            headers = self._limits.headers() if self._limit_headers else {}
            if turned_away is not None:
                return turned_away.response(headers)
            return await self._admit(request, body, key, headers)
        finally:
            self._in_flight -= 1

    def _rejection(self, body: dict[str, Any]) -> Answer | None:
        try:
            prompt_text(body)
        except ValueError as error:
            return Answer(error_body(str(error), "invalid_request"), 400)
        if self._capacity is not None and self._admitted >= self._capacity:
            self.rejected["capacity"] += 1
            message = "The engine is overloaded."
            return Answer(error_body(message, "overloaded", "server_error"), 503)
        over = self._limits.admit(body)
        if over is None:
            return None
        self.rejected[over[0]] += 1
        return refused(*over, retry_after=self._retry_after)

    async def _admit(
        self, request: web.Request, body: dict[str, Any], key: str, headers: Mapping[str, str]
    ) -> web.StreamResponse:
        kind = self._inject(body, key)
        self._admitted += 1
        try:
            if self._latency:
                await asyncio.sleep(self._latency)
            return await self._send(request, body, key, headers, kind)
        finally:
            self._admitted -= 1

    def _inject(self, body: dict[str, Any], key: str) -> str | None:
        kind = self.fault_of(body)
        self._seen[key] += 1
        lasting = self._sticky or kind in kinds.FINAL
        if kind is None or (self._seen[key] > self._times and not lasting):
            return None
        self.injected[kind] += 1
        return kind

    async def _send(
        self,
        request: web.Request,
        body: dict[str, Any],
        key: str,
        headers: Mapping[str, str],
        kind: str | None,
    ) -> web.StreamResponse:
        text = self._say(body)
        whole = kinds.usual(body, text)
        served = partial(self._serve_one, request, body, key)
        if kind == "hang":
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), kinds.HOLD_SECONDS)
            kinds.cut(request)
            return web.Response()
        if kind == "reset":
            return await kinds.reset(request, whole.payload, headers)
        if kind == "drip":
            return await kinds.drip(request, whole.payload, headers, self._drip_seconds, served)
        if kind is None or kind in kinds.COMPLETIONS:
            served()
        answer = whole if kind is None else kinds.ANSWERS[kind](body, text)
        return answer.response(headers)

    def _serve_one(self, request: web.Request, body: dict[str, Any], key: str) -> None:
        """Counted before the bytes leave: who has read an answer finds it counted."""
        if request.transport is not None and not request.transport.is_closing():
            self.served[key] += 1
            self.answered.append(body)


def shares(faults: Mapping[str, float] | Iterable[str], rate: float) -> dict[str, float]:
    """The share of bodies that draws each kind. Raises ValueError for what cannot be."""
    if isinstance(faults, Mapping):
        if rate != 1.0:
            raise ValueError("rate goes with a list of kinds; a mapping states each kind's own")
        found = {kind: float(share) for kind, share in faults.items()}
    else:
        named = list(dict.fromkeys(faults))
        found = {kind: rate / len(named) for kind in named}
    for kind, share in found.items():
        if kind not in kinds.KINDS:
            near = difflib.get_close_matches(kind, kinds.KINDS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it must be in {kinds.KINDS}"
            raise ValueError(f"unknown fault {kind!r}; {hint}")
        if not 0 <= share <= 1:
            raise ValueError(f"the rate of {kind!r} must lie between 0 and 1, got {share!r}")
    if sum(found.values()) > 1 + 1e-9:
        raise ValueError(f"the rates must sum to 1 at most, got {sum(found.values()):g}")
    return found
