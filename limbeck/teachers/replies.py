"""What an OpenAI-compatible server's answers mean: replies, and every kind of failure."""

from __future__ import annotations

import email.utils
import math
import re
import time
from collections.abc import Mapping
from typing import Any

from limbeck.errors import (
    AskError,
    AuthError,
    BadRequest,
    BudgetError,
    EndpointError,
    LimbeckError,
    Malformed,
    RateLimited,
    Transient,
    UnknownModel,
)
from limbeck.protocols import Reply, Usage
from limbeck.said import calls_of, message_of, reasoning_of, text_of
from limbeck.teachers.pace import read_duration

FINISH = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    **dict.fromkeys(("tool_calls", "function_call", "tool_use"), "tool_calls"),
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
}
BROKEN_OFF = ("error", "abort")  # finish reasons of an answer that the server gave up on
BUSY = (503, 529)
OUT_OF_CREDIT = ("insufficient_quota", "billing_hard_limit_reached", "insufficient_credits")
NAMED = {  # the status that a code stands for, where the server sends it with another one
    **dict.fromkeys(OUT_OF_CREDIT, 402),
    "invalid_api_key": 401,
    "model_not_found": 404,
    "content_filter": 400,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "rate_limited": 429,
    "too_many_requests": 429,
}
FLAGGED = re.compile(r"\b(input|prompt|content)\b.*\bflagged\b|\bmoderation\b", re.I | re.S)
MOST_TOKENS = 10**9  # of one answer: more is no count


def read_reply(body: Any, *, raw: bool = False) -> Reply:
    """The reply in a decoded body. Raises Malformed, or the error inside a 200."""
    if not isinstance(body, dict):
        raise Malformed(f"the body is no JSON object but {type(body).__name__}")
    if body.get("error"):
        raise _error_in_body(body)
    usage = read_usage(body.get("usage"))
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise _billed(Malformed("the answer has no choices"), usage)
    choice = choices[0]
    reason = choice.get("finish_reason")
    if reason in BROKEN_OFF:
        raise _billed(Transient(f"the server broke off: finish_reason {reason!r}"), usage)
    finish = FINISH.get(reason, "stop") if isinstance(reason, str) else "stop"
    if raw:
        text = choice.get("text")
    else:
        message = message_of(body)
        text, refusal = text_of(message.get("content")), message.get("refusal")
        try:
            calls = calls_of(message)
        except ValueError as error:
            raise _billed(Malformed(str(error)), usage) from error
        if calls and finish == "stop":
            finish = "tool_calls"
        if finish == "tool_calls" and not calls:
            finish = "stop"
        if not text and isinstance(refusal, str) and refusal:
            text, finish = refusal, "content_filter"
        if text is None and (calls or reasoning_of(message)):
            text = ""
    if text is None and finish in ("content_filter", "length"):
        text = ""  # billed and final: kept with its reason, not asked again
    if not isinstance(text, str):
        raise _billed(Malformed("the answer's content is missing"), usage)
    return Reply(text, finish, usage, raw=body)


def read_usage(row: Any) -> Usage:
    """Token counts, 0 where the server's make no sense."""
    if not isinstance(row, dict):
        return Usage()
    prompt, completion = row.get("prompt_tokens"), row.get("completion_tokens")
    details = row.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    return Usage(_count(prompt), _count(completion), min(_count(cached), _count(prompt)))


def _count(value: Any) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= MOST_TOKENS else 0


def _billed(error: AskError, usage: Usage) -> AskError:
    error.billed = True
    if usage.prompt_tokens:
        error.tokens = (usage.prompt_tokens, usage.completion_tokens)
    return error


def status_inside(body: Any) -> int | None:
    """The status that an error inside a 200 stands for; None for no error, and for one that does
    not say."""
    if not isinstance(body, dict) or not body.get("error"):
        return None
    for code in _codes(_error_row(body)):
        status = int(code) if re.fullmatch(r"[45][0-9][0-9]", code) else NAMED.get(code)
        if status is not None:
            return status
    return None


