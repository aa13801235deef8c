"""Questions with exact targets, and how a role is asked them.

Every role gets the same questions, limit and verifier. How it is asked is told in the protocol: a
student as it was trained, base and teacher as the teacher was when it made the data, since neither
knows the student's form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from limbeck.errors import DataError
from limbeck.record import Message, Record
from limbeck.seeds import read_seeds
from limbeck.store import read_jsonl

Prompt = str | Sequence[Message]
"""Raw text to be continued, or a chat."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a role is asked: `prompt(question)`, what ends its text, and in words, for the report."""

    prompt: Callable[[Record], Prompt]
    stop: tuple[str, ...] = ()
    about: str = "the question alone"


def is_questions(path: Path) -> bool:
    """Whether a JSONL file holds questions with targets, not items of multiple choice."""
    for _, row in read_jsonl(path):
        return "target" in row
    return False


def read_questions(path: Path) -> list[Record]:
    """The questions of a file. Raises DataError for one without a target."""
    questions = read_seeds(path)
    for place, question in enumerate(questions, start=1):
        if question.target is None:
            raise DataError(f"{path}: question {place} has no target to compare with", path=path)
    return questions
