"""Small tasks in two languages, settings, and models whose answers are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from limbeck.aio import run
from limbeck.demos import Demo
from limbeck.demos.prompting import Prompting
from limbeck.evals.in_context.ask import Reading, ask
from limbeck.evals.in_context.conditions import Setting
from limbeck.evals.in_context.task import Task
from limbeck.protocols import Request
from limbeck.testing import FakeLikelihoods

LABELS = ("good", "bad", "差")
GAP = "\n\n\n"


def task(
    rows: int = 6, pool: int = 9, labels: tuple[str, ...] = LABELS, name: str = "心情"
) -> Task:
    def made(kind: str, number: int) -> Demo:
        text = (
            f"{kind} {'我喜欢' if number % 2 else 'a film'} number {number} {'xyz'[number % 3] * 9}"
        )
        return Demo(f"{kind}{number}", name, text, labels[number % len(labels)], labels)

    return Task(
        name,
        tuple(made("row", n) for n in range(rows)),
        tuple(made("demo", n) for n in range(pool)),
        labels,
    )


def choices() -> Task:
    """Multiple choice: every row has its own options, not all as many."""
    rows = (
        Demo("c0", "pick", "one?", "yes", ("yes", "no")),
        Demo("c1", "pick", "two?", "blue", ("red", "green", "blue")),
    )
    pool = (
        Demo("p0", "pick", "three?", "b", ("a", "b")),
        Demo("p1", "pick", "4?", "c", ("c", "d")),
    )
    return Task("pick", rows, pool, ())


def setting(**changes: Any) -> Setting:
    given: dict[str, Any] = {
        "prompting": Prompting("base"),
        "shots": (0, 1, 2),
        "seeds": 3,
        "select": ("random",),
        "controls": (),
        "near": 0.8,
        "limit": None,
    }
    return Setting(**given | changes)


def shown(request: Request) -> tuple[list[tuple[str, str]], str]:
    """The demos (input, output) in a base prompt, and the query."""
    *demos, query = request.messages[0].content.split(GAP)
    pairs = [(text.rsplit("\n", 1)[0], text.rsplit("\n", 1)[1]) for text in demos]
    return pairs, query.removesuffix("\n")


Says = Callable[[list[tuple[str, str]], str, list[str]], dict[str, float]]


class Model(FakeLikelihoods):
    """Gives labels the probabilities that `says(demos, query, labels)` tells."""

    def __init__(self, says: Says) -> None:
        super().__init__()
        self._says = says

    async def label_scores(self, request: Request, options: Sequence[str], /) -> list[float]:
        self.scored.append(request)
        demos, query = shown(request)
        assert all(option.endswith(GAP) for option in options) == bool(demos)
        labels = [option.removesuffix(GAP) for option in options]
        known = self._says(demos, query, labels)
        return [math.log(known[label]) for label in labels]


def answered(says: Says, *tasks: Task, how: Setting | None = None, width: int = 4) -> list[Any]:
    """What `ask` brings, as JSON."""
    found, failures = run(ask(tasks, how or setting(), Reading(), Model(says), width=width))
    assert not failures
    return [one.to_json() for one in found]


def copying(demos: list[tuple[str, str]], query: str, labels: list[str]) -> dict[str, float]:
    """Says the last demo's label; without demos, or where it is none of them, the first one."""
    said = demos[-1][1] if demos and demos[-1][1] in labels else labels[0]
    rest = 0.3 / (len(labels) - 1)
    return {label: 0.7 if label == said else rest for label in labels}
