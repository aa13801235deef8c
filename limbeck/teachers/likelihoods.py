"""Likelihoods that go through the same door as answers: recorded, paid, stopped and replayed alike.

`Recorded(Budgeted(Scored(teacher)))`: a question about likelihoods is a request of its own kind on
its way through the wrappers, and `Scored` puts it to the teacher.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, cast

from limbeck.errors import Malformed
from limbeck.protocols import Likelihoods, Reply, Request, Teacher
from limbeck.teachers.wrap import Wrapper

Look = Literal["label_scores", "prompt_logprobs", "top_logprobs", "continuations"]


@dataclass(frozen=True, slots=True)
class LikelihoodRequest(Request):
    """A question to a `Likelihoods`, by the name of its method. Its Reply has what the method
    gives in `raw`, under that name, None for minus infinity; the text is what is likeliest.

    Only a teacher that is `AskedLikelihoods` may be asked: to another it would be a plain request.
    """

    look: Look = "label_scores"
    options: tuple[str, ...] = ()
    k: int = 0

    @classmethod
    def of(cls, request: Request, look: Look, *, options: Sequence[str] = (), k: int = 0) -> Self:
        """The question about a request's conversation. How to sample and its index are left out:
        likelihoods do not hang on them."""
        return cls(
            request.messages,
            max_tokens=0,
            template=request.template,
            look=look,
            options=tuple(options),
            k=k,
        )

    def to_json(self) -> dict[str, Any]:
        form = Request.to_json(self)  # slots: super() without arguments finds another class
        return form | {"look": self.look, "options": list(self.options), "k": self.k}


class AskedLikelihoods:
    """`Likelihoods` by `ask`, for a teacher whose `ask` takes LikelihoodRequests."""

    async def label_scores(
        self: Teacher, request: Request, options: Sequence[str], /
    ) -> list[float]:
        if not options:
            return []
        asked = LikelihoodRequest.of(request, "label_scores", options=options)
        scores = _given(await self.ask(asked), asked.look)
        if len(scores) != len(options):
            raise Malformed(f"{self.name} gave {len(scores)} scores for {len(options)} options")
        return [_number(score) for score in scores]

    async def prompt_logprobs(self: Teacher, request: Request, /) -> list[tuple[str, float | None]]:
        asked = LikelihoodRequest.of(request, "prompt_logprobs")
        tokens = _given(await self.ask(asked), asked.look)
        # The first token has none, which is no minus infinity.
        return [
            (text, value if value is None and not place else _number(value))
            for place, (text, value) in enumerate(tokens)
        ]

    async def top_logprobs(self: Teacher, request: Request, k: int, /) -> list[tuple[str, float]]:
        asked = LikelihoodRequest.of(request, "top_logprobs", k=k)
        tokens = _given(await self.ask(asked), asked.look)
        return [(text, _number(value)) for text, value in tokens]


class Scored(AskedLikelihoods, Wrapper):
    """A teacher that is a `Likelihoods`, and answers LikelihoodRequests as well. It counts no
    tokens of theirs."""

    async def ask(self, request: Request, /) -> Reply:
        if not isinstance(request, LikelihoodRequest):
            return await self.teacher.ask(request)
        inner = cast(Likelihoods, self.teacher)
        if request.look == "label_scores":
            scores = await inner.label_scores(request, request.options)
            best = max(range(len(scores)), key=scores.__getitem__)
            return _reply(request, request.options[best], [_json(score) for score in scores])
        if request.look == "top_logprobs":
            found = await inner.top_logprobs(request, request.k)
            text = found[0][0] if found else ""
            return _reply(request, text, [[token, _json(value)] for token, value in found])
        tokens = await inner.prompt_logprobs(request)
        return _reply(request, "", [[token, _json(value)] for token, value in tokens])


class Kept(AskedLikelihoods):
    """Asks a teacher that is AskedLikelihoods, and keeps its replies in the order of the asks."""

    def __init__(self, teacher: Teacher) -> None:
        self.name = teacher.name
        self.replies: list[Reply] = []
        self._teacher = teacher

    @property
    def identity(self) -> Mapping[str, Any]:
        return self._teacher.identity

    async def ask(self, request: Request, /) -> Reply:
        reply = await self._teacher.ask(request)
        self.replies.append(reply)
        return reply

    async def aclose(self) -> None:
        await self._teacher.aclose()


def _reply(request: LikelihoodRequest, text: str, found: list[Any]) -> Reply:
    return Reply(text, raw={request.look: found})


def _given(reply: Reply, look: Look) -> list[Any]:
    found = (reply.raw or {}).get(look)
    if not isinstance(found, list):
        raise Malformed(f"the reply to a question about {look} has none")
    return found


def _json(value: float | None) -> float | None:
    return None if value is None or value == -math.inf else value


def _number(value: float | None) -> float:
    return -math.inf if value is None else float(value)