def _error_in_body(body: Any) -> LimbeckError:
    row = _error_row(body)
    text = f"an error inside a 200: {_words(row.get('message') or row)}"
    status = status_inside(body)
    if status == 402:
        return BudgetError(f"the account is out of credit ({text})")
    if status == 429:
        return RateLimited(text, retry_after=retry_after({}, text))
    return Transient(text)


def read_error(
    status: int,
    headers: Mapping[str, str],
    body: Any,
    *,
    endpoint: str,
    model: str,
    key_name: str,
) -> LimbeckError | Reply:
    """What a status other than 200 means: a StopRun (every row), an AskError (this row), or a
    Reply, since a content filter's verdict is an answer, and a final one."""
    row = _error_row(body)
    text = _words(row.get("message") or row.get("detail") or "no message")
    codes = _codes(row)
    if isinstance(body, dict) and _filtered(status, codes, text):
        return Reply("", "content_filter", raw=body)
    if status in (401, 403):
        return AuthError(
            f"{endpoint} refused the API key in {key_name} (HTTP {status}: {text}). "
            "Set it to a valid key and run the same command again"
        )
    if status == 404 or "model_not_found" in codes or "not a valid model" in text:
        return UnknownModel(
            f"{endpoint} does not know the model {model!r} (HTTP {status}: {text}). "
            "Check teacher.model and base_url"
        )
    if status == 402 or any(code in OUT_OF_CREDIT for code in codes):
        return BudgetError(
            f"the account at {endpoint} is out of credit (HTTP {status}: {text}). What is "
            "answered is in the ledger: top up and run the same command again"
        )
    if status == 429:
        return RateLimited(text, retry_after=retry_after(headers, text))
    if status in (408, 409, 425) or status >= 500:
        failure = Transient(f"HTTP {status}: {text}", retry_after=retry_after(headers, ""))
        failure.overload = status in BUSY
        return failure
    if 300 <= status < 400 or status == 405:
        return EndpointError(
            f"{endpoint} does not take requests there (HTTP {status}"
            + (f", it points to {_place(headers)!r}" if "location" in headers else "")
            + "). Check base_url: it mostly ends in /v1"
        )
    return BadRequest(f"HTTP {status}: {text}")


def _error_row(body: Any) -> Mapping[str, Any]:
    if isinstance(body, dict):
        inner = body.get("error", body)
        return inner if isinstance(inner, dict) else {"message": str(inner)}
    return {"message": " ".join(str(body).split()) if isinstance(body, str) else ""}


def _codes(row: Mapping[str, Any]) -> list[str]:
    return [str(row[name]) for name in ("code", "type") if row.get(name)]


def _words(said: Any) -> str:
    """What a server said, fit for every terminal and file."""
    return str(said)[:500].encode("utf-8", "backslashreplace").decode()


def _place(headers: Mapping[str, str]) -> str:
    return _words(headers["location"].partition("?")[0])  # a query may hold a key


def _filtered(status: int, codes: list[str], text: str) -> bool:
    if status == 400:
        return "content_filter" in codes
    return status == 403 and FLAGGED.search(text) is not None


def retry_after(headers: Mapping[str, str], text: str) -> float | None:
    """Seconds to wait, as the server asked: milliseconds, seconds, an HTTP date, or in words. None
    where it says nothing that makes sense."""
    wait = _seconds(headers.get("retry-after-ms", ""))
    if wait is not None:
        return wait / 1000
    wait = _seconds(headers.get("retry-after", ""))
    if wait is None:
        wait = _date(headers.get("retry-after", ""))
    if wait is None:
        said = re.search(r"try again in ([0-9][0-9.dhms]*)(?: +(ms|second|minute|hour))?", text)
        if said:
            unit = said[2] or ""
            wait = read_duration(said[1].rstrip(".") + (unit if unit == "ms" else unit[:1]))
    return wait


def _seconds(value: str) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _date(value: str) -> float | None:
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
