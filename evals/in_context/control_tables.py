"""The tables of the controls: does a model read the labels of its demos, or copy the last one?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from limbeck.evals.in_context import lookup, words
from limbeck.evals.in_context.cells import MODELS, Row, Table, about, moved
from limbeck.evals.in_context.conditions import AT_RANDOM
from limbeck.evals.in_context.lookup import ROLES, Found, Point
from limbeck.evals.pages.wording import Escape

Plain = Callable[[tuple[str, int, str | None], str, str], float | None]

BY_TASK = "Controls by task"
_HEAD = (
    "Model",
    "Right labels",
    "Exchanged labels",
    "Exchanged − right",
    "Says the exchanged label",
    "Random words",
    "Guessing, 1/labels",
    "Says the last demo's label",
    "Where that is right",
)
_READ = (
    "Demos drawn at random, with their labels right, exchanged for each other, or replaced by "
    "words without meaning. A model that reads them loses accuracy where they are exchanged, and "
    "is above guessing where they are words. One that says the last demo's label more often than "
    "this is right copies it."
)


def of_mean(found: Found) -> Table:
    """A row a model."""

    def average(key: tuple[str, int, str | None], role: str, name: str) -> float | None:
        return lookup.average(found, key, role, name)

    bar = lookup.bars(lookup.tasks(found)).get("random")
    rows = _rows(lookup.mean(found), lookup.most(found), average, bar, "")
    return Table("Controls", about(found) + _READ, _HEAD, tuple(rows))


def by_task(found: Found, escape: Escape) -> Table:
    """A row a model of each task; none where there is one task only."""
    several, rows = lookup.tasks(found), list[Row]()
    for task in several if len(several) > 1 else ():
        points = lookup.points(task)

        def own(
            key: tuple[str, int, str | None], role: str, name: str, points: list[Point] = points
        ) -> float | None:
            return lookup.value(lookup.at(points, *key), role, name)

        bar = lookup.bars([task]).get("random")
        rows += _rows(points, lookup.most(found), own, bar, escape(lookup.name_of(task)))
    return Table(BY_TASK, _READ, _HEAD, tuple(rows), BY_TASK)


def _rows(
    points: list[Point], most: int, plain: Plain, bar: float | None, note: str
) -> Iterator[Row]:
    """None where no control was asked. `plain` gives the shares that have no interval."""
    plainly, exchanged = (AT_RANDOM, most, None), (AT_RANDOM, most, "flipped")
    right, flipped = lookup.at(points, *plainly), lookup.at(points, *exchanged)
    strange = lookup.at(points, AT_RANDOM, most, "random_words")
    if not flipped and not strange:
        return
    for role, model in zip(ROLES, MODELS, strict=True):
        cells = (
            words.ranged(lookup.metric(right, role)),
            words.ranged(lookup.metric(flipped, role)),
            moved(lookup.metric(flipped, role, "minus_random"))[0],
            words.share(plain(exchanged, role, "followed")),
            words.ranged(lookup.metric(strange, role)),
            words.share(bar),
            words.share(plain(plainly, role, "copied")),
            words.share(plain(plainly, role, "copyable")),
        )
        yield (model, note), tuple((cell, "") for cell in cells)
