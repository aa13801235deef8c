"""What goes into the ledger: keys, replies and failures, and their JSON."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from limbeck.protocols import Reply, Request, Usage
from limbeck.record import canonical_json

NOTHING = Usage()
_SURROGATE = re.compile("[\ud800-\udfff]")


class Keyer:
    """Ledger keys of requests to one teacher; the teacher's JSON is made once.

    `key, text = keyer(request)` gives the key, 40 hex digits, and the request's canonical JSON,
    fit for `Answered` and `Failed` together with `keyer.teacher`, so that nothing is encoded
    twice. Any change to model, endpoint or request changes the key.
    """

    __slots__ = ("_tail", "teacher")

    def __init__(self, identity: Mapping[str, Any]) -> None:
        canonical = canonical_json(dict(identity))
        self.teacher = _storable(canonical)
        self._tail = b',"teacher":' + canonical.encode("utf-8", "surrogatepass") + b"}"

    def __call__(self, request: Request) -> tuple[str, str]:
        body = _canonical(request)
        text = b'{"request":' + body + self._tail
        key = hashlib.blake2b(text, digest_size=20).hexdigest()
        return key, _storable(body.decode("utf-8", "surrogatepass"))


def request_key(identity: Mapping[str, Any], request: Request) -> str:
    """The ledger key of one request. For many to one teacher, a Keyer is faster."""
    return Keyer(identity)(request)[0]


def _canonical(request: Request) -> bytes:
    """`canonical_json` of the request as bytes: by orjson, ten times as fast, where the two agree.

    They do but for floats that one of them writes with an exponent, and for what orjson refuses:
    lone surrogates and integers beyond 64 bits.
    """
    form = request.to_json()
    numbers = (form["temperature"], form["top_p"], form.get("presence_penalty", 0.0))
    if not request.fields and all(map(_is_plain, numbers)):
        try:
            return orjson.dumps(form, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:
            pass
    return canonical_json(form).encode("utf-8", "surrogatepass")


def _is_plain(number: float) -> bool:
    return number == 0 or 1e-3 <= abs(number) <= 1e6


def _storable(text: str) -> str:
    """JSON that SQLite takes: a lone surrogate, which UTF-8 has no form for, is escaped."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return text


def free_json(value: Any) -> str:
    """Valid JSON of any value that JSON text can come from; NaN and infinities become null.

    Raises TypeError for what JSON cannot hold.
    """
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # a lone surrogate, an integer beyond 64 bits, a key not text
        return json.dumps(_finite(value), separators=(",", ":"), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _teacher_text(identity: Mapping[str, Any] | str) -> str:
    return identity if isinstance(identity, str) else _storable(canonical_json(dict(identity)))


def _request_text(request: Request | str) -> str:
    if isinstance(request, str):
        return request
    return _storable(_canonical(request).decode("utf-8", "surrogatepass"))


@dataclass(slots=True)  # not frozen: one is made for every reply, and freezing costs more than it
class Answered:
    """A reply on its way into the ledger.

    `identity` and `request` may be given as the canonical JSON that a Keyer made of them. `seconds`
    is how long it took to get. `run` is the id of the run that pays, `via` "live" or "batch", and
    `wasted` is what attempts that failed before this reply may have been billed.
    """

    key: str
    identity: Mapping[str, Any] | str
    request: Request | str
    reply: Reply
    attempts: int = 1
    seconds: float = 0.0
    run: str = ""
    wasted: Usage = NOTHING
    via: str = "live"

    def row(self) -> tuple[Any, ...]:
        """The values of schema.REPLY, in its order."""
        reply = self.reply
        usage = reply.usage
        return (
            self.key,
            _teacher_text(self.identity),
            _request_text(self.request),
            free_json({"text": reply.text, "raw": reply.raw}),
            reply.finish_reason,
            usage.prompt_tokens,
            usage.completion_tokens,
            self.attempts,
            self.seconds,
            time.time(),
            usage.cached_tokens,
            self.wasted.prompt_tokens,
            self.wasted.completion_tokens,
            self.run,
            self.via,
        )


@dataclass(frozen=True, slots=True)
class Failed:
    """A failure on its way into the ledger, or as it was found there.

    `identity` and `request` may be canonical JSON, as in Answered. `wasted` is what its attempts
    may have been billed, `run` the id of the run that pays.
    """

    key: str
    identity: Mapping[str, Any] | str
    request: Request | str
    reason: str
    message: str
    attempts: int = 1
    run: str = ""
    wasted: Usage = NOTHING

    def row(self) -> tuple[Any, ...]:
        """The values of schema.FAILURE, in its order."""
        return (
            self.key,
            _teacher_text(self.identity),
            _request_text(self.request),
            self.reason,
            self.message.encode("utf-8", "backslashreplace").decode(),
            self.attempts,
            time.time(),
            self.wasted.prompt_tokens,
            self.wasted.completion_tokens,
            self.run,
        )
