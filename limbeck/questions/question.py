"""The parts of a question set: a question, the template that makes it, and the set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from limbeck.record import content_hash

Kind = Literal["number", "choice", "yesno", "text", "date", "list"]
Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")


@dataclass(frozen=True, slots=True)
class Made:
    """What a template makes: the prompt, its exact target, and a worked solution.

    The solution ends with "So the answer is TARGET." `options` are the texts of (A), (B), ...
    where the target is a letter.
    """

    prompt: str
    target: str
    solution: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """One wording of one kind of reasoning. `id` is SET/FAMILY/NUMBER and never changes.

    `make` draws a question from it; the split that the template belongs to decides which wordings
    may be used for the parts that templates share, such as how a date is asked for.
    """

    id: str
    family: str
    make: Callable[[Random, Split], Made]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A name, one line on what is asked, the kind of answer, and the templates."""

    name: str
    about: str
    kind: Kind
    templates: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a set, with where it is from."""

    prompt: str
    target: str
    solution: str
    kind: Kind
    task: str
    family: str
    template: str
    split: str
    options: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """A hash of the set's name and the prompt."""
        return content_hash([self.task, self.prompt])

    def row(self, *, solution: bool = False) -> dict[str, Any]:
        """The seed that `limbeck.seeds` reads, keys in reading order."""
        row: dict[str, Any] = {
            "id": self.id,
            "prompt": self.prompt,
            "target": self.target,
            "kind": self.kind,
            "task": self.task,
            "family": self.family,
            "template": self.template,
            "split": self.split,
        }
        if self.options:
            row["options"] = list(self.options)
        if solution:
            row["solution"] = self.solution
        return row


def templates_of(
    task: str, family: str, wordings: Mapping[str, Callable[[Random, Split], Made]]
) -> tuple[Template, ...]:
    """The templates of one family, by the short names of their wordings."""
    return tuple(
        Template(f"{task}/{family}/{name}", family, make) for name, make in wordings.items()
    )


def ending(steps: list[str], target: str) -> str:
    """A solution: its steps, and the sentence that all solutions end with."""
    return " ".join([*steps, f"So the answer is {target}."])
