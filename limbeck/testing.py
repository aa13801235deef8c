"""Public fakes: a teacher of known probabilities, an OpenAI-compatible server, quick records.

from limbeck.testing import ApiServer, FakeTeacher, record

record("Paris.", prompt="Capital of France?")
FakeTeacher({"Paris": 0.7, "Lyon": 0.3})
with ApiServer() as server: ...   # server.base_url, server.bodies
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from limbeck.models import ModelName
from limbeck.protocols import Reply, Request, Usage
from limbeck.recipe import TeacherSection
from limbeck.record import Provenance, Record, content_hash, to_messages, user

Probabilities = Mapping[str, float]
START_SECONDS = 10.0


def record(text: str, *, prompt: str = "Say something.", **fields: Any) -> Record:
    """A Record whose completion is `text`.

    Fields of Record (`messages`, `target`, `provenance`, `id`) go where they belong; every other
    one goes into `meta` (`finish_reason="length"`). Raises ValueError for an unknown one.
    """
    own = {name: fields.pop(name) for name in ("messages", "target", "id") if name in fields}
    provenance = fields.pop("provenance", None) or Provenance("testing")
    return Record(
        messages=own.pop("messages", (user(prompt),)),
        completion=text,
        provenance=provenance,
        meta=fields,
        id=own.pop("id", content_hash([prompt, text, fields])),
        **own,
    )


def spoken(messages: object) -> str:
    """What a fake says when nobody told it what: a sentence that depends on the prompt alone."""
    drawn = random.Random(content_hash(messages))
    words = ["amber", "birch", "copper", "delta", "ember", "fjord", "grove", "harbour", "island"]
    return f"The answer is {drawn.choice(words)} {drawn.choice(words)} {drawn.randrange(1000)}."


class FakeTeacher:
    """A teacher whose distribution over whole completions is known.

    `probabilities` maps completions to their probabilities, or is a function of the request that
    does; without it every prompt has one fixed answer. A request at temperature 0 gets the most
    probable one, else one is drawn by the request's own seed and index, so that the same request
    always gets the same answer. `fail(request)` may return an AskError to be raised. `asked`
    holds every request, in the order of arrival.
    """

    def __init__(
        self,
        probabilities: Probabilities | Callable[[Request], Probabilities] | None = None,
        *,
        name: str = "fake",
        finish_reason: str = "stop",
        latency: float = 0.0,
        fail: Callable[[Request], Exception | None] = lambda request: None,
    ) -> None:
        self.name = f"fake:{name}"
        self.asked: list[Request] = []
        self.closed = False
        self._probabilities = probabilities
        self._finish_reason = finish_reason
        self._latency = latency
        self._fail = fail

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"endpoint": "fake", "model": self.name.removeprefix("fake:")}

    def probabilities(self, request: Request) -> dict[str, float]:
        """The distribution over completions of a request, summing to 1."""
        given = self._probabilities
        if given is None:
            return {spoken(request.to_json()["messages"]): 1.0}
        weights = dict(given(request) if callable(given) else given)
        total = sum(weights.values())
        if total <= 0:
            raise ValueError(f"probabilities must have a positive sum, got {weights!r}")
        return {text: weight / total for text, weight in weights.items()}

    async def ask(self, request: Request, /) -> Reply:
        self.asked.append(request)
        if self._latency:
            await asyncio.sleep(self._latency)
        failure = self._fail(request)
        if failure is not None:
            raise failure
        text = self._draw(request)
        prompt = " ".join(message.content for message in request.messages)
        usage = Usage(len(prompt.split()), len(text.split()))
        return Reply(text, self._finish_reason, usage)

    async def aclose(self) -> None:
        self.closed = True

    def _draw(self, request: Request) -> str:
        weights = self.probabilities(request)
        if request.temperature <= 0:
            return max(weights, key=lambda text: weights[text])
        draw = random.Random(content_hash(request.to_json()))
        return draw.choices(list(weights), list(weights.values()))[0]


def fake_teacher(name: ModelName, section: TeacherSection) -> FakeTeacher:
    """The teacher that a recipe names `fake:NAME`."""
    return FakeTeacher(name=name.value)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends back: a status, a JSON body (or raw bytes), headers."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "application/json"


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


class ApiServer:
    """An OpenAI-compatible server on 127.0.0.1, in a thread of this process, bounded in requests.

    `script(body, number)` may return an Answer to send in place of the usual one (`number` counts
    requests from 0); `latency` is in seconds; with `api_key` any other key gets a 401, with
    `models` any other model a 404. `bodies` holds every request body, `answered` those whose
    answer was sent.
    """

    def __init__(
        self,
        *,
        script: Callable[[dict[str, Any], int], Answer | None] = lambda body, number: None,
        latency: float = 0.0,
        api_key: str | None = None,
        models: tuple[str, ...] | None = None,
        max_requests: int = 10_000,
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
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="fake API", daemon=True)
        self._ready = threading.Event()
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(START_SECONDS) or self._error is not None:
            raise RuntimeError(f"the fake server did not start: {self._error}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(self._app(), shutdown_timeout=0.1)
        try:
            self._loop.run_until_complete(runner.setup())
            site = web.TCPSite(runner, "127.0.0.1", 0)
            self._loop.run_until_complete(site.start())
            port = runner.addresses[0][1]
            self.base_url = f"http://127.0.0.1:{port}/v1"
        except OSError as error:
            self._error = error
            return
        finally:
            self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/v1/chat/completions", self._handle)
        app.router.add_post("/v1/completions", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = await request.json()
        number = len(self.bodies)
        self.bodies.append(body)
        self.authorizations.append(request.headers.get("Authorization", ""))
        if self._latency:
            await asyncio.sleep(self._latency)
        answer = self._refusal(request, body, number) or self._script(body, number)
        answer = answer or Answer(self._usual(body))
        self.answered.append(body)
        if answer.raw is not None:
            return web.Response(
                body=answer.raw,
                status=answer.status,
                headers=dict(answer.headers),
                content_type=answer.content_type,
            )
        return web.json_response(answer.body, status=answer.status, headers=dict(answer.headers))

    def _refusal(self, request: web.Request, body: dict[str, Any], number: int) -> Answer | None:
        if number >= self._max_requests:
            return Answer(_error("the fake server's bound is reached", "bound"), 503)
        sent = request.headers.get("Authorization")
        if self._api_key is not None and sent != f"Bearer {self._api_key}":
            return Answer(_error("Incorrect API key provided", "invalid_api_key"), 401)
        if self._models is not None and body.get("model") not in self._models:
            return Answer(_error("The model does not exist", "model_not_found"), 404)
        return None

    def _usual(self, body: dict[str, Any]) -> dict[str, Any]:
        if "prompt" in body:
            row = completion(None)
            row["choices"] = [{"index": 0, "text": spoken(body["prompt"]), "finish_reason": "stop"}]
            return row
        to_messages(body["messages"])
        return completion(spoken(body["messages"]))


def _error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code}}


__all__ = [
    "Answer",
    "ApiServer",
    "FakeTeacher",
    "completion",
    "fake_teacher",
    "record",
    "spoken",
]
