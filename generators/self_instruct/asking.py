"""Ask a teacher something whose reply has to be read: once more if it cannot be, then give up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from limbeck.errors import AskError
from limbeck.generators.self_instruct.sampling import Form, Settings
from limbeck.protocols import AskFailure, Out, Reply, Request, Teacher
from limbeck.record import Message, content_hash, user

T = TypeVar("T")
SECOND_TRY = 0.7  # temperature: a greedy reply would only come again


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What to ask, and how to read the reply: `read` gives None for one that it cannot read.

    `key` tells this question from every other of the run; its request's seed comes from it.
    """

    key: Sequence[str | int]
    messages: tuple[Message, ...]
    settings: Settings
    read: Callable[[Reply], T | None]
    version: str = ""
    parents: tuple[str, ...] = ()
    template: str = "chat"

    def request(self, seed: int, attempt: int) -> Request:
        """The request of the first (0) or second (1) attempt."""
        how = self.settings
        temperature = how.temperature
        if attempt and not temperature:
            temperature, how = SECOND_TRY, replace(how, top_p=max(how.top_p, 0.95))
        drawn = int(content_hash([seed, *self.key, attempt], size=4), 16) & 0x7FFFFFFF
        return Request(
            messages=self.messages,
            max_tokens=how.max_tokens,
            temperature=temperature,
            top_p=how.top_p,
            stop=how.stop,
            seed=drawn if temperature > 0 else None,
            index=attempt,
            template=self.template,
            presence_penalty=how.presence_penalty,
        )


@dataclass(slots=True)
class Answer(Generic[T]):
    """What came of a question: every reply, what was read from the last one, or why none came."""

    question: Question[T]
    replies: list[Reply] = field(default_factory=list)
    read: T | None = None
    failure: AskFailure | None = None

    @property
    def reply(self) -> Reply:
        """The reply that counts. Raises IndexError where there is none."""
        return self.replies[-1]

    def tell(self, out: Out) -> None:
        """Report replies and failure; to be called in the fixed order of the questions."""
        for reply in self.replies:
            out.answered(reply)
        if self.failure is not None:
            out.fail(self.failure)


async def ask(teacher: Teacher, question: Question[T], seed: int, tries: int = 2) -> Answer[T]:
    """Ask until a reply can be read, `tries` times at most. Raises StopRun as the teacher does."""
    answer = Answer(question)
    for attempt in range(tries):
        try:
            reply = await teacher.ask(question.request(seed, attempt))
        except AskError as error:
            name = "/".join(map(str, question.key))
            answer.failure = AskFailure(name, attempt, error.reason, str(error))
            return answer
        answer.replies.append(reply)
        answer.read = question.read(reply)
        if answer.read is not None:
            break
    return answer


def one_turn(text: str, form: Form) -> tuple[tuple[Message, ...], str]:
    """Messages and template of a prompt: a chat's user turn, or raw text to be continued."""
    return (user(text),), "raw" if form == "base" else "chat"
