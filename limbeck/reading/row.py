"""Row: one instance of anybody's dataset, as it is audited, deduplicated or imported."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson

from limbeck.reading.unreadable import Unreadable


@dataclass(frozen=True, slots=True)
class Row:
    """One instance: an instruction, the input it is about, and the output.

    Of a chat, `instruction` is the last user turn, `input` the turns before it (and what tools
    said behind it) and `output` what the assistant said last; `system` is its system turn, or
    what a column of that name says. A row of plain text, or of a batch's answers, has no
    instruction. `id` is the hash of these four texts (without a system column), with a number
    behind it where the dataset has the same row again. `place` is the line (or the place in the
    list, from 1) in the file; of a folder of files, the running number.

    `target` is a reference answer that stands beside the output, `kind` of which kind it is,
    `options` the texts of a multiple choice. `model`, `licence`, `origin` and `template` are what
    the row says of itself; `record` and `request` are the id and the ledger key of a limbeck
    record. "" or None where the row says nothing.
    """

    id: str
    instruction: str
    input: str
    output: str
    system: str = ""
    finish_reason: str = "stop"
    classification: bool | None = None
    place: int = 0
    target: str | None = None
    kind: str = ""
    options: tuple[str, ...] = ()
    model: str = ""
    licence: str = ""
    origin: str = ""
    request: str = ""
    record: str = ""
    template: str = ""


@dataclass(slots=True)
class Read:
    """The instances of one row, how it was read ("instruction, input, output"), and whether it
    says any output, be it an empty one. `turns` are those of a chat before the output."""

    form: str
    rows: list[Row]
    answered: bool
    turns: tuple[tuple[str, str], ...] | None = None


def row_id(system: str, instruction: str, given: str, output: str) -> str:
    """ "r" and the first eight bytes of BLAKE2b over the four texts, as `content_hash` makes them;
    the letter keeps a spreadsheet from reading 1e5. Raises Unreadable for half a character."""
    try:
        texts = orjson.dumps((system, instruction, given, output))
    except TypeError:
        raise Unreadable(
            "lone_surrogate", "the text holds half a character (a lone surrogate)"
        ) from None
    return f"r{hashlib.blake2b(texts, digest_size=8).hexdigest()}"
