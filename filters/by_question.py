"""Rows of one question, which a generator writes one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from limbeck.record import Message, Record


def by_question(records: Sequence[Record]) -> Iterator[list[Record]]:
    """The rows of each question that stand together: of the same seeds, and the same messages to
    the letter, system turns included. "What is 2²?" is not "What is 22?"."""
    for _, group in groupby(records, key=_question):
        yield list(group)


def _question(record: Record) -> tuple[tuple[str, ...], tuple[Message, ...]]:
    return record.provenance.parents, record.messages
