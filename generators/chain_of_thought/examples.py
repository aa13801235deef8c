"""Which worked examples a question is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from limbeck.errors import UserError
from limbeck.generators.chain_of_thought.conclusion import thoughts
from limbeck.record import Record

By = Literal["order", "family"]


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: question, rationale, answer, and the record that it was."""

    question: str
    rationale: str
    answer: str
    id: str
    family: str = ""
    template: str = ""


@dataclass(frozen=True, slots=True)
class Examples:
    """The worked examples that there are, of which a question is shown `shots`.

    By "order" everyone sees the first ones. By "family" those of the question's own `family` stand
    last, next to it, and others fill up what is missing, before them: Auto-CoT's retrieval by
    likeness (Zhang et al. 2022, arXiv:2210.03493) where the likeness is known. A question is never
    shown itself, nor by "family" an example of its own `template`: that would show how to solve it
    but for the numbers, which no question of a test can have.
    """

    every: tuple[Example, ...] = ()
    shots: int = 0
    by: By = "order"

    def __bool__(self) -> bool:
        return bool(self.every) and self.shots > 0

    def of(self, seed: Record) -> tuple[Example, ...]:
        """The examples for one question, in the order in which they are shown."""
        others = [example for example in self.every if example.question != seed.prompt]
        if self.by == "order":
            return tuple(others[: self.shots])
        template, family = seed.meta.get("template"), seed.meta.get("family")
        others = [example for example in others if not template or example.template != template]
        own = [example for example in others if family and example.family == family][: self.shots]
        fill = [example for example in others if not family or example.family != family]
        return (*fill[: self.shots - len(own)], *own)


def examples_of(demos: Sequence[Record], shots: int, by: By) -> Examples:
    """The examples among the records of `seeds.demos`.

    Raises UserError for one without rationale or target, and by "family" where none has one.
    """
    shown = demos[:shots] if by == "order" else demos
    every = tuple(_example(record) for record in shown)
    if by == "family" and every and not any(example.family for example in every):
        raise UserError(
            "shots_by: family needs worked examples with a field `family`, and none has one; add "
            "it, or leave shots_by out"
        )
    return Examples(every, shots, by)


def _example(record: Record) -> Example:
    rationale = record.meta.get("rationale") or record.completion
    if not rationale or record.target is None:
        raise UserError(f"the worked example {record.prompt[:60]!r} needs a rationale and a target")
    return Example(
        record.prompt,
        thoughts(str(rationale)),
        record.target,
        record.id,
        str(record.meta.get("family", "")),
        str(record.meta.get("template", "")),
    )
