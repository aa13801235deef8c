"""An OpenAI-compatible server on 127.0.0.1: chat, completions and the model list."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from limbeck.said import text_of
from limbeck.testing.fakes import spoken

START_SECONDS = 10.0
BACKLOG = 1024  # connections that may arrive at once; more would wait a second for a second SYN


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends back: a status, a JSON body (or raw bytes), headers."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "application/json"

    @property
    def payload(self) -> bytes:
        """The body's bytes."""
        return json.dumps(self.body).encode() if self.raw is None else self.raw

    def response(self, headers: Mapping[str, str] | None = None) -> web.Response:
        """The whole of it, for aiohttp; `headers` are sent besides its own."""
        return web.Response(
            body=self.payload,
            status=self.status,
            headers={**(headers or {}), **self.headers},
            content_type=self.content_type,
        )


def completion(text: str | None, finish_reason: str = "stop", **message: Any) -> dict[str, Any]:
    """A chat completion's body."""
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 0,
        "model": "fake",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, **message},
                "finish_reason": finish_reason,
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
    }


def error_body(message: str, code: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    """An error as OpenAI writes it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def answer_to(
    body: Mapping[str, Any], text: str | None, finish_reason: str = "stop"
) -> dict[str, Any]:
    """The completion that says `text` in the form that `body` asked for, chat or raw.

    A token is a word between white space: the usage depends on prompt and text alone.
    """
    row = completion(text, finish_reason)
    if "prompt" in body:
        row["object"] = "text_completion"
        row["choices"] = [{"index": 0, "text": text, "finish_reason": finish_reason}]
    asked, said = len(prompt_text(body).split()), len((text or "").split())
    row["usage"] = {
        "prompt_tokens": asked,
        "completion_tokens": said,
        "total_tokens": asked + said,
    }
    return row


def prompt_text(body: Mapping[str, Any]) -> str:
    """Everything that a request says, in one string. Raises ValueError for what is no request."""
    if "prompt" in body:
        return str(body["prompt"])
    try:
        return "\n".join(text_of(turn["content"]) or "" for turn in body["messages"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("a request needs 'messages' or a 'prompt'") from error


def spoken_to(body: Mapping[str, Any]) -> str:
    """What a server says when nobody told it what. Raises ValueError for what is no request."""
    prompt_text(body)
    return spoken(body["prompt"] if "prompt" in body else body["messages"])


class ApiServer:
    """An OpenAI-compatible server on 127.0.0.1, in a thread of this process, bounded in requests.

    `script(body, number)` may return an Answer to send in place of the usual one (`number` counts
    requests from 0); `latency` is in seconds; with `api_key` any other key gets a 401, with
    `models` any other model a 404; `port` 0 is any free one. `bodies` holds every request body,
    `answered` those whose answer was sent. Raises RuntimeError when it does not start.
    """

    def __init__(
        self,
        *,
        script: Callable[[dict[str, Any], int], Answer | None] = lambda body, number: None,
        latency: float = 0.0,
        api_key: str | None = None,
        models: tuple[str, ...] | None = None,
        max_requests: int = 10_000,
        port: int = 0,
    ) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.answered: list[dict[str, Any]] = []
        self.authorizations: list[str] = []
        self.base_url = ""
        self._script = script
        self._latency = latency
        self._api_key = api_key
        self._models = models
        self._max_requests = max_requests
        self._port = port
        self._thread = threading.Thread(target=self._run, name="fake API", daemon=True)
        self._ready = threading.Event()
        self._error: OSError | None = None
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(START_SECONDS)
        if not self.base_url:
            raise RuntimeError(f"the fake server did not start: {self._error}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(START_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=64 << 20)
        self._add_routes(app.router)
        # A client that went away, killed or out of patience, is no longer in flight.
        runner = web.AppRunner(
            app, shutdown_timeout=0.1, access_log=None, handler_cancellation=True
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self._port, backlog=BACKLOG).start()
            self.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            self._ready.set()
            await self._stopping.wait()
        finally:
            await runner.cleanup()

    def _add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/v1/chat/completions", self._handle)
        router.add_post("/v1/completions", self._handle)
        router.add_get("/v1/models", self._list_models)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            body = json.loads(await request.read())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return Answer(error_body("The body is no JSON object", "invalid_json"), 400).response()
        number = len(self.bodies)
        self.bodies.append(body)
        self.authorizations.append(request.headers.get("Authorization", ""))
        return await self._reply(request, body, number)

    async def _reply(
        self, request: web.Request, body: dict[str, Any], number: int
    ) -> web.StreamResponse:
        if self._latency:
            await asyncio.sleep(self._latency)
        answer = self._refusal(request, body, number) or self._script(body, number)
        answer = answer or self._usual(body)
        self.answered.append(body)
        return answer.response()

    async def _list_models(self, request: web.Request) -> web.StreamResponse:
        denied = self._denied(request, 0)
        if denied is not None:
            return denied.response()
        rows = [
            {"id": name, "object": "model", "created": 0, "owned_by": "testing"}
            for name in self._models or ("fake",)
        ]
        return Answer({"object": "list", "data": rows}).response()

    def _denied(self, request: web.Request, number: int) -> Answer | None:
        if number >= self._max_requests:
            return Answer(error_body("the fake server's bound is reached", "bound"), 503)
        sent = request.headers.get("Authorization")
        if self._api_key is not None and sent != f"Bearer {self._api_key}":
            return Answer(error_body("Incorrect API key provided", "invalid_api_key"), 401)
        return None

    def _refusal(self, request: web.Request, body: dict[str, Any], number: int) -> Answer | None:
        denied = self._denied(request, number)
        if denied is None and self._models is not None and body.get("model") not in self._models:
            return Answer(error_body("The model does not exist", "model_not_found"), 404)
        return denied

    def _usual(self, body: dict[str, Any]) -> Answer:
        try:
            text = spoken_to(body)
        except ValueError as error:
            return Answer(error_body(str(error), "invalid_request"), 400)
        return Answer({**answer_to(body, text), "usage": completion(text)["usage"]})
