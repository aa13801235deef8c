"""Multiple-choice items from JSONL: {"id", "question", "options", "answer", "topic"}."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck.errors import DataError
from limbeck.store import read_jsonl

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Item:
    """One question with its options; `answer` is the place of the right one, from 0."""

    id: str
    question: str
    options: tuple[str, ...]
    answer: int
    topic: str = ""


def read_items(path: Path) -> list[Item]:
    """The items of a file. Raises DataError with the line and what is wrong with it."""
    items: list[Item] = []
    for number, row in read_jsonl(path):
        try:
            items.append(_item(row, len(items)))
        except (KeyError, ValueError) as error:
            reason = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
            raise DataError(f"{path}, line {number}: {reason}", path=path, line=number) from error
    if not items:
        raise DataError(f"{path} has no items", path=path)
    return items


def _item(row: Mapping[str, Any], place: int) -> Item:
    options, answer = row["options"], row["answer"]
    if (
        not isinstance(options, list)
        or not 2 <= len(options) <= len(LETTERS)
        or not all(isinstance(option, str) and option.strip() for option in options)
    ):
        raise ValueError(f"options must be 2 to {len(LETTERS)} texts, got {options!r}")
    if len(set(options)) < len(options):
        raise ValueError(f"two options are the same: {options!r}")
    if isinstance(answer, str) and answer in options:
        answer = options.index(answer)
    if isinstance(answer, bool) or not isinstance(answer, int) or not 0 <= answer < len(options):
        raise ValueError(f"answer must be the place of an option, from 0, got {answer!r}")
    question = row["question"]
    if not isinstance(question, str) or not question.strip():
        raise ValueError(f"question must be a text that is not empty, got {question!r}")
    return Item(
        str(row.get("id", place)), question, tuple(options), answer, str(row.get("topic", ""))
    )


def written_question(question: str, options: Sequence[str]) -> str:
    """A question of multiple choice that is answered by writing. The lines of an option are set
    in: none of them can pass for the next option."""
    lines = [
        f"{LETTERS[place]}. " + "\n   ".join(option.splitlines())
        for place, option in enumerate(options)
    ]
    return "\n".join([question, "", *lines, "", "Answer with the letter only."])
