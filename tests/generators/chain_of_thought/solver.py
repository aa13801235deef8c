"""A teacher and a verifier for chain_of_thought: what they say depends on the request alone."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.generators.chain_of_thought import ChainOfThought
from limbeck.protocols import Reply, Request, Usage
from limbeck.record import Provenance, Record, content_hash, user
from limbeck.testing import Collected

_ANSWER = re.compile(r"(?:Answer:|answer is|^A\) )\s*([^\s.]+)")


@dataclass(frozen=True)
class Found:
    status: str
    answer: str | None
    reason: str = ""


class Clerk:
    """Reads "Answer: x" and "the answer is x"."""

    def canonical(
        self, completion: str, kind: Any, *, options: Sequence[str] | None = None
    ) -> str | None:
        found = _ANSWER.findall(completion)
        return found[-1] if found else None

    def check(
        self,
        completion: str,
        target: str,
        kind: Any = "auto",
        *,
        options: Sequence[str] | None = None,
    ) -> Found:
        answer = self.canonical(completion, kind)
        if answer is None:
            return Found("unparseable", None, "none")
        return Found("correct" if answer == target else "wrong", answer)

    def kind_of(self, target: str) -> str:
        return "number" if target.isdecimal() else "text"


class Solver:
    """Thinks "thought N" and then says what `says(question, index)` is: the answer, or None for a
    rationale without one. In a second call it says the same answer, or "?" for None."""

    name = "fake:solver"
    identity: Mapping[str, Any] = {"endpoint": "fake", "model": "solver"}

    def __init__(
        self,
        says: Callable[[str, int], str | None] = lambda question, index: "7",
        *,
        first: Callable[[Request], Reply | Exception | None] = lambda request: None,
        turns: int = 0,
        chance: int = 0,
    ) -> None:
        self.asked: list[tuple[str, Request]] = []
        self._says = says
        self._first = first
        self._turns = turns
        self._chance = random.Random(chance)

    async def ask(self, request: Request, /) -> Reply:
        text = request.messages[-1].content
        second = text.startswith("Therefore") or "\nTherefore" in text.rpartition("Q:")[2]
        self.asked.append(("answer" if second else "rationale", request))
        for _ in range(self._chance.randrange(self._turns + 1)):
            await asyncio.sleep(0)
        key = content_hash(request.to_json())
        said = self._first(request)
        if isinstance(said, Exception):
            raise said
        if said is None:
            said = Reply(self._words(request, second))
        return Reply(said.text, said.finish_reason, Usage(7, 5), key)

    async def aclose(self) -> None:
        return

    def calls(self, stage: str) -> list[Request]:
        return [request for name, request in self.asked if name == stage]

    def _words(self, request: Request, second: bool) -> str:
        texts = [message.content for message in request.messages if message.role == "user"]
        asked = next(text for text in reversed(texts) if not text.startswith("Therefore"))
        question = re.findall(r"#\d+", asked)[-1]
        answer = self._says(question, request.index)
        if second:
            return f" {answer or '?'}."
        thought = f"思考 thought {request.index} of {question}."
        if answer is None or texts[-1][-13:] == "step by step.":
            return thought
        return f"{thought}\nAnswer: {answer}"


def questions(count: int = 3, target: str | None = "7", **meta: Any) -> list[Record]:
    return [
        Record((user(f"What is #{n}? 多少🙂"),), "", Provenance("seed"), target, meta, id=f"q{n}")
        for n in range(count)
    ]


def run(teacher: Solver, given: Sequence[Record] | None = None, **options: Any) -> Collected:
    out = Collected()
    made = ChainOfThought(**{"verifier": Clerk(), "paths": 3, **options})
    asyncio.run(made.generate(questions() if given is None else given, teacher, out))
    return out


def text_of(out: Collected) -> str:
    """All of it as one text, to compare byte for byte."""
    return json.dumps(
        {
            "records": [record.to_json() for record in out.records],
            "replies": [reply.key for reply in out.replies],
            "failures": [failure.to_json() for failure in out.failures],
            "funnel": out.funnel,
        },
        ensure_ascii=False,
    )
