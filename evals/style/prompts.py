"""The open prompts that style is measured on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from limbeck.errors import DataError
from limbeck.record import Record, content_hash
from limbeck.seeds import seeds_of
from limbeck.store import read_jsonl
from limbeck.text import prompt_key


class Prompts(NamedTuple):
    """The prompts that are asked, in file order, and how many were left out since the student was
    trained on them."""

    asked: list[Record]
    trained_on: int


def read_prompts(
    path: Path,
    *,
    limit: int | None = None,
    seed: int = 0,
    is_trained_on: Callable[[Record], bool] = lambda prompt: False,
) -> Prompts:
    """The prompts of a JSONL file: seeds in any form, or `turns` of which the first is asked
    (MT-Bench: its second turn is about a model's own answer). Equal prompts count once.

    Those that `is_trained_on` knows are left out: they are not held out. Of more than `limit` a
    sample is asked, drawn by `seed` and each prompt's own text: files are often sorted by subject.
    Raises DataError with the line of a row that cannot be used, and where none is left.
    """
    found: dict[str, Record] = {}
    for number, row in read_jsonl(path):
        try:
            for prompt in seeds_of(_first_turn(row)):
                found.setdefault(prompt_key(prompt.messages), prompt)
        except (KeyError, TypeError, ValueError) as error:
            reason = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
            raise DataError(f"{path}, line {number}: {reason}", path=path, line=number) from error
    held_out = {key: prompt for key, prompt in found.items() if not is_trained_on(prompt)}
    if not held_out:
        why = "every one of them is a training prompt" if found else "it is empty"
        raise DataError(f"{path} has no prompt to compare styles on: {why}", path=path)
    drawn = sorted(held_out, key=lambda key: content_hash([seed, "style", key]))[:limit]
    kept = frozenset(drawn)
    asked = [prompt for key, prompt in held_out.items() if key in kept]
    return Prompts(asked, len(found) - len(held_out))


def _first_turn(row: Mapping[str, Any]) -> Mapping[str, Any]:
    turns = row.get("turns")
    if turns is None:
        return row
    if not isinstance(turns, list) or not turns or not isinstance(turns[0], str):
        raise ValueError(f"turns must be a list of texts, got {turns!r}")
    return {"prompt": turns[0], "id": row.get("id", row.get("question_id"))}
