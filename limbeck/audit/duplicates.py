"""Rows that are there twice, rows that contradict each other, instructions that nearly repeat."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from typing import Any

from limbeck.filters.rouge import RougePool
from limbeck.filters.rouge_tokens import Tokenizer
from limbeck.reading.forms import Row
from limbeck.text import folded, squeezed, word_count

SHOWN = 10
SHORT = 5  # words: outputs no longer than this are labels or answers, of which one can be right


def exact(rows: Sequence[Row]) -> dict[str, Any]:
    """Rows whose texts an earlier row has, up to Unicode form and white space."""
    first: dict[bytes, int] = {}
    repeats = 0
    examples: list[dict[str, Any]] = []
    for place, row in enumerate(rows):
        earlier = first.setdefault(_key(row, row.output), place)
        if earlier != place:
            repeats += 1
            if len(examples) < SHOWN:
                examples.append(_pair(rows[earlier], row))
    return {"rows": repeats, "share": repeats / len(rows), "examples": examples}


def contradictions(rows: Sequence[Row]) -> dict[str, Any]:
    """Questions (instruction, input and system turn) that have different outputs.

    Outputs are compared by their words: case, width, punctuation at the ends and spacing do not
    count. `short` counts the questions of which every output is short; of the others ("Write a
    poem") many answers may be right. The short ones are shown first.
    """
    first: dict[bytes, int] = {}
    groups: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        earlier = first.setdefault(_key(row), place)
        if earlier != place:
            groups.setdefault(earlier, [earlier]).append(place)
    found: list[tuple[bool, list[int]]] = []
    for places in groups.values():
        outputs = {_answer(rows[place].output) for place in places}
        if len(outputs) > 1:
            long = any(word_count(output) > SHORT for output in outputs)
            found.append((long, places))
    found.sort(key=lambda item: (item[0], item[1]))
    return {
        "questions": len(found),
        "short": sum(not long for long, _ in found),
        "rows": sum(len(places) for _, places in found),
        "share": sum(len(places) for _, places in found) / len(rows),
        "examples": [_disagreement(rows, places) for _, places in found[:SHOWN]],
    }


def near(texts: Sequence[str], tokenizer: Tokenizer, threshold: float) -> dict[str, Any]:
    """Distinct instructions that the novelty filter would refuse, in their order."""
    pool = RougePool(tokenizer, threshold)
    kept: list[int] = []
    refused = 0
    examples: list[dict[str, Any]] = []
    for start in range(0, len(texts), _BLOCK):
        block = texts[start : start + _BLOCK]
        for place, hit in enumerate(pool.add_novel(block), start=start):
            if hit is None:
                kept.append(place)
                continue
            refused += 1
            if len(examples) < SHOWN:
                item, score = hit
                earlier = texts[kept[item]]
                examples.append({"score": score, "first": earlier, "second": texts[place]})
    share = refused / len(texts) if texts else 0.0
    return {
        "threshold": threshold, "instructions": refused, "share": share, "examples": examples
    }  # fmt: skip


_BLOCK = 4096


def _key(row: Row, *more: str) -> bytes:
    """A short key of the question, and of what else is given: a million of them fit in memory."""
    texts = (row.system, row.instruction, row.input, *more)
    whole = "\x00".join(squeezed(text) for text in texts)
    return hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _answer(output: str) -> str:
    """An output as it counts when two are compared: "Positive." is "positive"."""
    text = folded(output)
    start, end = 0, len(text)
    while start < end and _at_the_edge(text[start]):
        start += 1
    while end > start and _at_the_edge(text[end - 1]):
        end -= 1
    return text[start:end] or text  # of punctuation alone nothing is cut: "!" is not "?"


def _at_the_edge(char: str) -> bool:
    # A minus sign is no punctuation where it matters: "-2" is not "2".
    return char.isspace() or (unicodedata.category(char)[0] == "P" and char not in "-–−%#@&")


def _pair(first: Row, second: Row) -> dict[str, Any]:
    return {
        "places": [first.place, second.place],
        "instruction": second.instruction,
        "input": second.input,
        "output": second.output,
    }


def _disagreement(rows: Sequence[Row], places: Sequence[int]) -> dict[str, Any]:
    outputs: dict[str, str] = {}
    for place in places:
        outputs.setdefault(_answer(rows[place].output), rows[place].output)
    row = rows[places[0]]
    return {
        "places": [rows[place].place for place in places[:SHOWN]],
        "instruction": row.instruction,
        "input": row.input,
        "outputs": list(outputs.values())[:SHOWN],
    }
