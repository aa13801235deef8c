"""The terms of a loss: means with a weight each, kept as sums and counts until they are divided.

An objective without more has one term for each task, over the task's loss tokens, with a weight
that stays. It may say more, each by a method or an attribute of its own: what else its terms are
means over, their names, and weights that change from step to step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from limbeck.trainers.example import Example, Row

if TYPE_CHECKING:
    from limbeck.trainers.step import Objective


@runtime_checkable
class Counts(Protocol):
    """Terms that are no means over loss tokens: what an example adds to the divisor of each term of
    its task, in the order of the values in the task's loss."""

    def counts(self, example: Example, /) -> Sequence[int]: ...


@runtime_checkable
class Named(Protocol):
    """Terms with names, in the order of the weights: metrics.jsonl has them apart."""

    @property
    def terms(self) -> tuple[str, ...]: ...


@runtime_checkable
class Changes(Protocol):
    """Weights that are others at every step (from 0, of `steps`) of a training. Whole sets, and
    the curve, are measured with `weights`, which stay: else a loss could fall by itself."""

    def weights_at(self, step: int, steps: int, /) -> tuple[float, ...]: ...


def counts(objective: Objective, rows: Sequence[Row]) -> list[int]:
    """The divisor of each term over the rows."""
    if not isinstance(objective, Counts):
        return [sum(example.loss_tokens for example in task) for task in zip(*rows, strict=True)]
    each = [[number for example in row for number in objective.counts(example)] for row in rows]
    return [sum(term) for term in zip(*each, strict=True)]


def weights_at(objective: Objective, step: int, steps: int) -> tuple[float, ...]:
    """The weights of the terms at a step."""
    if isinstance(objective, Changes):
        return objective.weights_at(step, steps)
    return objective.weights


class Sums:
    """The nats and the divisor of every term, and the loss that they make."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = tuple(weights)
        self.nats = [0.0] * len(self._weights)
        self.tokens = [0] * len(self._weights)

    def add(self, term: int, nats: float, tokens: int) -> None:
        self.nats[term] += nats
        self.tokens[term] += tokens

    def __iadd__(self, other: Sums) -> Self:
        for term in range(len(self._weights)):
            self.add(term, other.nats[term], other.tokens[term])
        return self

    @property
    def loss(self) -> float:
        terms = zip(self._weights, self.nats, self.tokens, strict=True)
        return sum(weight * nats / max(1, tokens) for weight, nats, tokens in terms)

    def named(self, objective: Objective) -> dict[str, float] | None:
        """Each term's mean by its name, but those of nothing; None where they have no names."""
        if not isinstance(objective, Named):
            return None
        terms = zip(objective.terms, self.nats, self.tokens, strict=True)
        return {name: nats / tokens for name, nats, tokens in terms if tokens}


def to_json(sums: Sums) -> dict[str, Any]:
    return {"nats": sums.nats, "tokens": sums.tokens}


def from_json(weights: Sequence[float], value: Mapping[str, Any]) -> Sums:
    sums = Sums(weights)
    for term, (nats, tokens) in enumerate(zip(value["nats"], value["tokens"], strict=True)):
        sums.add(term, nats, tokens)
    return sums
