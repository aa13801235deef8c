"""All rows of anybody's instruction dataset, or of a limbeck run, and how they were read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from limbeck.errors import DataError
from limbeck.reading.row import Row
from limbeck.reading.run import RECORDS, VERDICTS
from limbeck.reading.source import SHOWN, open_source

__all__ = ["RECORDS", "SHOWN", "VERDICTS", "Dataset", "read_dataset"]


@dataclass(slots=True)
class Dataset:
    """All rows of a source, in its order, and what could not be read.

    `forms` counts the lines by how they were read. `answered` is False where no row says any
    output: instructions alone.
    """

    name: str
    source: str
    rows: list[Row] = field(default_factory=list)
    forms: Counter[str] = field(default_factory=Counter)
    answered: bool = False
    unreadable: int = 0
    reasons: list[str] = field(default_factory=list)  # of the first SHOWN

    @property
    def about(self) -> str:
        """For people: "JSON lines, read as instruction, input, output"."""
        if len(self.forms) == 1:
            return f"{self.source}, read as {next(iter(self.forms))}"
        parts = (f"{number:,} as {form}" for form, number in self.forms.most_common())
        return f"{self.source}, read {'; '.join(parts)}"


def read_dataset(path: Path) -> Dataset:
    """Every row of what `open_source` opens, in memory.

    Raises DataError for a missing file, and for one without a single usable row.
    """
    source = open_source(path)
    rows = list(source.rows())
    if not rows:
        first = f"; the first reason: {source.reasons[0]}" if source.reasons else ""
        raise DataError(f"{path} has no row that can be audited{first}", path=path)
    return Dataset(
        source.name,
        source.kind,
        rows,
        source.forms,
        source.answered,
        source.unreadable.total(),
        source.reasons,
    )
