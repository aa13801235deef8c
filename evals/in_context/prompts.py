"""Which demos every row is shown under a condition, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from limbeck.demos import DRAWN, Demo, NearTexts, Selector, fit, ordered, selector
from limbeck.encoders import resolved
from limbeck.errors import UserError
from limbeck.evals.in_context.conditions import Condition, Setting
from limbeck.evals.in_context.controls import renamed
from limbeck.evals.in_context.task import Task
from limbeck.money import estimate_tokens

ONE_DRAW = ""  # the query that all rows of a draw are shown the demos of


class Asked(NamedTuple):
    """One row under one condition and seed: its demos in prompt order, and what its labels are
    called, in the order of the task's labels or of the row's own."""

    row: Demo
    demos: tuple[Demo, ...]
    labels: tuple[str, ...]


class Prompts:
    """The demos of a task's rows, selectors and near copies looked up once for each.

    A row gets no demo that is a near copy of it. What is drawn (random, balanced) is drawn once a
    seed for all rows (as MetaICL and most published curves have it), but for near copies, in whose
    place the next one comes; what is retrieved is each row's own. The best demo stands last.
    """

    def __init__(self, task: Task, setting: Setting) -> None:
        self._task = task
        self._how = setting
        self._by_id = {demo.id: demo for demo in task.pool}
        near = NearTexts(task.pool, setting.near)
        self._near = {row.id: tuple(sorted(near.of(row.input))) for row in task.rows}
        self._selectors: dict[tuple[str, int], Selector] = {}
        self.near = sum(map(len, self._near.values()))

    def asked(self, condition: Condition, seed: int) -> Iterator[Asked]:
        """The rows in order. Raises UserError for a row that is longer than the limit alone."""
        task, names = self._task, self._names(condition, seed)
        for row in task.rows:
            demos = self._demos(condition, seed, row)
            labels = task.labels or row.options
            if names:
                options = names if condition.control == "random_words" else labels
                called = dict(zip(labels, names, strict=True))
                demos = tuple(
                    replace(demo, output=called[demo.output], options=options) for demo in demos
                )
                labels = options
            yield Asked(row, self._fitting(row, demos, labels), labels)

    def _names(self, condition: Condition, seed: int) -> tuple[str, ...]:
        if condition.control is None:
            return ()
        return renamed(self._task.labels, condition.control, self._task.name, seed)

    def _demos(self, condition: Condition, seed: int, row: Demo) -> tuple[Demo, ...]:
        if not condition.shots:
            return ()
        drawn = condition.select in DRAWN
        chosen = self._selector(condition.select, seed if drawn else 0).select(
            ONE_DRAW if drawn else row.input, condition.shots, self._near[row.id]
        )
        return tuple(self._by_id[name] for name in ordered(chosen))

    def _selector(self, name: str, seed: int) -> Selector:
        key = (name, seed)
        if key not in self._selectors:
            options = resolved(self._how.options.get(name, {}))
            if name in DRAWN:
                options["seed"] = seed
            self._selectors[key] = selector(name, self._task.pool, **options)
        return self._selectors[key]

    def _fitting(
        self, row: Demo, demos: tuple[Demo, ...], labels: tuple[str, ...]
    ) -> tuple[Demo, ...]:
        if self._how.limit is None:
            return demos
        form = self._how.prompting.messages
        try:
            return fit(demos, row.input, labels, estimate_tokens, self._how.limit, form).demos
        except UserError as error:
            raise UserError(f"eval.in_context, the task {self._task.name!r}: {error}") from error
