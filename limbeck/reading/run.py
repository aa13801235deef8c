"""The records of a limbeck run: those that its filters kept, as they changed them, or all before
it filtered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from limbeck.kept import RECORDS, VERDICTS, kept_lines
from limbeck.reading.json_rows import json_lines, parse_object
from limbeck.reading.unpack import chunks
from limbeck.reading.unreadable import Refuse, Unreadable

Raw = Iterator[tuple[int, Mapping[str, Any]]]


def run_rows(path: Path) -> tuple[Callable[[Refuse], Raw], str]:
    """What reads the rows, and what they are."""
    if not (path / VERDICTS).is_file():
        return lambda refuse: json_lines(chunks(path / RECORDS), refuse), (
            "every record of the run (not filtered yet)"
        )

    def kept(refuse: Refuse) -> Raw:
        for place, line in kept_lines(path):
            try:
                yield place, parse_object(line)
            except Unreadable as bad:
                refuse(place, bad)

    return kept, "the records of the run that its filters kept"
