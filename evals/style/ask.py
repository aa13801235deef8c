"""Asking one model: a sampled answer to every prompt, each from a seed of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from limbeck.aio import map_ordered
from limbeck.errors import AskError
from limbeck.evals.questions import Prompt
from limbeck.protocols import Request, Teacher
from limbeck.record import content_hash, user
from limbeck.refusals import is_refusal

STUDENT, TEACHER, AGAIN = "student", "teacher", "teacher_again"
"""Samples: base and student are drawn from the same seeds, so that a student that learned nothing
writes what base writes; the teacher and its second sample from others, so that equal weights are
two samples and not one."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How every prompt is sampled; `seed` is the recipe's."""

    temperature: float = 0.7
    max_tokens: int = 256
    seed: int = 0


class Question(NamedTuple):
    """A prompt by its id, as one model is asked it: a chat, or raw text to be continued."""

    id: str
    prompt: Prompt


@dataclass(slots=True)
class Answers:
    """For each prompt a text, or None where the call failed; and the reason why it is no whole
    answer: "" for a whole one, "truncated", "refused" (by the text or the server's filter),
    "empty", or the reason of the failure. `failures` tells of the calls that failed."""

    texts: list[str | None] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {"texts": self.texts, "reasons": self.reasons, "failures": self.failures}


def request(question: Question, sampling: Sampling, sample: str) -> Request:
    """The request of one prompt. Its seed is of the recipe's seed, the sample and the prompt: no
    other prompt changes it."""
    prompt = question.prompt
    raw = isinstance(prompt, str)
    return Request(
        messages=(user(prompt),) if isinstance(prompt, str) else tuple(prompt),
        max_tokens=sampling.max_tokens,
        temperature=sampling.temperature,
        seed=_seed(sampling.seed, sample, question.id),
        index=int(sample == AGAIN),  # an API that takes no seeds is asked twice all the same
        template="raw" if raw else "chat",
    )


async def ask(
    questions: Sequence[Question],
    sampling: Sampling,
    teacher: Teacher,
    sample: str,
    *,
    width: int,
    on_done: Callable[[int], None] = lambda count: None,
) -> Answers:
    """Ask every prompt once, `width` at a time; a call that fails leaves None. Raises StopRun."""
    answers = Answers()

    async def answer(question: Question) -> tuple[str | None, str, str]:
        try:
            reply = await teacher.ask(request(question, sampling, sample))
        except AskError as error:
            return None, error.reason, f"{error.reason}: {error}"
        return reply.text, outcome(reply.text, reply.reason), ""

    async with map_ordered(answer, questions, width) as results:
        async for text, reason, failure in results:
            answers.texts.append(text)
            answers.reasons.append(reason)
            if failure:
                answers.failures.append(failure)
            on_done(1)
    return answers


def outcome(text: str, reason: str) -> str:
    """What an answer is, from a reply's text and reason: a refusal that was cut off is one."""
    if reason == "refused" or is_refusal(text):
        return "refused"
    return reason if text.strip() else "empty"


def _seed(seed: int, sample: str, prompt: str) -> int:
    return int(content_hash([seed, "style", sample, prompt], size=4), 16) & 0x7FFFFFFF
