"""The rows of each task: which are trained on, which are held out, and which are near copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from limbeck.demos import Demo, NearTexts, by_task
from limbeck.demos.draw import shuffled
from limbeck.demos.folds import near_groups
from limbeck.errors import UserError
from limbeck.record import content_hash
from limbeck.trainers.retriever.settings import Settings

FEWEST = 3  # groups of different texts to train on: then every row has two candidates


@dataclass(frozen=True, slots=True)
class Task:
    """`train` is the pool of demos, and the rows that candidates are scored for; `valid` is never
    a demo. `near` has for every row of both the ids of the pool that are it, or nearly."""

    name: str
    train: tuple[Demo, ...]
    valid: tuple[Demo, ...]
    near: Mapping[str, frozenset[str]]


def prepared(demos: Sequence[Demo], settings: Settings) -> list[Task]:
    """The tasks in the order of their first rows.

    Near copies, and chains of them, are on one side: a retriever that has learned from a copy of a
    held-out row would look better than it is. Raises UserError for a task with too few different
    texts, and for an id that is there twice.
    """
    return [_task(name, rows, settings) for name, rows in by_task(demos).items()]


def _task(name: str, rows: Sequence[Demo], settings: Settings) -> Task:
    if settings.limit is not None and settings.limit < len(rows):
        drawn = shuffled(len(rows), "limit", settings.seed, name)[: settings.limit]
        rows = [rows[place] for place in sorted(drawn.tolist())]
    groups = near_groups(rows, settings.near)
    held = _held_out(groups, len(rows), settings)
    if len(groups) - held.groups < FEWEST:
        raise UserError(
            f"the task {name!r} has {len(rows)} rows, which are {len(groups)} groups of different "
            f"texts, and {held.groups} of these are held out; a retriever learns from {FEWEST} at "
            "least. Give it more rows, hold out fewer, or leave the task out"
        )
    train = tuple(row for row in rows if row.id not in held.ids)
    texts = NearTexts(train, settings.near)
    near = {row.id: texts.of(row.input) for row in rows}
    return Task(name, train, tuple(row for row in rows if row.id in held.ids), near)


@dataclass(frozen=True, slots=True)
class _Held:
    ids: frozenset[str]
    groups: int


def _held_out(groups: Sequence[Sequence[str]], total: int, settings: Settings) -> _Held:
    """Whole groups in a seeded order, while they are within the share; one at least, where there
    is a share at all."""
    room = max(1, round(settings.valid * total)) if settings.valid else 0
    order = sorted(groups, key=lambda group: content_hash([settings.seed, "valid", min(group)]))
    ids: list[str] = []
    count = 0
    for group in order:
        if len(ids) + len(group) <= room:
            ids += group
            count += 1
    return _Held(frozenset(ids), count)
