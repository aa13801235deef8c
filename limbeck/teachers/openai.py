"""OpenAI-compatible servers, through the openai SDK with its own retries switched off.

Every answer is checked before it counts: a 200 that holds no completion is a failure with a
reason, and what the server refused or cut short is a reply with its finish reason.
"""

from __future__ import annotations

import asyncio
import email.utils
import os
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import openai

from limbeck.errors import (
    AskError,
    AskTimeout,
    AuthError,
    BadRequest,
    BudgetError,
    LimbeckError,
    Malformed,
    RateLimited,
    Transient,
    UnknownModel,
    Unreachable,
    UserError,
)
from limbeck.models import ModelName
from limbeck.protocols import Reply, Request, Usage
from limbeck.recipe import TeacherSection
from limbeck.record import messages_json
from limbeck.teachers.connect import identity

OPENAI_HOST = "api.openai.com"
FINISH = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}


def openai_teacher(name: ModelName, section: TeacherSection) -> OpenAITeacher:
    """The teacher of a recipe. Raises UserError when the key's variable is not set."""
    host = urlsplit(section.base_url or "").hostname or ""
    key = os.environ.get(section.api_key_env, "").strip()
    if not key:
        if not _is_loopback(host):
            raise UserError(
                f"the environment variable {section.api_key_env} is not set; it must hold the "
                f"API key for {host}"
            )
        key = "none"  # the SDK insists on one; a server on this machine mostly wants none
    return OpenAITeacher(name.value, section, key)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


class OpenAITeacher:
    """One model behind one endpoint. `timeout` is the deadline of one whole attempt, in seconds."""

    def __init__(self, model: str, section: TeacherSection, key: str) -> None:
        self.name = f"openai:{model}"
        self._model = model
        self._section = section
        self._identity = identity(section)
        self._key = key
        self._client = openai.AsyncOpenAI(
            api_key=key, base_url=section.base_url, max_retries=0, timeout=section.timeout
        )
        host = urlsplit(section.base_url or "").hostname
        default = "max_completion_tokens" if host == OPENAI_HOST else "max_tokens"
        self._token_parameter = section.token_parameter or default

    @property
    def identity(self) -> Mapping[str, Any]:
        return self._identity

    async def aclose(self) -> None:
        await self._client.close()

    async def ask(self, request: Request, /) -> Reply:
        try:
            # The SDK's timeout is per read: a server that drips would defeat it.
            async with asyncio.timeout(self._section.timeout):
                answer = await self._send(request)
        except TimeoutError as error:
            raise AskTimeout(f"no whole answer within {self._section.timeout:g} s") from error
        except openai.OpenAIError as error:
            refused = _filtered(error)
            if refused is not None:
                return refused
            raise self._explain(error) from error
        except (ValueError, TypeError) as error:
            raise Malformed(f"the body is no completion ({type(error).__name__})") from error
        return read_reply(answer, raw=request.template == "raw")

    async def _send(self, request: Request) -> Any:
        body: dict[str, Any] = {
            "model": self._model,
            "temperature": request.temperature,
            "top_p": request.top_p,
            **self._section.extra,
        }
        if request.stop:
            body["stop"] = list(request.stop)
        if request.seed is not None and self._section.send_seed:
            body["seed"] = request.seed
        if request.template == "raw":
            body |= {"prompt": request.messages[0].content, "max_tokens": request.max_tokens}
            path = "/completions"
        else:
            body |= {
                "messages": messages_json(request.messages),
                self._token_parameter: request.max_tokens,
            }
            path = "/chat/completions"
        return await self._client.post(path, body=body, cast_to=object)

    def _explain(self, error: openai.OpenAIError) -> LimbeckError:
        text = self._without_key(str(getattr(error, "message", "") or error))
        if isinstance(error, openai.APITimeoutError):
            return AskTimeout(f"no answer within {self._section.timeout:g} s")
        if isinstance(error, openai.APIResponseValidationError):
            return Malformed(text)
        if isinstance(error, openai.APIConnectionError):
            cause = error.__cause__
            detail = self._without_key(str(cause) or type(cause).__name__)
            if cause is not None and "Connect" in type(cause).__name__:
                return Unreachable(f"{self._section.base_url}: {detail}")
            return Transient(f"the connection broke: {detail}")
        if isinstance(error, openai.APIStatusError):
            return self._explain_status(error, text)
        return Transient(text)

    def _explain_status(self, error: openai.APIStatusError, text: str) -> LimbeckError:
        status, where = error.status_code, self._section.base_url
        if status in (401, 403):
            return AuthError(
                f"{where} refused the API key in {self._section.api_key_env} (HTTP {status}). "
                "Set it to a valid key and run the same command again"
            )
        if status == 404:
            return UnknownModel(
                f"{where} does not know the model {self._model!r} (HTTP 404: {text}). "
                "Check teacher.model and base_url"
            )
        code = _error_code(error)
        if status == 402 or code == "insufficient_quota":
            return BudgetError(
                f"the account at {where} is out of credit (HTTP {status}). What is answered is "
                "in the ledger: top up and run the same command again"
            )
        if status == 429:
            return RateLimited(text, retry_after=retry_after(error.response.headers, text))
        if status in (408, 409) or status >= 500:
            wait = retry_after(error.response.headers, "")
            return Transient(f"HTTP {status}: {text}", retry_after=wait)
        return BadRequest(f"HTTP {status}: {text}")

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "***") if len(self._key) > 4 else text


def read_reply(body: Any, *, raw: bool = False) -> Reply:
    """The reply in a decoded body. Raises Malformed, or the AskError of an error inside a 200."""
    if not isinstance(body, Mapping):
        raise Malformed(f"the body is no JSON object but {type(body).__name__}")
    if body.get("error"):
        raise _error_in_body(body["error"])
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise Malformed("the answer has no choices")
    choice = choices[0]
    finish = FINISH.get(str(choice.get("finish_reason")), "stop")
    message = choice.get("message")
    if raw:
        text = choice.get("text")
    else:
        text = message.get("content") if isinstance(message, Mapping) else None
        refusal = message.get("refusal") if isinstance(message, Mapping) else None
        if text is None and isinstance(refusal, str):
            text, finish = refusal, "content_filter"
    if text is None and finish in ("content_filter", "length"):
        text = ""  # billed and final: kept with its reason, not asked again
    if not isinstance(text, str):
        raise Malformed("the answer's content is missing")
    return Reply(text, finish, _usage(body.get("usage")), raw=dict(body))


def _usage(row: Any) -> Usage:
    if not isinstance(row, Mapping):
        return Usage()
    counts = [row.get("prompt_tokens"), row.get("completion_tokens")]
    return Usage(*(count if isinstance(count, int) and count >= 0 else 0 for count in counts))


def _error_in_body(error: Any) -> AskError:
    row = error if isinstance(error, Mapping) else {"message": str(error)}
    text = f"an error inside a 200: {row.get('message', row)}"
    code = str(row.get("code", ""))
    if code == "429" or "rate" in str(row.get("type", "")):
        return RateLimited(text, retry_after=retry_after({}, text))
    return Transient(text)


def _error_code(error: openai.APIStatusError) -> str:
    body = error.body if isinstance(error.body, Mapping) else {}
    inner = body.get("error", body)
    return str(inner.get("code") or inner.get("type") or "") if isinstance(inner, Mapping) else ""


def _filtered(error: openai.OpenAIError) -> Reply | None:
    """Some servers say "content filter" as an HTTP 400: that is an answer, and a final one."""
    if isinstance(error, openai.BadRequestError) and _error_code(error) == "content_filter":
        return Reply("", "content_filter")
    return None


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
