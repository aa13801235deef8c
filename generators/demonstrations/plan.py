"""What is asked of each row, and after which demos: all of it is known before the first call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from limbeck.demos import Remembered
from limbeck.encoders import resolved
from limbeck.errors import UserError
from limbeck.generators.demonstrations.labelling import Asking
from limbeck.generators.demonstrations.pools import (
    Showing,
    Shown,
    named,
    one_turn,
    pools_of,
    task_of,
)
from limbeck.labels import Choice
from limbeck.protocols import Request
from limbeck.record import Record, content_hash

ALONE = Shown(((),), (), 0, 0)


class Planned(NamedTuple):
    """A row, what it is shown (None: it does not fit), and what is asked of it: for labels, or for
    a text."""

    row: Record
    shown: Shown | None
    asking: Asking | None = None
    text: Request | None = None


class Plan:
    """The demos of rows, looked up once for each.

    Raises UserError for a pool whose rows cannot be demos.
    """

    def __init__(self, pool: Sequence[Record], how: Showing) -> None:
        self._how = how
        self._pools = pools_of(pool, how) if how.shots else {}
        self._shown: dict[str, Shown | None] = {}

    def check(self, rows: Sequence[Record]) -> None:
        """Raises UserError for a row of several turns, and for one whose task has no demos."""
        for row in rows:
            one_turn(row)
            if self._how.shots and task_of(row) not in self._pools:
                tasks = ", ".join(map(repr, self._pools))
                raise UserError(
                    f"{named(row)} is of the task {task_of(row)!r}, of which the pool of demos has "
                    f"no row: it has those of {tasks}. Add some to seeds.demos, or set "
                    "generate.shots to 0"
                )

    def encode(self, rows: Sequence[Record]) -> None:
        """Have a named encoder encode all rows at once: one by one it is slow. It remembers them.
        Raises what `limbeck.encoders.resolved` raises."""
        encoder = resolved(self._how.select_options).get("encoder") if self._how.shots else None
        if isinstance(encoder, Remembered):
            encoder.encode([row.prompt for row in rows])

    def for_labels(
        self, rows: Sequence[Record], choices: Mapping[tuple[str, ...], Choice]
    ) -> Iterator[Planned]:
        """What to ask of rows that `choices` have been made for, in order."""
        for row in rows:
            labels = tuple(row.meta["options"])
            shown = self._show(row, labels)
            if shown is None:
                yield Planned(row, None)
                continue
            stop = self._how.prompting.stop_of_label(labels)
            prompts = tuple(
                self._how.prompting.request(demos, row.prompt, stop=stop) for demos in shown.draws
            )
            yield Planned(row, shown, Asking(choices[labels], prompts, labels))

    def for_texts(
        self, rows: Sequence[Record], *, temperature: float, max_tokens: int
    ) -> Iterator[Planned]:
        """What to ask of rows whose completions are wanted, in order."""
        for row in rows:
            shown = self._show(row, ())
            if shown is None:
                yield Planned(row, None)
                continue
            stop = self._how.prompting.stop_of_text()
            drawn = int(content_hash([self._how.seed, row.id], size=4), 16) & 0x7FFFFFFF
            request = replace(
                self._how.prompting.request(shown.draws[0], row.prompt, stop=stop),
                max_tokens=max_tokens,
                temperature=temperature,
                seed=drawn if temperature > 0 else None,
            )
            yield Planned(row, shown, text=request)

    def _show(self, row: Record, labels: Sequence[str]) -> Shown | None:
        if row.id not in self._shown:
            shown: Shown | None = None
            if self._how.fits(row.prompt, labels):
                pool = self._pools.get(task_of(row))
                shown = ALONE if pool is None else pool.show(row, labels)
            self._shown[row.id] = shown
        return self._shown[row.id]
