"""How demos, instruction and query stand in a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from limbeck.demos import Demo, Template, messages, render
from limbeck.prompts import fill
from limbeck.protocols import Request
from limbeck.record import Message, user
from limbeck.seeds import INSTRUCTION

Form = Literal["chat", "base"]
TEMPLATE = Template()


@dataclass(frozen=True, slots=True)
class Prompting:
    """`form` chat: demos are turns of user and assistant, after the instruction as a system turn.
    base: one text to be continued, MetaICL's newlines in it, the instruction above; without demos
    it is the text that a student gets which is asked without them."""

    form: Form = "chat"
    instruction: str = ""

    @property
    def version(self) -> str:
        """Stored with every record; another number wherever the form is written otherwise."""
        return f"demonstrations_{self.form}.v1"

    @property
    def template(self) -> str:
        return "chat" if self.form == "chat" else "raw"

    def messages(self, demos: Sequence[Demo], query: str, answer: str = "") -> tuple[Message, ...]:
        """The prompt, with `answer` as what comes next where there is one."""
        if self.form == "chat":
            return messages(demos, query, answer, system=self.instruction)
        text = render(demos, query, answer, TEMPLATE)
        if self.instruction:
            text = fill(INSTRUCTION, {"instruction": self.instruction, "input": text})
        return (user(text),)

    def request(self, demos: Sequence[Demo], query: str, *, stop: tuple[str, ...] = ()) -> Request:
        return Request(self.messages(demos, query), stop=stop, template=self.template)
