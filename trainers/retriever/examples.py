"""What the two models learn from: a row's candidates, ranked, and which of them a step looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from limbeck.demos import Demo
from limbeck.demos.draw import shuffled

TOP = 3  # a positive is drawn from so many
OTHER_LABEL = -100.0

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Example(NamedTuple):
    """A row, its candidates (two at least), and how good each is, (n,): greater for better."""

    row: Demo
    demos: tuple[Demo, ...]
    scores: Floats

    @property
    def order(self) -> Ints:
        """The places of the candidates, the best first; between equals the first."""
        return np.argsort(-self.scores, kind="stable")

    @property
    def top(self) -> int:
        """How many are good enough for a positive: three, of few candidates the better half."""
        return max(1, min(TOP, len(self.demos) // 2))

    @property
    def lower(self) -> Ints:
        """The places of the worse half, the better ones first."""
        return self.order[max(self.top, len(self.demos) // 2) :]


def by_label(example: Example) -> Example:
    """The same, where a candidate of another label than the row's has -100 (LLM-R's code). A row
    without options has no label."""
    if not example.row.options:
        return example
    same = [demo.output == example.row.output for demo in example.demos]
    return example._replace(scores=np.where(same, example.scores, OTHER_LABEL))


def contrast(example: Example, size: int, *key: Any) -> Ints:
    """A positive from the top, then up to size - 1 from the lower half: places that follow from
    `key`."""
    return _drawn(example, example.lower, size, key)


def group(example: Example, size: int, *key: Any) -> Ints:
    """A positive from the top, then up to size - 1 of all the others."""
    return _drawn(example, example.order, size, key)


def _drawn(example: Example, others: Ints, size: int, key: tuple[Any, ...]) -> Ints:
    name = example.row.id
    positive = example.order[shuffled(example.top, "positive", *key, name)[0]]
    left = others[others != positive]
    lots = shuffled(len(left), "others", *key, name)[: size - 1]
    return np.concatenate([[positive], left[np.sort(lots)]])


def batches(examples: Sequence[Example], size: int, *key: Any) -> list[list[Example]]:
    """All examples in an order that follows from `key`, up to `size` together and of one task:
    demos of other tasks are never retrieved, and to tell them apart is no skill."""
    by_task: dict[str, list[Example]] = {}
    for example in examples:
        by_task.setdefault(example.row.task, []).append(example)
    made = []
    for task, members in by_task.items():
        order = shuffled(len(members), "rows", *key, task).tolist()
        mixed = [members[place] for place in order]
        made += [mixed[start : start + size] for start in range(0, len(mixed), size)]
    return [made[place] for place in shuffled(len(made), "batches", *key).tolist()]
