"""The mean of several distributions: over draws and orders of demos, or over label codes.

Which demos stand in a prompt, and in which order, moves a teacher's answer by itself; the mean
over them is what the teacher says of the input.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from limbeck.aio import map_ordered
from limbeck.labels.contracts import Estimator, Labelled
from limbeck.labels.distribution import LabelDistribution
from limbeck.protocols import Reply, Request, Teacher


def average(parts: Sequence[LabelDistribution]) -> LabelDistribution:
    """The equally weighted mean of distributions over the same labels, in the first one's order.

    Bounds are the means of the bounds, which hold for the mean of what the parts' bounds hold for;
    of independent statistical ones they are wider than they need be. Masses and invalid rates are
    means, `n` is the sum. A part without any label seen is in the bounds and the masses, but has
    no say in the probabilities. `frequencies` is the mean of those of the parts (of the
    probabilities of the parts that know more than frequencies), None where a sampled part has
    none. A part that is good for a hard label only makes the mean so.

    `detail` has the number of `parts`, those `empty`, their `methods`, and `spread`: the mean total
    variation distance (0 to 1) of the parts from the mean, which tells how much hangs on the
    prompt; noise of small samples is in it. Raises ValueError for no parts, or for other labels.
    """
    if not parts:
        raise ValueError("there is nothing to average")
    labels = parts[0].labels
    for part in parts:
        if sorted(part.labels) != sorted(labels):
            raise ValueError(f"{list(part.labels)} cannot be averaged with {list(labels)}")
    telling = [part for part in parts if not part.why_unusable()] or list(parts)

    def mean(values: Sequence[float]) -> float:
        return math.fsum(values) / len(values)

    probabilities = {x: mean([part.probabilities[x] for part in telling]) for x in labels}
    distances = [
        math.fsum(abs(part.probabilities[x] - probabilities[x]) for x in labels) / 2
        for part in telling
    ]
    detail: dict[str, Any] = {
        "parts": len(parts),
        "methods": sorted({part.method for part in parts}),
        "spread": round(mean(distances), 6),
    }
    if prompts := [part.detail["prompt"] for part in parts if "prompt" in part.detail]:
        detail["prompts"] = prompts
    if empty := sum(1 for part in parts if part.why_unusable()):
        detail["empty"] = empty
    reasons = [part.hard_because for part in parts if part.hard_because]
    hard = f"{len(reasons)} of {len(parts)} parts: {reasons[0]}" if reasons else ""
    return LabelDistribution(
        probabilities=probabilities,
        method="averaged",
        n=sum(part.n for part in parts),
        observed_mass=min(1.0, mean([part.observed_mass for part in parts])),
        lower={x: mean([part.lower[x] for part in parts]) for x in labels},
        upper={x: mean([part.upper[x] for part in parts]) for x in labels},
        invalid_rate=min(1.0, mean([part.invalid_rate for part in parts])),
        frequencies=_frequencies(telling, labels),
        hard_because=hard,
        detail=detail,
    )


def _frequencies(
    parts: Sequence[LabelDistribution], labels: Sequence[str]
) -> dict[str, float] | None:
    known = []
    for part in parts:
        if part.frequencies is not None:
            known.append(part.frequencies)
        elif part.method in ("exact", "top_logprobs"):
            known.append(part.probabilities)
        else:
            return None
    if all(part.frequencies is None for part in parts):
        return None
    return {x: math.fsum(values[x] for values in known) / len(known) for x in labels}


@dataclass(frozen=True, slots=True)
class Averaged:
    """One estimate for each of several prompts that ask the same of one input, averaged.

    The prompts are known by their place: one that comes twice is asked twice, so that samples of
    it are not the same samples. `width` prompts are under way at once.
    """

    estimator: Estimator
    width: int = 4

    def requests(self, prompts: Sequence[Request], options: Sequence[str], /) -> list[Request]:
        """All that `estimate` asks at most."""
        return [asked for one in _apart(prompts) for asked in self.estimator.requests(one, options)]

    async def estimate(
        self, prompts: Sequence[Request], options: Sequence[str], teacher: Teacher, /
    ) -> Labelled:
        """Raises what the estimator raises, for the first prompt that fails; ValueError for
        none."""

        async def one(prompt: Request) -> Labelled:
            return await self.estimator.estimate(prompt, options, teacher)

        async with map_ordered(one, _apart(prompts), self.width) as results:
            found = [result async for result in results]
        replies: tuple[Reply, ...] = tuple(reply for part in found for reply in part.replies)
        return Labelled(average([part.distribution for part in found]), replies)


def _apart(prompts: Sequence[Request]) -> list[Request]:
    """The prompts, those that come again with further indices."""
    found: dict[Request, None] = {}
    for prompt in prompts:
        apart = prompt
        while apart in found:
            apart = replace(apart, index=apart.index + 1)
        found[apart] = None
    return list(found)
