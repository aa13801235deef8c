"""An OpenAI-compatible server as a teacher: chat completions, or completions for raw prompts.

Every status and every malformed body becomes one typed error. The API key is read from the
environment and appears in no message, row or file.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from limbeck.errors import LimbeckError, Malformed, StopRun, UserError
from limbeck.models import ModelName
from limbeck.protocols import Reply, Request
from limbeck.recipe import TeacherSection
from limbeck.record import messages_json
from limbeck.teachers.connect import identity, is_here
from limbeck.teachers.http import Answer, Http, decoded
from limbeck.teachers.replies import read_error, read_reply, status_inside

OPENAI_HOST = "api.openai.com"
REAL = 16  # characters of a key; a shorter one is a placeholder, and maybe a word of an answer
ACCOUNT = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}


def openai_teacher(name: ModelName, section: TeacherSection) -> OpenAITeacher:
    """The teacher of a recipe. Raises UserError when the key's variable is not set."""
    return OpenAITeacher(name.value, section, api_key(section))


def api_key(section: TeacherSection) -> str:
    """The key in the environment; "" where a server on this machine wants none. Raises UserError
    where it is missing, or can be no key."""
    host = urlsplit(section.base_url or "").hostname or ""
    key = os.environ.get(section.api_key_env, "").strip()
    if not key and not is_here(host):
        raise UserError(
            f"the environment variable {section.api_key_env} is not set; it must hold the "
            f"API key for {host}"
        )
    if not (key.isascii() and key.isprintable()):
        raise UserError(
            f"the environment variable {section.api_key_env} holds no API key: it has characters "
            "that no HTTP header may have, such as a line break. Set it to the key alone"
        )
    return key


class OpenAITeacher:
    """One model behind one endpoint. `section.timeout` is the deadline of one whole attempt.

    `on_headers(headers, sent_at)` is told the headers of every answer, since they may hold rate
    limits; `sent_at` is in the event loop's time.
    """

    def __init__(self, model: str, section: TeacherSection, key: str) -> None:
        self.name = f"openai:{model}"
        self.on_headers: Callable[[Mapping[str, str], float], None] | None = None
        self._model = model
        self._section = section
        self._identity = identity(section)
        self._secret = key.encode() if len(key) > 4 else b""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        host = urlsplit(section.base_url or "").hostname
        if host == OPENAI_HOST:
            headers |= {to: os.environ[name] for name, to in ACCOUNT.items() if name in os.environ}
        self._http = Http(section.base_url or "", headers, timeout=section.timeout)
        default = "max_completion_tokens" if host == OPENAI_HOST else "max_tokens"
        self._token_parameter = section.token_parameter or default

    @property
    def identity(self) -> Mapping[str, Any]:
        return self._identity

    async def aclose(self) -> None:
        await self._http.aclose()

    async def ask(self, request: Request, /) -> Reply:
        raw = request.template == "raw"
        if request.template == "user":
            raise StopRun(
                f"{self.name} answers chats and cannot be asked what a user would say; style "
                "magpie needs a local model, or generate.pre_query (the text that opens a user's "
                "turn) and a server that continues raw text"
            )
        sent_at = asyncio.get_running_loop().time()
        answer = await self.post("/completions" if raw else "/chat/completions", self.body(request))
        if self.on_headers is not None:
            self.on_headers(answer.headers, sent_at)
        if 200 <= answer.status < 300:
            try:
                body = decoded(answer.body)
            except ValueError as error:
                raise Malformed(f"the body is no JSON: {_start(answer.body)}") from error
            status = status_inside(body)
            if status is None:
                return read_reply(body, raw=raw)
            answer = Answer(status, answer.headers, answer.body)
        read = self.error(answer)
        if isinstance(read, Reply):
            return read
        raise read

    async def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """One exchange with the server. Raises AskError.

        Some servers quote the key in what they answer: from here on it is not in there.
        """
        answer = await self._http.post(path, body)
        hide = self._secret and (answer.status != 200 or len(self._secret) >= REAL)
        if hide and self._secret in answer.body:
            return Answer(answer.status, answer.headers, answer.body.replace(self._secret, b"***"))
        return answer

    def body(self, request: Request) -> dict[str, Any]:
        """The request in the server's terms."""
        body: dict[str, Any] = {
            "model": self._model,
            "temperature": request.temperature,
            "top_p": request.top_p,
            **self._section.extra,
        }
        if request.presence_penalty:
            body["presence_penalty"] = request.presence_penalty
        if request.stop:
            body["stop"] = list(request.stop)
        if request.seed is not None and self._section.send_seed:
            body["seed"] = request.seed
        if request.template == "raw":
            body["prompt"] = request.messages[0].content
            body["max_tokens"] = request.max_tokens
            if request.top_logprobs:
                body["logprobs"] = request.top_logprobs
        else:
            body["messages"] = [
                {**turn, "content": turn["content"] or None} if "tool_calls" in turn else turn
                for turn in messages_json(request.messages)
            ]
            body |= request.fields
            body[self._token_parameter] = request.max_tokens
            if request.top_logprobs:
                body |= {"logprobs": True, "top_logprobs": request.top_logprobs}
        return body

    def error(self, answer: Answer) -> LimbeckError | Reply:
        """What an answer other than 200 means."""
        text = answer.body.decode("utf-8", "replace")
        try:
            body = decoded(text.encode())
        except ValueError:
            body = text
        return read_error(
            answer.status,
            answer.headers,
            body,
            endpoint=self._section.base_url or "",
            model=self._model,
            key_name=self._section.api_key_env,
        )


def _start(body: bytes) -> str:
    text = " ".join(body[:200].decode("utf-8", "replace").split())
    return repr(text[:80]) if text else "it is empty"
