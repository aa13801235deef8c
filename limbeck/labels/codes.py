"""Codes of one token for labels of several: "A" for "not at all likely".

The first token shows a distribution over codes, which it cannot show over longer labels. Models
favour some codes and places, so that several assignments of codes are asked and averaged.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from limbeck.aio import map_ordered
from limbeck.errors import UserError
from limbeck.labels.averaged import average
from limbeck.labels.contracts import Estimator, Labelled
from limbeck.labels.distribution import LabelDistribution
from limbeck.labels.reading import checked_options
from limbeck.labels.top_logprobs import TopLogprobs
from limbeck.protocols import Request, Teacher
from limbeck.record import content_hash

LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"  # no "I": an answer may begin with the word


@dataclass(frozen=True, slots=True)
class Codes:
    """One assignment: `shown` are the options as they are listed, the first of them is "A".
    `options` is their own order, that of every distribution."""

    options: tuple[str, ...]
    shown: tuple[str, ...]

    def __post_init__(self) -> None:
        checked_options(self.options)
        if sorted(self.shown) != sorted(self.options):
            raise ValueError(f"{list(self.shown)} is no order of {list(self.options)}")
        if len(self.options) > len(LETTERS):
            raise UserError(
                f"{len(self.options)} labels cannot have codes of one letter, of which there are "
                f"{len(LETTERS)}; use method sampled, or fewer labels"
            )

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes in use, in the order shown."""
        return tuple(LETTERS[: len(self.shown)])

    def code(self, option: str) -> str:
        """The code of an option. Raises ValueError for what is none."""
        if option not in self.shown:
            raise ValueError(f"{option!r} is none of {list(self.options)}")
        return LETTERS[self.shown.index(option)]

    def legend(self, form: str = "{code}. {option}") -> str:
        """The list that a prompt shows, an option a line."""
        pairs = zip(self.codes, self.shown, strict=True)
        return "\n".join(form.format(code=code, option=option) for code, option in pairs)

    def decoded(self, distribution: LabelDistribution) -> LabelDistribution:
        """A distribution over the codes as one over the options, in their order."""
        return distribution.relabelled({option: self.code(option) for option in self.options})


def permutations(options: Sequence[str], m: int, *, seed: int = 0) -> list[Codes]:
    """`m` assignments of codes. Of C labels, each C assignments in a row are the rotations of one
    random order: every label has every code, and place, once. So m = C, or a multiple, is balanced.

    No assignment comes twice before all C! were there. Which they are hangs on `seed` and the
    options alone. Raises UserError for options that are no label set, ValueError for m below 1.
    """
    labels = checked_options(options)
    if m < 1:
        raise ValueError(f"m must be at least 1, got {m}")
    draw = random.Random(content_hash([seed, list(labels)]))
    rounds = math.factorial(len(labels) - 1)
    found: list[Codes] = []
    used: set[tuple[str, ...]] = set()
    while len(found) < m:
        order = list(labels)
        draw.shuffle(order)
        start = order.index(labels[0])
        cycle = tuple(order[start:] + order[:start])
        if cycle in used:
            continue
        used.add(cycle)
        if len(used) == rounds:
            used.clear()
        turns = [tuple(order[place:] + order[:place]) for place in range(len(order))]
        found += [Codes(labels, shown) for shown in turns]
    return found[:m]


@dataclass(frozen=True, slots=True)
class Coded:
    """Asks for codes under `m` assignments (None: as many as labels, the least that is balanced)
    and averages what they say of the labels.

    `estimator` must read codes with their case, as the default does: "a" is a word.
    """

    m: int | None = None
    seed: int = 0
    estimator: Estimator = field(default_factory=lambda: TopLogprobs(fold_case=False))
    width: int = 4

    def assignments(self, options: Sequence[str]) -> list[Codes]:
        """Those that `estimate` asks for."""
        return permutations(options, self.m or len(options), seed=self.seed)

    def requests(
        self, build: Callable[[Codes], Request], options: Sequence[str], /
    ) -> list[Request]:
        """All that `estimate` asks at most."""
        return [
            asked
            for codes in self.assignments(options)
            for asked in self.estimator.requests(build(codes), codes.codes)
        ]

    async def estimate(
        self, build: Callable[[Codes], Request], options: Sequence[str], teacher: Teacher, /
    ) -> Labelled:
        """`build` writes the prompt under one assignment: its legend, and its code for every demo's
        label. Raises what the estimator raises."""

        async def one(codes: Codes) -> tuple[Codes, Labelled]:
            return codes, await self.estimator.estimate(build(codes), codes.codes, teacher)

        async with map_ordered(one, self.assignments(options), self.width) as results:
            found = [result async for result in results]
        parts = [codes.decoded(part.distribution) for codes, part in found]
        return Labelled(average(parts), tuple(r for _, part in found for r in part.replies))
