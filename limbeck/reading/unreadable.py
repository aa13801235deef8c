"""What a row, or a stretch of a file, is not read for: a short stable reason and a sentence."""

from __future__ import annotations

import reprlib
from collections.abc import Callable
from typing import Any

# Every reason that `Source.unreadable` counts, and what it means; docs/reading.md lists them.
REASONS = {
    "not_json": "the line, or the place in the list, is no JSON",
    "not_an_object": "a row is text, a number or a list, and names no columns",
    "not_utf8": "the bytes are not UTF-8",
    "too_deep": "lists or objects inside each other, more than a thousand deep",
    "too_long": "the row has more than 128 MiB",
    "cell_too_long": "one cell has more than 64 MiB characters",
    "duplicate_key": "an object says the same key twice",
    "not_finite": "a number is infinite, or not a number",
    "no_instruction": "no column of the row is known to hold what was asked",
    "empty_instruction": "what was asked is empty",
    "not_text": "a column that should hold text holds a list, an object or a number",
    "type_changed": "a column that held text in the first rows holds a number here",
    "missing_column": "a column named by the user is not in the row",
    "lone_surrogate": "the text holds half a character",
    "not_text_part": "a turn holds a picture, a sound or a file",
    "unknown_role": "a turn is by somebody who is no system, user, assistant or tool",
    "no_user_turn": "a chat in which no user asks",
    "no_instances": "instances is empty",
    "not_a_choice": "the answer's number or letter is none of the options",
    "no_template": "the text is not in the template of the first rows",
    "failed_request": "a batch request that was answered with an error",
    "not_a_record": "it looks like a limbeck record and is none",
    "wrong_fields": "a line of a table has more or fewer fields than its header",
    "quote_not_closed": "a quote of a table is not closed, or goes on behind its end",
    "cut_short": "the file ends in the middle",
    "broken_file": "the bytes are damaged, or another format than the name says",
    "bomb": "the file unpacks to more than 200 times its size",
    "odd_shape": "the row has a shape that no known form has",
    "not_read": "a file of the folder that is no rows, or may not be opened",
}


class Unreadable(ValueError):
    """A row, or a stretch of a file, that cannot be read. `reason` is a key of REASONS."""

    def __init__(self, reason: str, says: str) -> None:
        super().__init__(says)
        self.reason = reason


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxlevel = 3


def shown(value: Any) -> str:
    """A value for a sentence: short, however large and deep it is."""
    return _SHORT.repr(value)


Refuse = Callable[[int, Unreadable], None]
"""Takes the place (line, or place in the list, from 1; 0 for the file as a whole) and the why."""
