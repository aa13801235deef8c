"""The sending half of the probe: one request, asked again where that can help."""

from __future__ import annotations

from typing import Any

import tenacity

from limbeck.errors import (
    AskError,
    AskTimeout,
    AuthError,
    BadRequest,
    EndpointError,
    Malformed,
    UnknownModel,
    Unreachable,
)
from limbeck.protocols import Reply, Request
from limbeck.record import user
from limbeck.teachers.capabilities import TokenParameter
from limbeck.teachers.http import decoded
from limbeck.teachers.openai import OpenAITeacher
from limbeck.teachers.replies import read_reply

MAX_TOKENS = 16  # of every answer
ATTEMPTS = 4
LONGEST_WAIT = 60.0  # seconds between two of them, whatever the server asks for

Json = dict[str, Any]


class Sender:
    """Sends the probe's requests, put as limbeck itself puts them.

    `parameter` is the name under which chat is sent its token limit, `usual` what it would be
    without a probe. `first_wait` is the scale of the first wait after a failure, in seconds.
    """

    def __init__(self, teacher: OpenAITeacher, first_wait: float) -> None:
        self.teacher = teacher
        self._answered: set[str] = set()  # paths
        self._statuses: dict[str, int] = {}  # the latest, by path
        self._backoff = tenacity.wait_random_exponential(multiplier=first_wait, max=8.0)
        chat = teacher.body(Request((user(""),)))
        self.usual: TokenParameter = (
            "max_tokens" if "max_tokens" in chat else "max_completion_tokens"
        )
        self.parameter = self.usual

    async def send(self, prompt: str, /, *, raw: bool, **changes: Any) -> Json:
        """The whole body of the answer, which `read_reply` takes. `changes` are parameters.

        Raises AskError for this request and StopRun for all, like a teacher; but what one path
        refuses once the other one has answered (401, 403, 404, 405) is a BadRequest.
        """
        request = Request(
            (user(prompt),),
            max_tokens=MAX_TOKENS,
            temperature=1.0,  # at which log-probabilities are the model's own
            template="raw" if raw else "chat",
        )
        body = self.teacher.body(request)
        if not raw:
            body[self.parameter] = body.pop(self.usual)
        try:
            async for attempt in tenacity.AsyncRetrying(
                retry=tenacity.retry_if_exception(_may_pass),
                stop=tenacity.stop_after_attempt(ATTEMPTS),
                wait=self._wait,
                reraise=True,
            ):
                with attempt:
                    return await self._exchange(body | changes, raw)
        except Unreachable as error:
            raise EndpointError(
                f"nothing answers at the teacher's endpoint ({error}). Check base_url and that "
                "the server runs"
            ) from error
        raise AssertionError("tenacity returns or raises")

    def status(self, raw: bool) -> str:
        """What the path has said last."""
        return f"HTTP {self._statuses[path_of(raw)]} at {path_of(raw)}"

    async def _exchange(self, body: Json, raw: bool) -> Json:
        path = path_of(raw)
        answer = await self.teacher.post(path, body)
        self._statuses[path] = answer.status
        if answer.status == 200:
            try:
                row = decoded(answer.body)
            except ValueError as error:
                raise Malformed("the answer is no JSON") from error
            try:
                read_reply(row, raw=raw)
            except AskError as error:
                if isinstance(row, dict) and row.get("error"):  # its words may hold the key
                    told = type(error)("an error inside a 200", retry_after=error.retry_after)
                    raise told from None
                raise
            self._answered.add(path)
            return dict(row)
        failure = self.teacher.error(answer)
        if isinstance(failure, Reply):
            raise AskError(f"HTTP {answer.status}: the server's content filter refused it")
        stops = isinstance(failure, AuthError | UnknownModel | EndpointError)
        if stops and self._answered and path not in self._answered:
            # The other path has answered, so key and model are good.
            raise BadRequest(self.status(raw))
        raise failure

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, AskError) else None
        return min(float(self._backoff(state)) + (asked or 0.0), LONGEST_WAIT)


def path_of(raw: bool) -> str:
    return "/completions" if raw else "/chat/completions"


def _may_pass(error: BaseException) -> bool:
    # A whole deadline is patience enough.
    return isinstance(error, AskError) and error.retryable and not isinstance(error, AskTimeout)
