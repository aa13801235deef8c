"""The first rows of one seeded order: nested training sets, for curves over data."""

from __future__ import annotations

from collections.abc import Sequence

from limbeck.errors import UserError
from limbeck.record import Record, content_hash
from limbeck.text import prompt_key


def first_rows(records: Sequence[Record], count: int, seed: int) -> list[Record]:
    """So many of the records, in the order in which they stand here.

    Which ones follows from `seed` and each row alone, and a smaller set is part of a larger one.
    The rows of a prompt come one after another, so that more rows are more prompts and not more
    answers to each: of one prompt at most, the last, some are in and some are not. Raises UserError
    where there are fewer records.
    """
    if count > len(records):
        raise UserError(
            f"format.rows asks for {count} training rows, and there are {len(records)}; ask the "
            "teacher for more, loosen the filters, or lower format.rows"
        )
    keys = [
        (content_hash([seed, "rows", prompt_key(record.messages)]), content_hash([seed, record.id]))
        for record in records
    ]
    chosen = sorted(sorted(range(len(records)), key=keys.__getitem__)[:count])
    return [records[place] for place in chosen]
