"""`style: magpie`: an aligned model, given nothing but the opening of a user's turn, says what a
user would ask (Xu et al. 2024, arXiv:2406.08464). Needs a local model or a raw-text server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from limbeck.generators.self_instruct.asking import Question
from limbeck.generators.self_instruct.pool import Known
from limbeck.generators.self_instruct.sampling import Settings
from limbeck.protocols import Reply
from limbeck.record import Message, user

VERSION = "magpie.v1"  # the prompt is the template's own text


@dataclass(frozen=True, slots=True)
class Magpie:
    """`pre_query` is the text that opens a user's turn, for servers that continue raw text;
    a local model's own chat template knows it."""

    settings: Settings
    system: str = ""
    pre_query: str = ""

    def question(self, number: int, made: Sequence[Known]) -> Question[list[str]]:
        messages: tuple[Message, ...] = ()
        if self.pre_query:
            messages = (user(self.pre_query),)
        elif self.system:
            messages = (Message("system", self.system),)
        return Question(
            key=("query", number),
            messages=messages,
            settings=self.settings,
            read=_read,
            version=VERSION,
            template="raw" if self.pre_query else "user",
        )


def _read(reply: Reply) -> list[str] | None:
    """One query, or none from a reply that was cut off or is empty."""
    text = reply.text.strip()
    return [text] if text and not reply.reason else []
