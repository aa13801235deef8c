"""Fakes that start nothing: records in one word, and a teacher whose distribution is known."""

from __future__ import annotations

import asyncio
import math
import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from limbeck.protocols import AskFailure, Reply, Request, Usage
from limbeck.record import Provenance, Record, Verdict, content_hash, user

if TYPE_CHECKING:
    from limbeck.models import ModelName
    from limbeck.recipe import TeacherSection

Probabilities = Mapping[str, float]
END = "<|end|>"  # a fake's token for the end of a completion


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


def words(text: str) -> list[str]:
    """A text cut into its words, each with the white space before it."""
    return re.findall(r"\s*\S+|\s+$", text)


class FakeTeacher:
    """A teacher whose distribution over whole completions is known.

    `probabilities` maps completions to their probabilities, or is a function of the request that
    does; without it every prompt has one fixed answer. A request at temperature 0 gets the most
    probable one, else one is drawn by the request's own seed and index, so that the same request
    always gets the same answer. `fail(request)` may return an AskError to be raised. `asked`
    holds every request, in the order of arrival.

    With `tokens`, which cuts a completion into tokens (`words` does), it also gives
    log-probabilities where a request asks for them: of the tokens of its answer at temperature 1,
    in `Reply.raw` as OpenAI's API writes them, and an answer has `max_tokens` tokens at most. With
    `tempered` it draws from the probabilities to the power of 1 / temperature, else a temperature
    above 0 is as good as another.
    """

    def __init__(
        self,
        probabilities: Probabilities | Callable[[Request], Probabilities] | None = None,
        *,
        name: str = "fake",
        finish_reason: str = "stop",
        latency: float = 0.0,
        fail: Callable[[Request], Exception | None] = lambda request: None,
        tokens: Callable[[str], Sequence[str]] | None = None,
        tempered: bool = False,
    ) -> None:
        self.name = f"fake:{name}"
        self.asked: list[Request] = []
        self.closed = False
        self._probabilities = probabilities
        self._finish_reason = finish_reason
        self._latency = latency
        self._fail = fail
        self._tokens = tokens
        self._tempered = tempered

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
        text, finish, raw = self._draw(request), self._finish_reason, None
        prompt = " ".join(message.content for message in request.messages)
        if self._tokens is not None:
            said = list(self._tokens(text))
            if len(said) > request.max_tokens:
                said, finish = said[: request.max_tokens], "length"
                text = "".join(said)
            raw = self._logprobs(request, said) if request.top_logprobs else None
        usage = Usage(len(prompt.split()), len(text.split()))
        return Reply(text, finish, usage, raw=raw)

    async def aclose(self) -> None:
        self.closed = True

    def _draw(self, request: Request) -> str:
        weights = self.probabilities(request)
        if request.temperature <= 0:
            return max(weights, key=lambda text: weights[text])
        if self._tempered:
            weights = {text: p ** (1 / request.temperature) for text, p in weights.items()}
        draw = random.Random(content_hash(request.to_json()))
        return draw.choices(list(weights), list(weights.values()))[0]

    def next_tokens(self, request: Request, said: Sequence[str] = ()) -> dict[str, float]:
        """The probabilities of the token after those already `said`, the likeliest first, summing
        to 1; END for no more. Raises ValueError without `tokens`, and after what is never said."""
        if self._tokens is None:
            raise ValueError(
                "this fake has no tokens; give it some: FakeTeacher(..., tokens=words)"
            )
        found: dict[str, float] = {}
        for text, p in self.probabilities(request).items():
            own = [*self._tokens(text), END]
            if p and own[: len(said)] == list(said):
                found[own[len(said)]] = found.get(own[len(said)], 0.0) + p
        if not found:
            raise ValueError(f"no completion begins with {list(said)}")
        total = sum(found.values())
        ordered = sorted(found, key=lambda token: -found[token])
        return {token: found[token] / total for token in ordered}

    def _logprobs(self, request: Request, said: Sequence[str]) -> dict[str, Any]:
        """Of the tokens said: rows for a chat, lists side by side for a raw prompt."""
        rows = []
        for place, token in enumerate(said):
            likely = {x: math.log(p) for x, p in self.next_tokens(request, said[:place]).items()}
            rows.append((token, likely[token], list(likely.items())[: request.top_logprobs]))
        if request.template == "raw":
            found: dict[str, Any] = {
                "tokens": [token for token, _, _ in rows],
                "token_logprobs": [value for _, value, _ in rows],
                # What was drawn stands there too, likely or not.
                "top_logprobs": [dict([*top, (token, value)]) for token, value, top in rows],
            }
        else:
            content = [
                {
                    "token": token,
                    "logprob": value,
                    "top_logprobs": [{"token": one, "logprob": number} for one, number in top],
                }
                for token, value, top in rows
            ]
            found = {"content": content}
        return {"choices": [{"logprobs": found}]}


class Collected:
    """Where a generator's results go in a test (protocols.Out): lists of everything, in order.

    `funnel` has the counted lines, `drafts` pairs of record and verdict.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.drafts: list[tuple[Record, Verdict]] = []
        self.replies: list[Reply] = []
        self.failures: list[AskFailure] = []
        self.funnel: dict[str, int] = {}
        self.said: list[str] = []

    def emit(self, record: Record, /) -> None:
        self.records.append(record)

    def draft(self, record: Record, verdict: Verdict, /) -> None:
        self.drafts.append((record, verdict))

    def answered(self, reply: Reply, /) -> None:
        self.replies.append(reply)

    def fail(self, failure: AskFailure, /) -> None:
        self.failures.append(failure)

    def count(self, line: str, number: int = 1, /) -> None:
        self.funnel[line] = self.funnel.get(line, 0) + number

    def say(self, text: str, /) -> None:
        self.said.append(text)


def fake_teacher(name: ModelName, section: TeacherSection) -> FakeTeacher:
    """The teacher that a recipe names `fake:NAME`."""
    return FakeTeacher(name=name.value)
