"""What is known of a training while it goes on: its curve, who is told, what a checkpoint holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from limbeck.trainers.checkpoint import State, Tensors
from limbeck.trainers.speed import Work
from limbeck.trainers.terms import Sums, from_json, to_json


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the loss curve: the objective's loss over the rows since the point before, and
    the learning rate and the gradient's length (before clipping) of the last step.

    Where the terms of the loss have names, `terms` are their means over the same rows, and
    `weights` their weights at the last step.
    """

    step: int
    epoch: float
    train_loss: float
    valid_loss: float | None = None
    learning_rate: float | None = None
    gradient_norm: float | None = None
    terms: dict[str, float] | None = None
    weights: dict[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        named = ("terms", "weights")
        return {k: v for k, v in asdict(self).items() if v is not None or k not in named}


@dataclass(frozen=True, slots=True)
class Step:
    """What the progress view is told after every step."""

    step: int
    steps: int
    tokens: int
    loss: float
    work: Work = field(default_factory=Work)


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told what: every step; every point of the curve; the tokens and points that a
    checkpoint brought back; and sentences for the user."""

    step: Callable[[Step], None] = lambda step: None
    point: Callable[[Point], None] = lambda point: None
    resumed: Callable[[int, Sequence[Point]], None] = lambda tokens, points: None
    say: Callable[[str], None] = lambda text: None


@dataclass(slots=True)
class Progress:
    """What a checkpoint holds besides the weights."""

    step: int
    curve: list[Point]
    since: Sums
    best_loss: float = math.inf
    best_step: int = 0
    waited: int = 0
    best: Tensors | None = field(default=None, repr=False)

    def to_state(self, micro: int | None) -> State:
        """`micro` are the tokens of a micro-batch where a full memory set them, else None."""
        more = {
            "curve": [point.to_json() for point in self.curve],
            "since": to_json(self.since),
            "best_loss": self.best_loss if math.isfinite(self.best_loss) else None,
            "best_step": self.best_step,
            "waited": self.waited,
            "micro": micro,
        }
        return State(self.step, more, self.best)

    @classmethod
    def of(cls, state: State, weights: Sequence[float]) -> Progress:
        more = state.more
        return cls(
            step=state.step,
            curve=[Point(**point) for point in more["curve"]],
            since=from_json(weights, more["since"]),
            best_loss=math.inf if more["best_loss"] is None else more["best_loss"],
            best_step=more["best_step"],
            waited=more["waited"],
            best=state.best,
        )
