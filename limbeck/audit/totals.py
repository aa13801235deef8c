"""`Totals`: the facts of all batches as one, added in the order of the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from limbeck.audit.facts import NAMED, SHOWN, Facts, Flag
from limbeck.audit.keys import Keys, Places, firsts, keys_of

KEPT = 1000  # different models, origins and licences of which each is counted
OTHERS = "others"
_FIRST = 10


class Totals:
    """Columns over all rows and sums of counts.

    Add every batch, then read: what is derived is computed once, when it is first asked for.
    """

    def __init__(self) -> None:
        self._parts: list[Facts] = []
        self.scripts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self.reasons = {flag: Counter[str]() for flag in NAMED}
        self.first: dict[Flag, list[tuple[int, str]]] = {flag: [] for flag in SHOWN}
        self.values = {name: Counter[str]() for name in ("model", "origin", "licence")}

    def add(self, facts: Facts) -> None:
        self._parts.append(facts)
        for mine, theirs in zip(self.scripts, facts.scripts, strict=True):
            mine.update(theirs)
        for flag, counts in facts.reasons.items():
            self.reasons[flag].update(counts)
        for flag, rows in facts.first.items():
            self.first[flag] += rows[: _FIRST - len(self.first[flag])]
        for name, counts in facts.values.items():
            mine = self.values[name]
            for value, number in counts.items():
                mine[value if value in mine or len(mine) < KEPT else OTHERS] += number

    @property
    def rows(self) -> int:
        return len(self.flags)

    def count(self, flag: Flag) -> int:
        """How many rows have the flag."""
        return int(np.count_nonzero(self.flags & flag))

    def has(self, flag: Flag) -> NDArray[np.bool_]:
        """Which rows have the flag."""
        found: NDArray[np.bool_] = (self.flags & flag) != 0
        return found

    @cached_property
    def flags(self) -> NDArray[np.int32]:
        return self._column("flags")

    @cached_property
    def said(self) -> NDArray[np.int8]:
        found: NDArray[np.int8] = np.concatenate([part.said for part in self._parts])
        return found

    @cached_property
    def words(self) -> NDArray[np.int32]:
        return self._column("words")

    @cached_property
    def characters(self) -> NDArray[np.int32]:
        return self._column("characters")

    @cached_property
    def tokens(self) -> tuple[int, int]:
        """What is asked and what is answered, summed."""
        asked, answered = np.sum([part.tokens.sum(axis=0) for part in self._parts], axis=0)
        return int(asked), int(answered)

    @cached_property
    def row_keys(self) -> Keys:
        return keys_of(part.row for part in self._parts)

    @cached_property
    def same_row(self) -> Places:
        """For every row the first one that is equal to it."""
        return firsts(self.row_keys)

    @cached_property
    def question_keys(self) -> Keys:
        return keys_of(part.question for part in self._parts)

    @cached_property
    def same_question(self) -> Places:
        """For every row the first one with its question."""
        return firsts(self.question_keys)

    @cached_property
    def instruction_keys(self) -> Keys:
        return keys_of(part.instruction for part in self._parts)

    @cached_property
    def same_instruction(self) -> Places:
        """For every row the first one with its instruction."""
        return firsts(self.instruction_keys)

    @cached_property
    def distinct(self) -> Places:
        """The first row of every different instruction."""
        return originals(self.same_instruction)

    @cached_property
    def openings(self) -> Places:
        """For every row the first one whose instruction begins with the same words."""
        return firsts(keys_of(part.openings for part in self._parts))

    def _column(self, name: str) -> NDArray[np.int32]:
        found: NDArray[np.int32] = np.concatenate([getattr(part, name) for part in self._parts])
        return found


def originals(first: Places) -> Places:
    """The places that are the first of their kind."""
    found: Places = np.flatnonzero(first == np.arange(len(first)))
    return found


def repeats(first: Places) -> Iterator[tuple[int, int]]:
    """(first place, place) of every row that an earlier one equals, in order."""
    for place in np.flatnonzero(first != np.arange(len(first))).tolist():
        yield int(first[place]), place
