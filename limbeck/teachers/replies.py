"""What an OpenAI-compatible server's answers mean: replies, and every kind of failure."""

from __future__ import annotations

import email.utils
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

FINISH = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}
BROKEN_OFF = ("error", "abort")  # finish reasons of an answer that the server gave up on
BUSY = (503, 529)
OUT_OF_CREDIT = ("insufficient_quota", "billing_hard_limit_reached", "insufficient_credits")


def read_reply(body: Any, *, raw: bool = False) -> Reply:
    """The reply in a decoded body. Raises Malformed, or the error inside a 200."""
    if not isinstance(body, dict):
        raise Malformed(f"the body is no JSON object but {type(body).__name__}")
    if body.get("error"):
        raise _error_in_body(body["error"])
    usage = read_usage(body.get("usage"))
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise _billed(Malformed("the answer has no choices"), usage)
    choice = choices[0]
    reason = choice.get("finish_reason")
    if reason in BROKEN_OFF:
        raise _billed(Transient(f"the server broke off: finish_reason {reason!r}"), usage)
    finish = FINISH.get(reason, "stop") if isinstance(reason, str) else "stop"
    message = choice.get("message")
    if raw:
        text = choice.get("text")
    else:
        text = message.get("content") if isinstance(message, dict) else None
        refusal = message.get("refusal") if isinstance(message, dict) else None
        if text is None and isinstance(refusal, str):
            text, finish = refusal, "content_filter"
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
    return value if isinstance(value, int) and value >= 0 else 0


def _billed(error: AskError, usage: Usage) -> AskError:
    error.billed = True
    if usage.prompt_tokens:
        error.tokens = (usage.prompt_tokens, usage.completion_tokens)
    return error


def _error_in_body(error: Any) -> LimbeckError:
    row = error if isinstance(error, Mapping) else {"message": str(error)}
    text = f"an error inside a 200: {row.get('message', row)}"
    code = str(row.get("code") or row.get("type") or "")
    if code in OUT_OF_CREDIT or code == "402":
        return BudgetError(f"the account is out of credit ({text})")
    if code == "429" or "rate" in code:
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
    text = str(row.get("message") or "")[:500] or f"no message (HTTP {status})"
    code = str(row.get("code") or row.get("type") or "")
    if _filtered(status, code, text):
        return Reply("", "content_filter", raw=body if isinstance(body, dict) else None)
    if status in (401, 403):
        return AuthError(
            f"{endpoint} refused the API key in {key_name} (HTTP {status}: {text}). "
            "Set it to a valid key and run the same command again"
        )
    if status == 404 or code == "model_not_found" or "not a valid model" in text:
        return UnknownModel(
            f"{endpoint} does not know the model {model!r} (HTTP {status}: {text}). "
            "Check teacher.model and base_url"
        )
    if status == 402 or code in OUT_OF_CREDIT:
        return BudgetError(
            f"the account at {endpoint} is out of credit (HTTP {status}: {text}). What is "
            "answered is in the ledger: top up and run the same command again"
        )
    if status == 429:
        return RateLimited(text, retry_after=retry_after(headers, text))
    if status in (408, 409) or status >= 500:
        failure = Transient(f"HTTP {status}: {text}", retry_after=retry_after(headers, ""))
        failure.overload = status in BUSY
        return failure
    if 300 <= status < 400 or status == 405:
        return EndpointError(
            f"{endpoint} does not take requests there (HTTP {status}"
            + (f", it points to {headers['location']!r}" if "location" in headers else "")
            + "). Check base_url: it mostly ends in /v1"
        )
    return BadRequest(f"HTTP {status}: {text}")


def _error_row(body: Any) -> Mapping[str, Any]:
    if isinstance(body, dict):
        inner = body.get("error", body)
        return inner if isinstance(inner, dict) else {"message": str(inner)}
    return {"message": " ".join(str(body).split()) if isinstance(body, str) else ""}


def _filtered(status: int, code: str, text: str) -> bool:
    if status == 400:
        return code == "content_filter"
    return status == 403 and ("flagged" in text or "moderation" in text)


def retry_after(headers: Mapping[str, str], text: str) -> float | None:
    """Seconds to wait, as the server asked: milliseconds, seconds, an HTTP date, or in words."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        value = headers.get("retry-after", "")
        if value:
            return max(0.0, _seconds(value))
    except (ValueError, TypeError):
        pass
    words = re.search(r"try again in ([\d.]+)\s*(ms|s)\b", text)
    if words:
        return float(words[1]) / (1000 if words[2] == "ms" else 1)
    return None


def _seconds(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return email.utils.parsedate_to_datetime(value).timestamp() - time.time()
