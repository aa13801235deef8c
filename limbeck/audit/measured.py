"""`Measured`: everything that findings are made of, once all rows were read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from limbeck.audit.facts import Flag
from limbeck.audit.keys import Places, drawn
from limbeck.audit.spill import Spill
from limbeck.audit.totals import Totals
from limbeck.audit.workers import Workers
from limbeck.filters.rouge_tokens import Tokenizer
from limbeck.money import Rates
from limbeck.reading.forms import Row

PART = 512  # drawn rows that a worker takes at a time


class Source(Protocol):
    """What an audit needs of rows that were opened: see `limbeck.reading`."""

    @property
    def name(self) -> str: ...
    @property
    def about(self) -> str: ...
    @property
    def forms(self) -> Counter[str]: ...
    @property
    def columns(self) -> Mapping[str, str]: ...
    @property
    def left(self) -> Sequence[str]: ...
    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def unreadable(self) -> Counter[str]: ...
    @property
    def reasons(self) -> Sequence[str]: ...
    @property
    def licence(self) -> str: ...
    @property
    def answered(self) -> bool: ...
    def rows(self) -> Iterator[Row]: ...


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure.

    `threshold` is the ROUGE-L above which an instruction nearly repeats. `workers` processes look
    at the rows; 0 takes one for each core, where there are many rows. `ledger` and `rates` say
    what rows cost, `run` is the folder of the run that they are from, whose refused rows count as
    paid, too. None of these four changes what is found.
    """

    sample: int = 200
    seed: int = 0
    tokenizer: Tokenizer = "unicode"
    threshold: float = 0.7
    workers: int = 0
    ledger: Path | None = None
    rates: Rates | None = None
    run: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """What decides the numbers."""
        names = ("sample", "seed", "tokenizer", "threshold")
        return {name: value for name, value in asdict(self).items() if name in names}


@dataclass
class Measured:
    """The rows on disk and what is known of them. `answered` is False where no row says any
    output: instructions alone."""

    source: Source
    options: Options
    spill: Spill
    totals: Totals
    workers: Workers
    answered: bool
    against: Sequence[Path] = ()
    correct: tuple[int, int] | None = field(default=None)
    """How many rows were right, of those whose answer could be checked."""

    @property
    def rows(self) -> int:
        return self.totals.rows

    def drawn(self, places: Places, most: int) -> Places:
        """`most` of these places, or all: the same ones whatever the order of the rows."""
        return places[drawn(self.totals.row_keys[places], most, self.options.seed)]

    def every(self) -> Places:
        """The places of all rows."""
        return np.arange(self.rows)

    def having(self, flag: Flag) -> Places:
        """The places of the rows with the flag."""
        return self.totals.has(flag).nonzero()[0]


def parts(spill: Spill, places: Places, *more: Any) -> Iterable[tuple[Any, ...]]:
    """The arguments of every call over a part of the places."""
    for begin in range(0, len(places), PART):
        yield spill, places[begin : begin + PART], *more
