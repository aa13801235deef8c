"""Findings about the rows as a whole: how long outputs are, how much instructions differ."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from limbeck.audit.findings.finding import Finding, percent, several, unknown, verb, whole
from limbeck.audit.keys import Places
from limbeck.audit.measured import Measured
from limbeck.audit.totals import originals
from limbeck.audit.words import opening
from limbeck.words import unicode_tokens

DRAWN = 10_000  # outputs whose words are counted for distinct-n
_LIMIT = 50  # words: a longest output that is shorter than this is no limit
_SEVERAL = 3  # outputs of exactly the same greatest length


def lengths(m: Measured) -> Finding:
    """Outputs of exactly the greatest length, in words or in characters, where at least three
    are: something cut them there. Of all rows."""
    if not m.answered:
        return unknown("lengths", "the rows have no outputs")
    words, characters = m.totals.words[:, 2], m.totals.characters
    at_words = np.flatnonzero(words == words.max())
    at_characters = np.flatnonzero(characters == characters.max())
    at, unit = max((at_words, "words"), (at_characters, "characters"), key=lambda one: len(one[0]))
    different = np.unique(m.totals.same_row[at])  # copies of one long row were not cut
    most = int((words if unit == "words" else characters).max())
    cut = len(different) >= _SEVERAL and int(words.max()) >= _LIMIT
    count = len(at) if cut else 0
    quantiles = np.percentile(words, (1, 10, 50, 90, 99))
    asked, answered = m.totals.tokens
    details = [
        ("Words of outputs: 1%, 10%, median, 90%, 99%", ", ".join(f"{q:,.0f}" for q in quantiles)),
        ("Shortest and longest output, words", f"{int(words.min()):,}, {int(words.max()):,}"),
        ("Longest output, characters", f"{int(characters.max()):,}"),
        ("Tokens asked and answered, estimated", f"{asked:,} and {answered:,}"),
    ]
    says = f"{several(count, 'output')} of {m.rows:,} ({percent(count, m.rows)}) "
    says += f"{verb(count, 'has', 'have')} exactly the greatest length"
    says += f", {most:,} {unit}: they were cut there." if count else " that several outputs share."
    return Finding(
        "lengths",
        count,
        m.rows,
        says=says,
        advice="If something cut them, make its limit larger and ask again; else look at the "
        "longest and the shortest.",
        details=details,
        examples=[
            *(whole(m.spill[int(place)], f"{most:,} {unit}") for place in at[: 3 if cut else 0]),
            whole(m.spill[int(words.argmax())], f"the longest, {int(words.max()):,} words"),
            whole(m.spill[int(words.argmin())], f"the shortest, {int(words.min()):,} words"),
        ],
    )


def diversity(m: Measured, report: Mapping[str, Any]) -> Finding:
    """Different instructions that begin with the commonest three words, of all different ones."""
    distinct = m.totals.distinct
    of = len(distinct)
    if of < _SEVERAL:
        return unknown("diversity", f"there {'is' if of == 1 else 'are'} only {of} different "
                       f"instruction{'' if of == 1 else 's'}")  # fmt: skip
    counts = np.bincount(m.totals.openings[distinct])
    first = int(counts.argmax())
    count = int(counts[first]) if counts[first] > 1 else 0
    shared = np.sort(counts[counts > 0])[::-1]
    words = opening(m.spill[first].instruction)
    details = [
        ("The commonest opening", " ".join(words) or "(no words)"),
        ("Different openings", f"{len(shared):,}"),
        ("Entropy of openings", f"{_entropy(shared):.2f} bits of at most {math.log2(of):.2f}"),
        *_distinct_n(m),
        *_nearest(report["nearest_other"]),
        *_verbs(report["verb_noun"]),
    ]
    same = distinct[m.totals.openings[distinct] == first]
    return Finding(
        "diversity",
        count,
        of,
        unit="instructions",
        says=f"{several(count, 'instruction')} of {of:,} different ones ({percent(count, of)}) "
        f"{verb(count, 'begins', 'begin')} with the commonest three words.",
        advice="If tasks are to differ, ask for other kinds of them, and draw an even choice: the "
        "filter diversity does.",
        details=details,
        examples=[whole(m.spill[int(place)]) for place in same[:3]] if count > 1 else [],
    )


def _entropy(counts: Sequence[int] | Places) -> float:
    shares = np.asarray(counts, dtype=np.float64) / np.sum(counts)
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def _distinct_n(m: Measured) -> list[tuple[str, str]]:
    """distinct-1 and -2 (Li et al. 2016, arXiv:1510.03055) of drawn outputs, or of instructions
    where there are none: different words, and pairs of words, to each that there is."""
    chosen = m.drawn(originals(m.totals.same_row), DRAWN)
    ones, twos = Counter[str](), Counter[tuple[str, str]]()
    for place in chosen.tolist():
        row = m.spill[place]
        words = unicode_tokens((row.output if m.answered else row.instruction)[:2000])
        ones.update(words)
        twos.update(pairwise(words))
    name = "outputs" if m.answered else "instructions"
    return [
        (f"distinct-{n} of {len(chosen):,} {name}", f"{len(counts) / counts.total():.3f}")
        for n, counts in ((1, ones), (2, twos))
        if counts
    ]


def _nearest(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not found["measured"]:
        return []
    above = percent(found["above_threshold"], found["measured"])
    return [
        ("ROUGE-L with the nearest other instruction, mean", f"{found['mean']:.2f}"),
        (f"Instructions above {found['threshold']:g} with another one", above),
    ]


def _verbs(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    if found["missing"]:
        return []
    return [
        ("Different verbs with a noun, English", f"{found['distinct_pairs']:,}"),
        ("Share of the 20 commonest verbs with 4 nouns each", percent(found["top_share"] or 0, 1)),
    ]
