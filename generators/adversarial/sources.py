"""What new instructions are made from: questions that were hard or easy for the student."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from limbeck.record import Record, content_hash

Kind = Literal["hard", "easy"]
Weight = Literal["even", "gap"]
KINDS: tuple[Kind, ...] = ("hard", "easy")


@dataclass(frozen=True, slots=True)
class Source:
    """A seed that teacher and student have answered; `gap` is the teacher's score less the
    student's, in points of the scale from 1 to 10."""

    seed: Record
    kind: Kind
    gap: float


def of_kind(sources: Sequence[Source], kind: Kind) -> list[Source]:
    """The sources of that kind, in their order."""
    return [source for source in sources if source.kind == kind]


def shares(sources: Sequence[Source], wanted: Mapping[Kind, int]) -> tuple[dict[Kind, int], str]:
    """How many to make from each kind, and a sentence where that is not as wanted: a kind that
    has no source leaves its part to the other; without any source there is none."""
    have = {kind for kind in KINDS if of_kind(sources, kind)}
    missing = [kind for kind in KINDS if wanted[kind] and kind not in have]
    if not missing:
        return dict(wanted), ""
    if not have:
        return dict.fromkeys(KINDS, 0), (
            "nothing was hard or easy, as no question could be scored: no new instruction is made"
        )
    [other] = have
    total = sum(wanted.values())
    found: dict[Kind, int] = {kind: total if kind == other else 0 for kind in KINDS}
    return found, (
        f"no question was {missing[0]}: all {total} new instructions are made from {other} ones"
    )


def mixed(left: Mapping[Kind, int]) -> list[tuple[Kind, int]]:
    """So many of each kind as (kind, place among its own), evenly mixed: where two would be too
    alike the first one is taken, and no kind is to be first always."""
    placed = [
        ((place + 0.5) / count, kind, place)
        for kind, count in left.items()
        for place in range(count)
    ]
    return [(kind, place) for _, kind, place in sorted(placed, key=lambda one: one[0])]


def drawn(sources: Sequence[Source], weight: Weight, seed: int, call: int) -> Source:
    """The source of the `call`-th call, from 0 on; `sources` are of one kind, in any order.

    even: each once in every cycle through all of them, in an order of its own for every cycle.
    gap: with replacement, in proportion to the gap; of easy ones, whose gap says nothing of what
    is still to be learned, each alike. Follows from the seeds' ids, `seed` and `call` alone.
    Raises ValueError where there is no source, or where some are hard and some easy.
    """
    if not sources:
        raise ValueError("there is no source to draw from")
    kind = sources[0].kind
    if any(source.kind != kind for source in sources):
        raise ValueError("sources of one kind are drawn from, and these are hard and easy ones")
    if weight == "gap" and kind == "hard":
        by_id = sorted(sources, key=lambda source: source.seed.id)
        sums = list(itertools.accumulate(max(source.gap, 0.0) for source in by_id))
        if sums[-1] > 0:
            part = int(content_hash([seed, "gap", call], size=6), 16) / 2**48
            # Rounding may put the product on the last sum itself, beyond which there is nobody.
            return by_id[min(bisect_right(sums, part * sums[-1]), len(by_id) - 1)]
    cycle, place = divmod(call, len(sources))
    order = _order(tuple(source.seed.id for source in sources), seed, cycle)
    return sources[order[place]]


@lru_cache(maxsize=8)
def _order(ids: tuple[str, ...], seed: int, cycle: int) -> list[int]:
    """The places of the ids in the order of a cycle."""
    return sorted(
        range(len(ids)), key=lambda place: content_hash([seed, "even", cycle, ids[place]])
    )
