"""Rows that are there twice, rows that contradict each other, instructions that nearly repeat."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np

from limbeck.audit.facts import SHORT as SHORT
from limbeck.audit.facts import Flag
from limbeck.audit.keys import Places, groups
from limbeck.audit.spill import Spill
from limbeck.audit.totals import Totals, repeats
from limbeck.filters.rouge import RougePool
from limbeck.filters.rouge_tokens import Tokenizer
from limbeck.reading.forms import Row
from limbeck.text import folded

SHOWN = 10
_BLOCK = 4096


def exact(spill: Spill, totals: Totals) -> dict[str, Any]:
    """Rows whose texts an earlier row has, up to Unicode form and white space."""
    found = repeats(totals.same_row)
    pairs = [_pair(spill[first], spill[place]) for first, place in islice(found, SHOWN)]
    count = int(np.count_nonzero(totals.same_row != np.arange(totals.rows)))
    return {"rows": count, "share": count / totals.rows, "examples": pairs}


def contradictions(spill: Spill, totals: Totals) -> dict[str, Any]:
    """Questions (instruction, input and system turn) that have different outputs.

    Outputs are compared by their words: case, width, punctuation at the ends and spacing do not
    count. `short` counts the questions of which every output is short; of the others ("Write a
    poem") many answers may be right. The short ones are shown first. `asked_again` counts the
    questions that more than one row has.
    """
    found: list[tuple[bool, Places]] = []
    short = totals.has(Flag.SHORT)
    asked_again = 0
    for places in groups(totals.same_question):
        asked_again += 1
        if len(np.unique(totals.same_row[places])) < 2:
            continue
        outputs = {answer_of(spill[place].output) for place in places.tolist()}
        if len(outputs) > 1:
            found.append((not bool(short[places].all()), places))
    found.sort(key=lambda item: (item[0], int(item[1][0])))
    rows = sum(len(places) for _, places in found)
    return {
        "questions": len(found),
        "short": sum(not long for long, _ in found),
        "rows": rows,
        "share": rows / totals.rows,
        "asked_again": asked_again,
        "examples": [_disagreement(spill, places.tolist()) for _, places in found[:SHOWN]],
    }


def near(texts: Sequence[str], tokenizer: Tokenizer, threshold: float) -> dict[str, Any]:
    """Distinct instructions that the novelty filter would refuse, in their order. `places` of an
    example are the numbers of both texts."""
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
                earlier, later = texts[kept[item]], texts[place]
                places = [kept[item], place]
                examples.append(
                    {"score": score, "first": earlier, "second": later, "places": places}
                )
    share = refused / len(texts) if texts else 0.0
    return {
        "threshold": threshold,
        "instructions": refused,
        "of": len(texts),
        "share": share,
        "examples": examples,
    }


def answer_of(output: str) -> str:
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


def _disagreement(spill: Spill, places: Sequence[int]) -> dict[str, Any]:
    outputs: dict[str, str] = {}
    rows = [spill[place] for place in places]
    for row in rows:
        outputs.setdefault(answer_of(row.output), row.output)
    return {
        "places": [row.place for row in rows[:SHOWN]],
        "instruction": rows[0].instruction,
        "input": rows[0].input,
        "outputs": list(outputs.values())[:SHOWN],
    }
