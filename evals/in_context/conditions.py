"""What a model is asked under: how many demos, chosen how, with which of two controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from limbeck.demos import DRAWN
from limbeck.demos.prompting import Prompting

Control = Literal["flipped", "random_words"]
AT_RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Condition:
    """`select` is a selector of limbeck.demos, "" without demos. `seeds` draws of demos are asked
    each; retrieved ones are the same for every seed, so that there is one."""

    select: str
    shots: int
    seeds: int
    control: Control | None = None

    @property
    def key(self) -> str:
        """Names it in files: "random/4", "random/4/flipped"."""
        return "/".join([self.select or "none", str(self.shots), *filter(None, [self.control])])


@dataclass(frozen=True, slots=True)
class Setting:
    """How tasks are asked. `shots` are the k of the curve, `limit` the most tokens of a prompt (as
    estimated), `near` the resemblance from which on a demo is a copy of the row; `options` are the
    selectors' own, by their names."""

    prompting: Prompting
    shots: tuple[int, ...]
    seeds: int
    select: tuple[str, ...]
    controls: tuple[Control, ...]
    near: float
    limit: int | None
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """No demos first, then every selector's curve, then the controls, which have as many demos
        as the curve's end, drawn at random."""
        ks = sorted(set(self.shots))
        made = [Condition("", 0, 1)] if 0 in ks else []
        made += [
            Condition(select, k, self.seeds if select in DRAWN else 1)
            for select in self.select
            for k in ks
            if k
        ]
        if ks[-1]:
            made += [Condition(AT_RANDOM, ks[-1], self.seeds, one) for one in self.controls]
        return tuple(made)


def without_controls(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """The conditions of a task whose rows have their own options: there is no label to be
    exchanged for another one throughout."""
    return tuple(one for one in conditions if one.control is None)
