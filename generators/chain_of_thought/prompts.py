"""What is asked of a teacher: for a rationale, and for the answer that follows from it.

Two calls as published (Kojima et al. 2022, arXiv:2205.11916; Ho et al. 2023, arXiv:2212.10071):
"Let's think step by step", then the rationale and "Therefore, the answer is", with a word on its
form where the kind of answer is known. One call where the rationale is asked to end with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from limbeck.generators.chain_of_thought.examples import Examples
from limbeck.prompts import fill
from limbeck.record import Message, Record, user

Form = Literal["chat", "base"]
Calls = Literal["auto", "one", "two"]

NEXT = "\nQ:"  # where a base teacher begins a question of its own
_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Ask:
    """One call's prompt: `version` names its file, `template` is "chat" or "raw"."""

    messages: tuple[Message, ...]
    version: str
    stop: tuple[str, ...]
    template: str


@dataclass(frozen=True, slots=True)
class Asking:
    """The prompts of a run. With `one_call` the rationale is asked to end with the answer."""

    form: Form
    one_call: bool
    examples: Examples = field(default_factory=Examples)
    system: str = ""

    def rationale(self, seed: Record, kind: str) -> Ask:
        """The first call for a question."""
        if self.form == "base":
            version = "cot_rationale_base.v1"
            values = {"question": seed.prompt, "demos": self._shown(seed)}
            return Ask((user(fill(version, values)),), version, (NEXT,), "raw")
        version = "cot_question_chat.v1" if self.one_call else "cot_rationale_chat.v1"
        turns = [*self._opening(seed)]
        for demo in self.examples.of(seed):
            asked = fill(version, {"question": demo.question, "kind": kind})
            ends = f"\nAnswer: {demo.answer}" if self.one_call else ""
            turns += [user(asked), Message("assistant", demo.rationale + ends)]
        turns.append(user(fill(version, {"question": seed.prompt, "kind": kind})))
        return Ask(tuple(turns), version, (), "chat")

    def answer(self, first: Ask, rationale: str, seed: Record, kind: str) -> Ask:
        """The second call: what the answer is, after a rationale."""
        if self.form == "base":
            version = "cot_answer_base.v1"
            values = {
                "before": first.messages[0].content,
                "rationale": rationale,
                "kind": kind,
                "last": _last_letter(seed),
            }
            return Ask((user(fill(version, values)),), version, ("\n",), "raw")
        version = "cot_answer_chat.v1"
        said = Message("assistant", rationale)
        asked = user(fill(version, {"kind": kind}))
        return Ask((*first.messages, said, asked), version, (), "chat")

    def _opening(self, seed: Record) -> Sequence[Message]:
        turns = seed.messages[:-1]
        if self.system and (not turns or turns[0].role != "system"):
            return (Message("system", self.system), *turns)
        return turns

    def _shown(self, seed: Record) -> list[dict[str, Any]]:
        return [
            {"question": demo.question, "rationale": demo.rationale, "answer": demo.answer}
            for demo in self.examples.of(seed)
        ]


def answer_form(kind: str, target: str | None) -> str:
    """The form in which to ask for the answer: its kind, but a time is no MM/DD/YYYY."""
    if kind == "date" and target is not None and not _DATE.fullmatch(target.strip()):
        return "text"
    return kind


def _last_letter(seed: Record) -> str:
    options = seed.meta.get("options")
    count = len(options) if isinstance(options, tuple) else 0
    return _LETTERS[count - 1] if 0 < count <= len(_LETTERS) else ""
