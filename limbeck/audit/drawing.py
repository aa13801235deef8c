"""`Drawing`: a source whose rows are drawn for the sheet while they are read for all else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from limbeck.audit.measured import Source
from limbeck.audit.sheet import sampled
from limbeck.reading.forms import Row

_BATCH = 4096


class Drawing:
    """Reads like `source`; afterwards `drawn` holds `count` of its rows, as `sheet.sampled` draws
    them, from all of them. Holds some thousands of rows, however many there are."""

    def __init__(self, source: Source, count: int, seed: int) -> None:
        self._source = source
        self._count = count
        self._seed = seed
        self.drawn: list[Row] = []

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def about(self) -> str:
        return self._source.about

    @property
    def forms(self) -> Counter[str]:
        return self._source.forms

    @property
    def columns(self) -> Mapping[str, str]:
        return self._source.columns

    @property
    def left(self) -> Sequence[str]:
        return self._source.left

    @property
    def notes(self) -> Sequence[str]:
        return self._source.notes

    @property
    def unreadable(self) -> Counter[str]:
        return self._source.unreadable

    @property
    def reasons(self) -> Sequence[str]:
        return self._source.reasons

    @property
    def licence(self) -> str:
        return self._source.licence

    @property
    def answered(self) -> bool:
        return self._source.answered

    def rows(self) -> Iterator[Row]:
        """Each reading draws anew, and only a whole one counts."""
        kept: list[Row] = []
        batch: list[Row] = []
        for row in self._source.rows():
            batch.append(row)
            if len(batch) >= max(self._count, _BATCH):
                kept = sampled([*kept, *batch], self._count, self._seed)
                batch.clear()
            yield row
        self.drawn = sampled([*kept, *batch], self._count, self._seed)
