"""Which demos a row is shown: chosen from its task's pool, never the row itself or a near copy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from limbeck.demos import (
    DRAWN,
    Demo,
    NearTexts,
    Selection,
    Selector,
    fit,
    fold_mates,
    folds,
    ordered,
    selector,
    shuffles,
)
from limbeck.demos.order import Order
from limbeck.demos.prompting import Prompting
from limbeck.demos.select import check_options
from limbeck.encoders import resolved
from limbeck.errors import UserError
from limbeck.money import estimate_tokens
from limbeck.record import Record, content_hash


class Shown(NamedTuple):
    """What a row is shown: the demos of every draw in prompt order, the scores of the first one's;
    how many near copies were kept out, and how many demos were dropped for the prompt's length."""

    draws: tuple[tuple[Demo, ...], ...]
    scores: tuple[float, ...]
    near: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Showing:
    """How demos are chosen and written; see Demonstrations. `limit` is in estimated tokens."""

    prompting: Prompting
    shots: int
    select: str
    select_options: Mapping[str, Any]
    order: Order
    draws: int
    near: float
    folds: int
    limit: int | None
    seed: int

    def fits(self, query: str, labels: Sequence[str]) -> bool:
        """Whether a row and the longest of its labels are within the limit without any demo."""
        prompts = (self.prompting.messages((), query, label) for label in labels or ("",))
        return self.limit is None or max(map(estimate_tokens, prompts)) <= self.limit


def demo_of(record: Record) -> Demo:
    """A row as a demo: its prompt, whatever form it was read from, with its target. Its id is the
    row's own, where it has one. Raises UserError for a row that cannot be one."""
    one_turn(record)
    asked = replace(record, meta={**record.meta, "input": record.prompt})
    own = record.provenance.parents
    return replace(Demo.of_record(asked), id=own[0] if own else record.id)


def one_turn(record: Record) -> None:
    """Raises UserError for a row of several turns."""
    if len(record.messages) > 1:
        raise UserError(
            f"the generator demonstrations shows rows of one turn, and {named(record)} has "
            f"{len(record.messages)}; put all of it into its prompt, or take another generator"
        )


def task_of(record: Record) -> str:
    return str(record.meta.get("task", ""))


def named(record: Record) -> str:
    """A row, for a sentence."""
    text = " ".join(record.prompt.split())
    return f"the row {text if len(text) <= 60 else text[:59] + '…'!r}"


def pools_of(rows: Sequence[Record], how: Showing) -> dict[str, TaskPool]:
    """The pools of the tasks, in the order of their first rows. Raises what `demo_of` raises."""
    found: dict[str, list[tuple[Record, Demo]]] = {}
    for row in rows:
        demo = demo_of(row)
        found.setdefault(demo.task, []).append((row, demo))
    return {task: TaskPool(pairs, how) for task, pairs in found.items()}


class TaskPool:
    """The labelled rows of one task, as demos.

    A row that is in the pool gets none of its own fold: a teacher that sees a label copies it, and
    sees it in near copies too, which are in one fold. Raises UserError for an id that is there
    twice.
    """

    def __init__(self, rows: Sequence[tuple[Record, Demo]], how: Showing) -> None:
        self.task = rows[0][1].task
        self._demos = tuple(demo for _, demo in rows)
        self._by_id = {demo.id: demo for demo in self._demos}
        self._own = {row.id: demo.id for row, demo in rows}
        self._how = how
        self._near = NearTexts(self._demos, how.near)
        self._selectors: dict[int, Selector] = {}
        self._selector(0)

    def show(self, row: Record, labels: Sequence[str]) -> Shown:
        """What a row is shown. `labels` are all that may come after the prompt.

        Raises UserError for a pool of fewer groups of near texts than folds, and for a row that
        does not fit the limit without any demo.
        """
        query, own = row.prompt, self._own.get(row.id)
        near = self._near.of(query) - {own}
        exclude = near if own is None else near | self._mates[own]
        drawn = self._how.select in DRAWN
        draws: list[tuple[str, ...]] = []
        scores: dict[str, float] = {}
        dropped = 0
        for draw in range(self._how.draws if drawn else 1):
            chosen = self._selector(draw).select(query, self._how.shots, sorted(exclude))
            kept = self._fitting(chosen, query, labels)
            dropped += len(chosen.ids) - len(kept.ids)
            scores = scores or dict(zip(kept.ids, kept.scores, strict=True))
            draws += self._orders(kept, query, draw if drawn else None)
        draws = list(dict.fromkeys(draws))
        return Shown(
            tuple(tuple(self._by_id[name] for name in ids) for ids in draws),
            tuple(scores[name] for name in draws[0]),
            len(near),
            dropped,
        )

    def _orders(self, kept: Selection, query: str, draw: int | None) -> list[tuple[str, ...]]:
        """The prompt orders of a selection: one for a draw of its own, else as many as there are
        draws, the asked one first. No order comes twice: fewer, where there are not so many."""
        how, seed = self._how, _drawn_seed(self._how.seed, draw or 0)
        first = ordered(kept, how.order, seed, query)
        if draw is not None or how.draws == 1:
            return [first]
        most = min(how.draws, math.factorial(len(kept.ids)))
        others = [ids for ids in shuffles(kept, most, seed, query) if ids != first]
        return [first, *others[: how.draws - 1]]

    def _fitting(self, chosen: Selection, query: str, labels: Sequence[str]) -> Selection:
        """The selection without the demos that do not fit, the least similar first."""
        limit, form = self._how.limit, self._how.prompting.messages
        if limit is None:
            return chosen
        demos = [self._by_id[name] for name in chosen.ids]
        drop = chosen.ids[::-1]
        fitted = fit(demos, query, labels, estimate_tokens, limit, form, drop=drop)
        count = len(fitted.demos)
        return Selection(chosen.ids[:count], chosen.scores[:count])

    @cached_property
    def _mates(self) -> dict[str, frozenset[str]]:
        try:
            return fold_mates(folds(self._demos, self._how.folds, self._how.seed, self._how.near))
        except UserError as error:
            raise UserError(
                f"the task {self.task!r} is labelled out of fold: {error}. Or give a pool of its "
                "own in seeds.demos"
            ) from error

    def _selector(self, draw: int) -> Selector:
        if draw not in self._selectors:
            options = resolved(self._how.select_options)
            if "seed" in check_options(self._how.select, options):
                options["seed"] = _drawn_seed(options.get("seed", self._how.seed), draw)
            self._selectors[draw] = selector(self._how.select, self._demos, **options)
        return self._selectors[draw]


def _drawn_seed(seed: int, draw: int) -> int:
    return int(content_hash([seed, draw], size=4), 16) if draw else seed
