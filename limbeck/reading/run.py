"""The records of a limbeck run: those that its filters kept, or all before it filtered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from limbeck.errors import DataError
from limbeck.reading.json_rows import json_lines
from limbeck.reading.unpack import chunks
from limbeck.reading.unreadable import Refuse
from limbeck.store import read_jsonl

RECORDS = Path("generate") / "records.jsonl"
VERDICTS = Path("filter") / "verdicts.jsonl"
Raw = Iterator[tuple[int, Mapping[str, Any]]]


def run_rows(path: Path) -> tuple[Callable[[Refuse], Raw], str]:
    """What reads the rows, and what they are."""
    verdicts = path / VERDICTS
    if not verdicts.is_file():
        return lambda refuse: json_lines(chunks(path / RECORDS), refuse), (
            "every record of the run (not filtered yet)"
        )

    def kept(refuse: Refuse) -> Raw:
        refused = _refused(verdicts)
        for place, row in json_lines(chunks(path / RECORDS), refuse):
            if row.get("id") not in refused:
                yield place, row

    return kept, "the records of the run that its filters kept"


def _refused(verdicts: Path) -> set[str]:
    try:
        return {row["record"] for _, row in read_jsonl(verdicts) if not row["keep"]}
    except KeyError as error:
        raise DataError(f"{verdicts} has a line without {error}", path=verdicts) from error
