"""A fake teacher that also gives likelihoods, as a model in this process does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from limbeck.errors import BadRequest
from limbeck.protocols import Request
from limbeck.testing.fakes import FakeTeacher, Probabilities, words


class FakeLikelihoods(FakeTeacher):
    """A FakeTeacher of known probabilities that is a `Likelihoods` too.

    `label_scores` gives the probability that a completion begins with the option, minus infinity
    for none. `prompt_logprobs` knows chats: their turns as one token each, of which the first has
    no log-probability and the others -1; an assistant's turn at the end is the completion's
    beginning, token by token (`tokens`, words where none are given), and has the log-probabilities
    of the chat before it.
    """

    def __init__(
        self,
        probabilities: Probabilities | Callable[[Request], Probabilities] | None = None,
        *,
        tokens: Callable[[str], Sequence[str]] = words,
        **options: Any,
    ) -> None:
        super().__init__(probabilities, tokens=tokens, **options)
        self.scored: list[Request] = []
        self._cut = tokens

    async def label_scores(self, request: Request, options: Sequence[str], /) -> list[float]:
        self.scored.append(request)
        known = self.probabilities(request)
        sums = [math.fsum(p for text, p in known.items() if text.startswith(o)) for o in options]
        return [math.log(p) if p else -math.inf for p in sums]

    async def prompt_logprobs(self, request: Request, /) -> list[tuple[str, float | None]]:
        self.scored.append(request)
        if request.template == "raw":
            raise BadRequest("this fake knows where the prompt ends in chats only")
        turns, begun = request.messages, ""
        if turns[-1].role == "assistant" and len(turns) > 1:
            turns, begun = turns[:-1], turns[-1].content
        found: list[tuple[str, float | None]] = [
            (f"{turn.content}\n", -1.0 if place else None) for place, turn in enumerate(turns)
        ]
        asked, said = replace(request, messages=turns), list(self._cut(begun))
        for place, token in enumerate(said):
            likely = self.next_tokens(asked, said[:place]).get(token, 0.0)
            if not likely:
                raise BadRequest(f"this fake never says {begun!r}")
            found.append((token, math.log(likely)))
        return found

    async def top_logprobs(self, request: Request, k: int, /) -> list[tuple[str, float]]:
        if k < 1:
            raise BadRequest(f"k must be at least 1, got {k}")
        self.scored.append(request)
        return [(x, math.log(p)) for x, p in list(self.next_tokens(request).items())[:k]]
