"""What is measured of every row by itself, a batch at a time, in whatever process there is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import IntFlag
from itertools import starmap

import numpy as np
from numpy.typing import NDArray

from limbeck.audit import classify
from limbeck.audit.boilerplate import says_it_is_an_ai
from limbeck.audit.keys import digest
from limbeck.audit.spill import Spill
from limbeck.audit.words import count_words, opening, script_of, words_of
from limbeck.filters.complete import Complete
from limbeck.filters.format import format_errors
from limbeck.filters.pii import find_pii
from limbeck.filters.repetition import repetition_of
from limbeck.money import text_tokens
from limbeck.reading.forms import Row
from limbeck.record import Provenance, Record, user
from limbeck.text import squeezed

SHORT = 5  # words: outputs no longer than this are labels or answers, of which one can be right;
# so are the options of a choice, however long they are
_ENDED = 20  # words from which on an output is a text that ends with a mark
_LONGEST = 100_000  # characters of an output that is looked at for repetition, format and PII
_SHOWN = 10


class Flag(IntFlag):
    """What can be true of a row."""

    EMPTY = 1 << 0
    TRUNCATED = 1 << 1
    REFUSED = 1 << 2
    SAME_AS_INPUT = 1 << 3
    ENDS_IN_COLON = 1 << 4
    OPEN_END = 1 << 5
    BOILERPLATE = 1 << 6
    REPETITION = 1 << 7
    FORMAT = 1 << 8
    PII = 1 << 9
    SHORT = 1 << 10
    LABEL = 1 << 11
    NAMED_LABEL = 1 << 12
    INPUT = 1 << 13
    TARGET = 1 << 14
    MODEL = 1 << 15
    ORIGIN = 1 << 16
    REQUEST = 1 << 17
    RECORD = 1 << 18
    LICENCE = 1 << 19


_REASONS = {"empty": Flag.EMPTY, "truncated": Flag.TRUNCATED, "refused": Flag.REFUSED}
NAMED = (Flag.REPETITION, Flag.FORMAT, Flag.PII)
"""Flags of which the reasons are counted, too."""
SHOWN = (Flag.EMPTY, Flag.TRUNCATED, Flag.REFUSED, Flag.BOILERPLATE, *NAMED)
"""Flags of which the first rows are named."""


@dataclass
class Facts:
    """Of a batch of rows, or of all: columns, one value a row, and what was counted.

    `row`, `question` (system turn, instruction, input, options), `asked` (the words of instruction
    and input) and `instruction` hold 16 bytes a row.
    `words` is [rows, 3] for instruction, input and output; `tokens` [rows, 2] for what is asked
    and answered, by `text_tokens`; `said` 1 and 0 for a row that says that it is classification,
    or not, else -1. `first` holds the first rows of a flag with their reasons.
    """

    row: bytes = b""
    question: bytes = b""
    asked: bytes = b""
    instruction: bytes = b""
    words: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 3), np.int32))
    tokens: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    characters: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    flags: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    said: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    openings: bytes = b""
    scripts: tuple[Counter[str], Counter[str]] = field(
        default_factory=lambda: (Counter(), Counter())
    )
    reasons: dict[Flag, Counter[str]] = field(
        default_factory=lambda: {one: Counter() for one in NAMED}
    )
    first: dict[Flag, list[tuple[int, str]]] = field(
        default_factory=lambda: {one: [] for one in SHOWN}
    )
    values: dict[str, Counter[str]] = field(
        default_factory=lambda: {name: Counter() for name in ("model", "origin", "licence")}
    )


def facts_of(spill: Spill, begin: int) -> Facts:
    """The facts of a part of the rows, whose first one has the number `begin`."""
    facts = Facts()
    rows = list(spill)
    spill.close()
    facts.words = np.array([_words(row) for row in rows], np.int32).reshape(-1, 3)
    flags = [_look(facts, row, begin + place, facts.words[place]) for place, row in enumerate(rows)]
    facts.flags = np.array(flags, np.int32)
    facts.row, facts.question, facts.asked, facts.instruction = (
        b"".join(column) for column in zip(*map(_digests, rows), strict=True)
    )
    facts.openings = b"".join(digest(opening(row.instruction)) for row in rows)
    facts.tokens = np.array(list(starmap(_tokens, ((row,) for row in rows))), np.int64).reshape(
        -1, 2
    )
    facts.characters = np.array([len(row.output) for row in rows], np.int32)
    said = [-1 if row.classification is None else int(row.classification) for row in rows]
    facts.said = np.array(said, np.int8)
    facts.scripts = (
        Counter(script_of(row.instruction) for row in rows),
        Counter(script_of(row.output) for row in rows),
    )
    for name, counts in facts.values.items():
        counts.update(value for row in rows if (value := getattr(row, name)))
    return facts


def _digests(row: Row) -> tuple[bytes, bytes, bytes, bytes]:
    asked = [squeezed(text) for text in (row.system, row.instruction, row.input)]
    whole, instruction = digest([*asked, squeezed(row.output)]), digest(asked[1:2])
    words = digest(" ".join(words_of(text)) for text in asked[1:])
    # Among the same options in another order the same one is right.
    return whole, digest([*asked, *sorted(map(squeezed, row.options))]), words, instruction


def _words(row: Row) -> tuple[int, int, int]:
    return count_words(row.instruction), count_words(row.input), count_words(row.output)


def _tokens(row: Row) -> tuple[int, int]:
    asked = sum(text_tokens(text) for text in (row.system, row.instruction, row.input))
    return asked, text_tokens(row.output)


def _look(facts: Facts, row: Row, number: int, words: NDArray[np.int32]) -> int:
    """The row's flags; reasons and first rows are noted on the way."""
    output, stripped = row.output, row.output.strip()
    found: dict[Flag, list[str]] = {}
    ended = _ended(row)
    if ended:
        found[_REASONS[ended]] = [row.finish_reason if ended != "empty" else ""]
    if stripped:
        part = output[:_LONGEST]
        if says_it_is_an_ai(part):
            found[Flag.BOILERPLATE] = []
        if reason := repetition_of(part).reason:
            found[Flag.REPETITION] = [reason]
        if errors := format_errors(part):
            found[Flag.FORMAT] = errors
    asked = "\n".join((row.instruction[:_LONGEST], row.input[:_LONGEST], output[:_LONGEST]))
    if personal := find_pii(asked):
        found[Flag.PII] = [one.kind for one in personal]
    flags = 0
    for flag, reasons in found.items():
        flags |= flag
        unique = sorted(set(reasons))
        if flag in NAMED:
            facts.reasons[flag].update(unique)
        if flag in SHOWN and len(facts.first[flag]) < _SHOWN:
            facts.first[flag].append((number, ", ".join(unique)))
    label, named = classify.label_of(row.instruction, output)
    plain = {
        Flag.SAME_AS_INPUT: bool(stripped) and stripped == row.input.strip(),
        Flag.ENDS_IN_COLON: stripped.endswith((":", "：")),
        Flag.OPEN_END: bool(words[2] >= _ENDED) and stripped[-1:].isalnum(),
        Flag.SHORT: bool(words[2] <= SHORT) or output in row.options,
        Flag.LABEL: label,
        Flag.NAMED_LABEL: named,
        Flag.INPUT: bool(row.input.strip()),
        Flag.TARGET: row.target is not None,
        Flag.MODEL: bool(row.model),
        Flag.ORIGIN: bool(row.origin),
        Flag.REQUEST: bool(row.request),
        Flag.RECORD: bool(row.record),
        Flag.LICENCE: bool(row.licence),
    }
    return flags | sum(flag for flag, true in plain.items() if true)


_COMPLETE = Complete()
_NOBODY = Provenance("audit")


def _ended(row: Row) -> str:
    """What the filter `complete` has against an output: "empty", "truncated", "refused" or ""."""
    meta = {"finish_reason": row.finish_reason}
    record = Record((user(row.instruction),), row.output, _NOBODY, meta=meta, id=row.id)
    return _COMPLETE.judge([record])[0].reason
