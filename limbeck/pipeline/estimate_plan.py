"""What a run is going to ask, row by row, and the sample that tells of the rest."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from limbeck.ledger import Keyer, Ledger
from limbeck.money import counted, estimate_tokens
from limbeck.pipeline.context import Context
from limbeck.protocols import Generator, Request, Usage
from limbeck.record import Record
from limbeck.teachers.connect import identity

Requests = Callable[[Iterable[Record]], Iterable[Request]]


@dataclass(slots=True)
class Planned:
    """What makes one row of the run, by their places among the requests of its seed: one of them,
    or all where they make a row together. Its size in all, and its usage once it is known."""

    seed: int
    places: range
    size: int  # estimated prompt tokens
    longest: int  # of them, those of its longest request
    max_tokens: int
    found: int  # of its requests, in the ledger before
    known: Usage | None


def plan_of(
    context: Context,
    ledger: Ledger,
    generator: Generator,
    requests_of: Requests,
    seeds: Sequence[Record],
) -> list[Planned]:
    """The rows of a run, in the order of its seeds, with what the ledger knows of them."""
    key_of = Keyer(identity(context.recipe.teacher))
    together = bool(getattr(generator, "joint", False))
    plan = []
    for number, seed in enumerate(seeds):
        requests = list(requests_of([seed]))
        step = max(1, len(requests)) if together else 1
        for start in range(0, len(requests), step):
            own = requests[start : start + step]
            answered = [(q, ledger.get(key_of(q)[0])) for q in own]
            sizes = list(map(estimate_tokens, own))
            known = [counted(q, reply) for q, reply in answered if reply is not None]
            row = Planned(
                seed=number,
                places=range(start, start + len(own)),
                size=sum(sizes),
                longest=max(sizes),
                max_tokens=sum(q.max_tokens for q in own),
                found=len(known),
                known=sum(known, Usage()) if len(known) == len(own) else None,
            )
            plan.append(row)
    return plan


def draw(plan: Sequence[Planned], sample: int, seed: int) -> list[Planned]:
    """A random sample of so many requests, of two rows at least, in which no seed comes again
    before every seed has come once."""
    drawn = random.Random(f"estimate {seed}")
    shuffled = drawn.sample(plan, len(plan))
    turns: Counter[int] = Counter()
    ranked = []
    for row in shuffled:
        ranked.append((turns[row.seed], row))
        turns[row.seed] += 1
    ranked.sort(key=lambda pair: pair[0])  # stable: random within a turn
    taken: list[Planned] = []
    requests = 0
    for _, row in ranked:
        requests += len(row.places)
        if len(taken) >= 2 and requests > sample:
            break
        taken.append(row)
    return taken
