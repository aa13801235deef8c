"""Finding `language`: which languages rows are in, and outputs in another than what is asked."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from limbeck.audit.findings.finding import SHOWN, Finding, percent, several, unknown, verb, whole
from limbeck.audit.keys import Places
from limbeck.audit.later import languages_of
from limbeck.audit.measured import Measured, parts
from limbeck.audit.spill import Spill

DRAWN = 20_000  # rows
_SURE = 0.8
_ENOUGH = 40  # characters: a name or a number has no language
_LONGEST = 1_000  # characters that are looked at
_LISTED = 8


class Spoken(NamedTuple):
    """The languages of what a row asks and answers; "" for one that is too short or not sure."""

    place: int
    asked: str
    answered: str


def spoken(spill: Spill, places: Places) -> list[Spoken]:
    """The languages of some rows."""
    rows = [spill[place] for place in places.tolist()]
    spill.close()
    asked = _sure([f"{row.instruction}\n{row.input}" for row in rows])
    answered = _sure([row.output for row in rows])
    return [Spoken(*one) for one in zip(places.tolist(), asked, answered, strict=True)]


def _sure(texts: list[str]) -> list[str]:
    found = languages_of([text[:_LONGEST] for text in texts])
    return [
        code if code != "und" and chance >= _SURE and len(text.strip()) >= _ENOUGH else ""
        for text, (code, chance) in zip(texts, found, strict=True)
    ]


def language(m: Measured) -> Finding:
    """Rows whose output is in another language than what they ask, of those drawn in which both
    are known."""
    if not m.answered:
        return unknown("language", "the rows have no outputs")
    every = m.drawn(m.every(), DRAWN)
    found = [one for part in m.workers.map(spoken, parts(m.spill, every)) for one in part]
    both = [one for one in found if one.asked and one.answered]
    if not both:
        return unknown("language", "no row has texts that are long enough to tell a language")
    other = [one for one in both if one.asked != one.answered]
    details = [
        ("Rows looked at", f"{len(found):,}"),
        ("of them with both languages known", f"{len(both):,}"),
    ]
    for title, codes in (
        ("Asked in", Counter(one.asked for one in found if one.asked)),
        ("Answered in", Counter(one.answered for one in found if one.answered)),
    ):
        total = codes.total()
        ranked = sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))
        shares = [f"{code} {percent(number, total)}" for code, number in ranked[:_LISTED]]
        if len(ranked) > _LISTED:
            shares.append(f"{len(ranked) - _LISTED} more")
        details.append((title, ", ".join(shares)))
    count = len(other)
    return Finding(
        "language",
        count,
        len(both),
        sampled=len(every) < m.rows,
        says=f"{several(count, 'output')} of {len(both):,} ({percent(count, len(both))}) "
        f"{verb(count, 'is', 'are')} in another language than what was asked.",
        advice="Translations are meant to be; drop the others: the filter language does.",
        details=details,
        examples=[
            whole(m.spill[one.place], f"asked in {one.asked}, answered in {one.answered}")
            for one in other[:SHOWN]
        ],
    )
