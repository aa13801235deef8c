"""What the tests of `adversarial` share: sources, and one use of Write or Plain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from limbeck.filters.rouge import RougePool
from limbeck.generators.adversarial.plain import Plain
from limbeck.generators.adversarial.sources import Kind, Source
from limbeck.generators.adversarial.write import Write
from limbeck.protocols import Reply, Request
from limbeck.record import Record
from limbeck.testing import Collected
from tests.generators.self_instruct.scribe import Scribe, seeds


def sources(hard: int = 3, easy: int = 3) -> list[Source]:
    """Hard ones with gaps of 1, 2, ... points, and easy ones of less than 1."""
    kinds: list[Kind] = ["hard" if place < hard else "easy" for place in range(hard + easy)]
    return [
        Source(seed, kind, 1.0 + place if kind == "hard" else 0.5)
        for place, (seed, kind) in enumerate(zip(seeds(hard + easy), kinds, strict=True))
    ]


def source(seed: Record, kind: Kind = "hard") -> Source:
    return Source(seed, kind, 2.0)


def write(
    teacher: Scribe,
    given: Sequence[Source] | None = None,
    known: Sequence[Record] | None = None,
    **options: Any,
) -> Collected:
    """Everything that Write makes; what is known are the sources' seeds, if nothing else."""
    given = sources() if given is None else given
    known = [one.seed for one in given] if known is None else known
    out = Collected()
    made = Write(**{"hard": 4, "easy": 4, "new_pool": RougePool, **options})
    asyncio.run(made(given, known, teacher, out))
    return out


def plain(
    teacher: Scribe,
    known: Sequence[Record] | None = None,
    *,
    shown: Sequence[Record] | None = None,
    **options: Any,
) -> Collected:
    """Everything that Plain makes out of twelve seeds, or out of those in `shown`."""
    given = seeds() if shown is None else shown
    out = Collected()
    made = Plain(**{"instructions": 8, "new_pool": RougePool, **options})
    asyncio.run(made(given, given if known is None else known, teacher, out))
    return out


def saying(text: str | Callable[[Request], str], finish_reason: str = "stop") -> Scribe:
    """A teacher that always says this."""
    return Scribe(
        lambda request, stage: Reply(
            text if isinstance(text, str) else text(request), finish_reason
        )
    )


def is_hard(request: Request) -> bool:
    return "the same kind of exercise" in request.messages[-1].content
