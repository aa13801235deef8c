"""One path of a question: a rationale, and its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from limbeck.errors import AskError
from limbeck.generators.chain_of_thought.prompts import Ask, Asking
from limbeck.protocols import AskFailure, Reply, Request, Teacher
from limbeck.record import Record, content_hash

ANSWER_TOKENS = 32


@dataclass(frozen=True, slots=True)
class Sampling:
    """How rationales are sampled. Answers are greedy. What was cut off at `max_tokens` is asked
    once more with twice as many where `longer` says so."""

    max_tokens: int
    temperature: float
    top_p: float
    seed: int
    longer: bool


@dataclass(slots=True)
class Path:
    """What came of one path. `text` is the reply with the rationale, `answer_text` that of the
    second call, None where there was none; `failure` stands for a call without a reply."""

    index: int
    asked: Ask
    replies: list[Reply] = field(default_factory=list)
    text: Reply | None = None
    answer_text: Reply | None = None
    answer_version: str = ""
    failure: AskFailure | None = None

    @property
    def is_truncated(self) -> bool:
        """Whether the rationale ends in the middle: then nothing that follows can be trusted."""
        return self.text is not None and self.text.finish_reason == "length"


async def walk(
    teacher: Teacher,
    asking: Asking,
    seed: Record,
    kind: str,
    index: int,
    sampling: Sampling,
    has_answer: Callable[[str], bool],
) -> Path:
    """Ask for one path. `has_answer(text)` says whether a rationale already ends with an answer:
    then the second call is saved. Raises StopRun as the teacher does."""
    first = asking.rationale(seed, kind)
    path = Path(index, first)
    request = _request(first, seed, index, sampling)
    try:
        reply = await teacher.ask(request)
        path.replies.append(reply)
        if reply.finish_reason == "length" and sampling.longer:
            reply = await teacher.ask(replace(request, max_tokens=2 * sampling.max_tokens))
            path.replies.append(reply)
        path.text = reply
        if reply.reason or (asking.one_call and has_answer(reply.text)):
            return path
        second = asking.answer(first, reply.text, seed, kind)
        answer = await teacher.ask(
            Request(
                messages=second.messages,
                max_tokens=ANSWER_TOKENS,
                temperature=0.0,
                stop=second.stop,
                index=index,
                template=second.template,
            )
        )
        path.replies.append(answer)
        path.answer_text, path.answer_version = answer, second.version
    except AskError as error:
        path.failure = AskFailure(seed.id, index, error.reason, str(error))
    return path


def _request(ask: Ask, seed: Record, index: int, sampling: Sampling) -> Request:
    drawn = int(content_hash([sampling.seed, seed.id, index], size=4), 16) & 0x7FFFFFFF
    return Request(
        messages=ask.messages,
        max_tokens=sampling.max_tokens,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        stop=ask.stop,
        seed=drawn if sampling.temperature > 0 else None,
        index=index if sampling.temperature > 0 else seed.provenance.index,
        template=ask.template,
    )
