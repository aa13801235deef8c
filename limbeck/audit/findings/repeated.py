"""Findings about rows that are there twice: duplicates, near duplicates, contradictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from limbeck.audit.findings.finding import (
    SHOWN,
    Finding,
    cut,
    example,
    percent,
    several,
    unknown,
    verb,
)
from limbeck.audit.keys import Places
from limbeck.audit.measured import Measured
from limbeck.audit.spill import Spill
from limbeck.audit.totals import originals
from limbeck.audit.words import count_words
from limbeck.filters.minhash import NearIndex
from limbeck.reading.forms import Row

JACCARD = 0.8
SHINGLE = 5
ENOUGH = 20  # words from which on an output is compared by itself
_BLOCK = 4096
_MEMORY = 512  # MB of hashes; more are on the disk


def duplicate_rows(m: Measured, found: Mapping[str, Any]) -> Finding:
    """Rows equal to an earlier one, of all rows."""
    count = found["rows"]
    asked_before = int(np.count_nonzero(m.totals.same_question != np.arange(m.rows)))
    same_words = int(np.count_nonzero(m.totals.same_words != np.arange(m.rows)))
    largest = int(np.bincount(m.totals.same_row).max())
    details = [
        ("Different rows", f"{m.rows - count:,}"),
        ("Rows that ask what an earlier row asks", f"{asked_before:,}"),
        ("the same but for case and punctuation", f"{same_words:,}"),
    ]
    if count:
        details.append(("Most copies of one row", f"{largest:,}"))
    return Finding(
        "duplicates",
        count,
        m.rows,
        says=f"{several(count, 'row')} of {m.rows:,} ({percent(count, m.rows)}) "
        f"{verb(count, 'is', 'are')} equal to an earlier one.",
        advice="Keep one of each: the filter exact (limbeck filter) does.",
        details=details,
        examples=[
            {
                "places": one["places"],
                "texts": [
                    [label, cut(one[label.lower()])]
                    for label in ("Instruction", "Input", "Output")
                    if one[label.lower()].strip()
                ],
                "note": "equal",
            }
            for one in found["examples"]
        ],
    )


class Near(NamedTuple):
    """How many rows have a near copy before them, and the first of them: (place, place of the
    copy, Jaccard)."""

    rows: int
    first: list[tuple[int, int, float]]


def near_rows(spill: Spill, places: Places) -> Near:
    """Looks for near copies among different rows, in their order."""
    index = NearIndex(threshold=JACCARD, num_perm=128, shingle=SHINGLE, memory_mb=_MEMORY)
    count = 0
    first: list[tuple[int, int, float]] = []
    for begin in range(0, len(places), _BLOCK):
        block = places[begin : begin + _BLOCK].tolist()
        for place, hit in zip(block, index.add([_text(spill[n]) for n in block]), strict=True):
            if hit is not None:
                count += 1
                if len(first) < SHOWN:
                    first.append((place, int(places[hit.nearest]), hit.jaccard))
    spill.close()
    return Near(count, first)


def _text(row: Row) -> str:
    """What is compared: the output; with what was asked where it is short, as labels are."""
    if count_words(row.output) >= ENOUGH:
        return row.output
    return "\n".join((row.instruction, row.input, row.output))


def near_duplicates(m: Measured, found: Near) -> Finding:
    """Different rows with a near copy before them, of all different rows."""
    different = len(originals(m.totals.same_row))
    examples = []
    for place, earlier, jaccard in found.first:
        one, two = m.spill[earlier], m.spill[place]
        texts = [("Earlier", _text(one)), ("Later", _text(two))]
        examples.append(example([one, two], texts, f"Jaccard {jaccard:.2f}"))
    return Finding(
        "near_duplicates",
        found.rows,
        different,
        unit="different rows",
        says=f"{several(found.rows, 'row')} of {different:,} different ones "
        f"({percent(found.rows, different)}) "
        f"{verb(found.rows, 'is a near copy', 'are near copies')} of an earlier one (Jaccard of "
        f"5-word shingles at least {JACCARD}).",
        advice="Look at the pairs, and keep one of each: the filter minhash (limbeck filter) does.",
        details=[
            ("Compared", f"outputs of {ENOUGH} words and more, shorter ones with what was asked")
        ],
        examples=examples,
    )


def contradictions(m: Measured, found: Mapping[str, Any]) -> Finding:
    """Questions whose short outputs contradict each other, of all different questions."""
    if not m.answered:
        return unknown("contradictions", "the rows have no outputs")
    questions = len(originals(m.totals.same_question))
    count = found["short"]
    return Finding(
        "contradictions",
        count,
        questions,
        unit="questions",
        says=f"{several(count, 'question')} of {questions:,} ({percent(count, questions)}) "
        f"{verb(count, 'has', 'have')} short outputs that contradict each other.",
        advice="Decide which output is right, or drop these questions: the filter vote keeps the "
        "majority's.",
        details=[
            ("Questions asked by several rows", f"{found['asked_again']:,}"),
            ("with different outputs of any length", f"{found['questions']:,}"),
            ("Rows of those", f"{found['rows']:,}"),
            ("Asked in the same words, whatever the options", f"{found['same_words']:,}"),
        ],
        examples=[
            {
                "places": one["places"],
                "texts": [
                    ["Instruction", cut(one["instruction"])],
                    *([["Input", cut(one["input"])]] if one["input"].strip() else []),
                    *(["Output", cut(text)] for text in one["outputs"]),
                ],
                "note": f"{len(one['outputs'])} different outputs",
            }
            for one in found["examples"][: min(count, SHOWN)]
        ],
    )


def near_instructions(m: Measured, found: Mapping[str, Any]) -> Finding:
    """Different instructions that the novelty filter would refuse, of those compared."""
    of, count, every = found["of"], found["instructions"], len(m.totals.distinct)
    among = f"{of:,} different ones" if of == every else f"the first {of:,} different ones"
    examples = []
    for one in found["examples"]:
        rows = [m.spill[int(m.totals.distinct[place])] for place in one["places"]]
        texts = [("Earlier", one["first"]), ("Later", one["second"])]
        examples.append(example(rows, texts, f"ROUGE-L {one['score']:.2f}"))
    return Finding(
        "near_instructions",
        count,
        of,
        unit="instructions",
        sampled=of < every,
        says=f"{several(count, 'instruction')} of {among} ({percent(count, of)}) "
        f"{verb(count, 'is', 'are')} above ROUGE-L {found['threshold']:g} with an earlier one.",
        advice="Where new tasks are wanted, refuse these: the filter rouge (limbeck filter) does.",
        details=[("Different instructions", f"{every:,}")],
        examples=examples,
    )
