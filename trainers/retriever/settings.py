"""What a retriever is trained with. No torch: the command line checks it before anything loads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from limbeck.errors import UserError

LabelScore = Literal["normalised", "likelihood"]


@dataclass(frozen=True, slots=True)
class Settings:
    """`candidates` demos a row and round, found for `rounds` rounds. `valid` is the share of rows
    held out, `limit` the rows of a task that are used (None: all), `near` the least resemblance of
    a near copy.

    `label_score`: of rows with options, normalised is the log-probability of the right one among
    them, likelihood that of the target's tokens, as for all other rows. `same_label_only` gives
    candidates of another label -100, as LLM-R's code does.

    `reward` False: the retriever learns from the scorer's numbers themselves; `reward_target`
    False: the reward model does not see the target. `kl` and `contrastive` weigh the two losses
    (0: off), `temperature` divides cosines. `group` is how many of a row's candidates a step looks
    at, `batch` how many rows. Temperature, epochs and rates are the backbone's own where they are
    None.

    Raises UserError for numbers that make no sense.
    """

    candidates: int = 20
    rounds: int = 2
    valid: float = 0.1
    limit: int | None = None
    near: float = 0.8
    label_score: LabelScore = "normalised"
    same_label_only: bool = False
    reward: bool = True
    reward_target: bool = True
    kl: float = 1.0
    contrastive: float = 0.2
    temperature: float | None = None
    group: int = 8
    batch: int = 16
    epochs: int | None = None
    learning_rate: float | None = None
    reward_epochs: int | None = None
    reward_learning_rate: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        least = {"candidates": 2, "rounds": 1, "limit": 1, "group": 2, "batch": 1, "epochs": 1}
        for name, number in (least | {"reward_epochs": 1}).items():
            given = getattr(self, name)
            if given is not None and given < number:
                raise UserError(f"{_words(name)} is at least {number}, got {given}")
        for name in ("kl", "contrastive"):
            if not 0 <= getattr(self, name) < math.inf:
                raise UserError(f"the weight {name} is at least 0, got {getattr(self, name)}")
        if self.kl == self.contrastive == 0:
            raise UserError("kl and contrastive are both 0, so nothing would be learned; raise one")
        for name in ("temperature", "learning_rate", "reward_learning_rate"):
            given = getattr(self, name)
            if given is not None and not 0 < given < math.inf:
                raise UserError(f"{_words(name)} is above 0, got {given}")
        if not 0 <= self.valid < 1:
            raise UserError(f"valid is a share of the rows, from 0 to below 1, got {self.valid}")
        if not 0 < self.near <= 1:
            raise UserError(f"near is above 0, up to 1, got {self.near}")
        if self.label_score not in get_args(LabelScore):
            known = ", ".join(get_args(LabelScore))
            raise UserError(f"label score is one of {known}, got {self.label_score!r}")
        if not self.reward and not self.reward_target:
            raise UserError(
                "without a reward model there is none to hide the target from; leave one of the "
                "two options out"
            )


def _words(name: str) -> str:
    return name.replace("_", " ")
