"""All rows of anybody's instruction dataset, or of a limbeck run, and how they were read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from limbeck.errors import DataError
from limbeck.reading.forms import Row, read_row
from limbeck.store import read_json, read_jsonl

RECORDS = Path("generate") / "records.jsonl"
VERDICTS = Path("filter") / "verdicts.jsonl"
SHOWN = 10  # unreadable rows whose reasons are kept
_BATCH = 4096


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

    def refuse(self, bad: DataError) -> None:
        self.unreadable += 1
        if len(self.reasons) < SHOWN:
            self.reasons.append(str(bad))


def read_dataset(path: Path) -> Dataset:
    """A run folder, or a file: JSON lines, a JSON list, or Parquet.

    A row may be a limbeck record, Alpaca, Self-Instruct with instances, chat messages, ShareGPT,
    a prompt with its completion, or an instruction alone. A row that is none is counted, with
    its line and reason. Raises DataError for a missing file, and for one without a single usable
    row.
    """
    dataset, numbered = _open_run(path) if path.is_dir() else _open_file(path)
    times: Counter[str] = Counter()
    for place, raw in numbered:
        try:
            found = read_row(raw, place)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            dataset.refuse(_bad(path, place, error))
            continue
        dataset.forms[found.form] += 1
        dataset.answered |= found.answered
        for row in found.rows:
            times[row.id] += 1
            again = times[row.id]
            dataset.rows.append(row if again == 1 else replace(row, id=f"{row.id}-{again}"))
    if not dataset.rows:
        first = f"; the first reason: {dataset.reasons[0]}" if dataset.reasons else ""
        raise DataError(f"{path} has no row that can be audited{first}", path=path)
    return dataset


def _bad(path: Path, place: int, error: Exception) -> DataError:
    reason = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
    return DataError(f"{path}, line {place}: {reason}", path=path, line=place)


Numbered = Iterable[tuple[int, Mapping[str, Any]]]


def _open_run(path: Path) -> tuple[Dataset, Numbered]:
    records, verdicts = path / RECORDS, path / VERDICTS
    if not records.is_file():
        raise DataError(
            f"{path} has no {RECORDS.as_posix()}; audit a file, or a run folder after "
            f"limbeck generate",
            path=path,
        )
    if not verdicts.is_file():
        dataset = Dataset(path.resolve().name, "every record of the run (not filtered yet)")
        return dataset, read_jsonl(records, on_bad=dataset.refuse)
    refused = {row["record"] for _, row in read_jsonl(verdicts) if not row["keep"]}
    dataset = Dataset(path.resolve().name, "the records of the run that its filters kept")
    numbered = read_jsonl(records, on_bad=dataset.refuse)
    return dataset, ((n, row) for n, row in numbered if row.get("id") not in refused)


def _open_file(path: Path) -> tuple[Dataset, Numbered]:
    try:
        with path.open("rb") as file:
            start = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error
    if start.startswith(b"PAR1"):
        return Dataset(path.name, "a Parquet file"), _parquet(path)
    if not start.startswith(b"["):
        dataset = Dataset(path.name, "JSON lines")
        return dataset, read_jsonl(path, on_bad=dataset.refuse)
    dataset = Dataset(path.name, "a JSON list")
    return dataset, _listed(path, dataset.refuse)


def _listed(path: Path, refuse: Callable[[DataError], None]) -> Iterator[tuple[int, Any]]:
    for place, row in enumerate(read_json(path), start=1):
        if isinstance(row, dict):
            yield place, row
        else:
            refuse(_bad(path, place, ValueError(f"not an object but {type(row).__name__}")))


def _parquet(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH):
                for row in batch.to_pylist():
                    place += 1
                    yield place, row
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"cannot read {path}: {error}", path=path) from error
