"""A task with a hidden cue: a demo helps a row where their first letters are of one class. BM25
sees the words that rows share, which say nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from limbeck.demos import Demo
from limbeck.demos.draw import shuffled, uniforms

CLASSES = ("ab", "mn", "xy")
OPTIONS = ("yes", "no")
COMMON = ("river", "stone", "lamp", "forest", "glass", "kettle", "猫", "🎈")


def rows(count: int, seed: int = 0, task: str = "cue", options: bool = True) -> list[Demo]:
    """Rows whose first word is a letter of a class and noise, and whose other words are common."""
    made = []
    for n in range(count):
        draws = uniforms(12, seed, task, n)
        letter = CLASSES[n % 3][int(draws[0] * 2)]
        noise = "".join("klstr"[int(u * 5)] for u in draws[1:5])
        order = shuffled(len(COMMON), seed, task, n)[:4].tolist()
        text = " ".join([letter + noise, *(COMMON[place] for place in order)])
        output = OPTIONS[int(draws[6] * 2)]
        made.append(Demo(f"{task}-{n}", task, text, output, OPTIONS if options else ()))
    return made


def class_of(text: str) -> int:
    return next((n for n, letters in enumerate(CLASSES) if text[:1] in letters), -1)


class CueScorer:
    """Knows the cue: after a demo of the row's class the right text has 2 nats more, and every pair
    a little noise of its own. Counts what it is asked."""

    name = identity = "cue"
    window: int | None = None

    def __init__(self, targets: Sequence[Demo] = ()) -> None:
        self.targets = {row.input: row.output for row in targets}
        self.asked: list[tuple[str, str]] = []

    def tokens(self, text: str, /) -> int:
        return max(1, len(text.split()))

    def __call__(self, pairs: Sequence[tuple[str, str]], /) -> list[float]:
        self.asked += pairs
        return [self.likelihood(*pair) for pair in pairs]

    def likelihood(self, context: str, text: str) -> float:
        demo, query = context.split("\n\n\n")
        query = query.rstrip("\n")
        helps = class_of(demo) == class_of(query)
        noise = 0.3 * float(uniforms(1, context, text)[0])
        right = text.strip() == self.targets.get(query, text.strip())
        return -3.0 + (2.0 if helps and right else 0.0) + noise


def accuracy(first: Sequence[Demo], asked: Sequence[Demo]) -> float:
    """The share of first demos of the right class."""
    hits = [class_of(a.input) == class_of(b.input) for a, b in zip(first, asked, strict=True)]
    return float(np.mean(hits))
