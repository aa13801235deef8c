"""How demos, instruction and query stand in a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from limbeck.demos.prompt import Template, messages, render
from limbeck.demos.row import Demo
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

    def stop_of_label(self, labels: Sequence[str]) -> tuple[str, ...]:
        """What ends a reply that gives a label. A label is a line, and its demos' labels are:
        whatever follows is no part of it."""
        return self._stop("" if any("\n" in label for label in labels) else "\n")

    def stop_of_text(self) -> tuple[str, ...]:
        """What ends a reply that is a text: what parts the demos."""
        return self._stop("")

    def after_label(self, shots: int) -> str:
        """What a label is scored with, as demos show it: what ends a label keeps it from being
        another's beginning."""
        return TEMPLATE.to_example if self.form == "base" and shots else ""

    def _stop(self, end: str) -> tuple[str, ...]:
        return () if self.form == "chat" else (end or TEMPLATE.to_example,)
