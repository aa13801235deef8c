"""The faults that a FaultyServer injects, each by its name.

Refused, and free of charge:

- `rate_limited`: 429, Retry-After of 1 second.
- `rate_limited_date`: 429, Retry-After as an HTTP date a second or two ahead.
- `rate_limited_ms`: 429, retry-after-ms of 20.
- `rate_limited_words`: 429, "Please try again in 20ms." in the message and no header.
- `error_500`, `error_503`: an error in JSON; `error_502`: a gateway's HTML page.

Broken on the wire:

- `reset`: status 200 and the right Content-Length; the connection is reset after half the body.
- `hang`: never a byte; the connection is closed after 30 seconds.
- `drip`: a valid completion, a byte at a time: no single read ever times out.

A 200 that holds no completion:

- `truncated_json`: the first half of the body, with the Content-Length of the half.
- `wrong_type`: an HTML page.
- `error_in_200`: an error object.
- `no_choices`: an empty list of choices.
- `null_content`: a choice that says nothing, with finish_reason "stop".

Valid, and hard to swallow:

- `long_body`: a completion of several MB.

Final, which no second request mends, so that a body that drew one always gets it:

- `length`, `content_filter`: billed completions with that finish_reason.
- `bad_request`: 400.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import socket
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from limbeck.testing.server import Answer, answer_to, error_body

Body = Mapping[str, Any]
HOLD_SECONDS = 30.0  # how long a connection may be kept waiting by `hang` and `drip`
LONG_CHARACTERS = 4 << 20
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST, drops what is unsent


def _limited(message: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(error_body(message, "rate_limit_exceeded", "requests"), 429, named)


def _limited_date(body: Body, text: str) -> Answer:
    # A date has whole seconds: two ahead is never in the past when it is read.
    date = email.utils.formatdate(time.time() + 2, usegmt=True)
    return _limited("Rate limit reached.", Retry_After=date)


def _failed(status: int) -> Answer:
    message = "The server had an error while processing your request."
    return Answer(error_body(message, "server_error", "server_error"), status)


def _page(status: int) -> Answer:
    page = "<html><head><title>Bad gateway – 网关错误</title></head></html>"
    return Answer(raw=page.encode(), status=status, content_type="text/html")


def _truncated(body: Body, text: str) -> Answer:
    whole = usual(body, text).payload
    return Answer(raw=whole[: len(whole) // 2])


def _long(body: Body, text: str) -> Answer:
    return usual(body, f"{text} " * (LONG_CHARACTERS // (len(text) + 1) + 1))


def _cut(body: Body, text: str) -> Answer:
    words = text.split()
    return Answer(answer_to(body, " ".join(words[: max(1, len(words) // 2)]), "length"))


def usual(body: Body, text: str) -> Answer:
    """The answer without a fault, in UTF-8 as most servers write it, not in escapes."""
    return Answer(raw=json.dumps(answer_to(body, text), ensure_ascii=False).encode())


ANSWERS: Mapping[str, Callable[[Body, str], Answer]] = {
    "rate_limited": lambda body, text: _limited("Rate limit reached.", Retry_After="1"),
    "rate_limited_date": _limited_date,
    "rate_limited_ms": lambda body, text: _limited("Rate limit reached.", retry_after_ms="20"),
    "rate_limited_words": lambda body, text: _limited(
        "Rate limit reached. Please try again in 20ms."
    ),
    "error_500": lambda body, text: _failed(500),
    "error_502": lambda body, text: _page(502),
    "error_503": lambda body, text: _failed(503),
    "truncated_json": _truncated,
    "wrong_type": lambda body, text: _page(200),
    "error_in_200": lambda body, text: Answer(
        error_body("The upstream provider failed.", "upstream_error", "server_error")
    ),
    "no_choices": lambda body, text: Answer({**answer_to(body, text), "choices": []}),
    "null_content": lambda body, text: Answer(answer_to(body, None)),
    "long_body": _long,
    "length": _cut,
    "content_filter": lambda body, text: Answer(answer_to(body, None, "content_filter")),
    "bad_request": lambda body, text: Answer(
        error_body("This request is not valid.", "invalid_request"), 400
    ),
}
WIRE = ("reset", "hang", "drip")
KINDS: tuple[str, ...] = (*ANSWERS, *WIRE)
FINAL = frozenset({"length", "content_filter", "bad_request"})
COMPLETIONS = frozenset({"long_body", "length", "content_filter"})  # a whole 200, and billed


async def begin(
    request: web.Request, payload: bytes, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Status line and headers of a 200, its Content-Length that of the whole payload."""
    response = web.StreamResponse(headers=headers)
    response.content_type = "application/json"
    response.content_length = len(payload)
    await response.prepare(request)
    return response


def cut(request: web.Request, *, reset: bool = False) -> None:
    """End a connection in the middle of what it is doing."""
    transport = request.transport
    if transport is None or transport.is_closing():
        return
    if reset:
        link = transport.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    transport.abort()


async def reset(
    request: web.Request, payload: bytes, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Half of the payload, then a reset connection."""
    response = await begin(request, payload, headers)
    await response.write(payload[: len(payload) // 2])
    cut(request, reset=True)
    return response


async def drip(
    request: web.Request,
    payload: bytes,
    headers: Mapping[str, str],
    seconds: float,
    served: Callable[[], None],
) -> web.StreamResponse:
    """The payload's bytes `seconds` apart, bounded in time; `served` is told before the last."""
    response = await begin(request, payload, headers)
    try:
        async with asyncio.timeout(HOLD_SECONDS):
            for place in range(len(payload) - 1):
                await response.write(payload[place : place + 1])
                await asyncio.sleep(seconds)
    except TimeoutError:
        cut(request)
        return response
    served()
    await response.write(payload[-1:])
    return response
