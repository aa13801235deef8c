"""Multiple choice: the options of a row in the shapes that sets have, and answers by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from limbeck.reading.unreadable import Unreadable

LETTERS = "ABCDEFGHIJ"


def options_of(value: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(texts, labels) of a list of texts, of {"text": [...], "label": [...]}, of a list of
    {"label", "text"}, of {"A": text}, or of scores by text; labels are () where it has none."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except ValueError:
            return (), ()
    if isinstance(value, Mapping):
        texts, labels = value.get("text"), value.get("label")
        if isinstance(texts, list):
            return _texts(texts), _texts(labels) if isinstance(labels, list) else ()
        if all(isinstance(one, str) for one in value.values()):
            return _texts(list(value.values())), tuple(value)
        return tuple(value), ()
    if not isinstance(value, list | tuple):
        return (), ()
    if value and all(isinstance(one, Mapping) for one in value):
        texts = [one.get("text", one.get("content")) for one in value]
        labels = [one.get("label") for one in value]
        return _texts(texts), () if None in labels else _texts(labels)
    return _texts(value), ()


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    if not all(isinstance(one, str | int | float) for one in values):
        return ()
    return tuple(one if isinstance(one, str) else str(one) for one in values)


def lettered(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The options of a table that has a column for each: A, B, C, ..."""
    found = []
    for letter in LETTERS:
        if not isinstance(raw.get(letter), str | int | float):
            break
        found.append(str(raw[letter]))
    return tuple(found) if len(found) > 1 else ()


def best_scored(value: Any) -> str | None:
    """The text with the highest score, of scores by text."""
    if not isinstance(value, Mapping) or not value:
        return None
    if not all(isinstance(one, int | float) for one in value.values()):
        return None
    return str(max(value, key=lambda text: value[text]))


def by_number(answer: Any, options: Sequence[str], labels: Sequence[str]) -> Any:
    """The option's text for a place from 0, or for a label that is a number; else the answer as it
    is. A letter stays: that is what a model says. Raises Unreadable for a place that is none."""
    if isinstance(answer, bool) or not options:
        return answer
    if isinstance(answer, int):
        if not 0 <= answer < len(options):
            raise Unreadable(
                "not_a_choice", f"the answer is number {answer} of {len(options)} options, from 0"
            )
        return options[answer]
    if isinstance(answer, str) and answer.strip().isdigit() and answer.strip() in labels:
        return options[labels.index(answer.strip())]
    return answer
