"""Findings about where rows are from and whether they may be used: provenance and licence."""

from __future__ import annotations

import re
from collections import Counter

from limbeck.audit.facts import Flag
from limbeck.audit.findings.finding import Finding, percent, several, unknown, verb
from limbeck.audit.measured import Measured

_LISTED = 8
# Creative Commons' NC and ND, and words by which others say the same.
_RESTRICTED = re.compile(
    r"(?:^|[^a-z])(?:nc|nd)(?:[^a-z]|$)|non[- ]?commercial|no[- ]?derivatives|research[- ]only"
    r"|academic",
    re.IGNORECASE,
)


def is_restricted(licence: str) -> bool:
    """Whether a licence says that it forbids commercial use or derived works."""
    return _RESTRICTED.search(licence) is not None


def licence(m: Measured) -> Finding:
    """Rows whose licence, their own or else the dataset's, forbids commercial use or derived
    works, of all rows."""
    own = m.totals.values["licence"]
    silent = m.rows - m.totals.count(Flag.LICENCE)
    advice = (
        "Find out under which terms the rows were published, and whether their teacher's terms "
        "allow training on its outputs; write both into the dataset's card."
    )
    if not own and not m.source.licence:
        return unknown("licence", "neither the dataset nor its rows state a licence", advice)
    counts = Counter(own)
    if m.source.licence and silent:
        counts[m.source.licence] += silent
        silent = 0
    count = sum(number for name, number in counts.items() if is_restricted(name))
    details = [(name, f"{n:,} ({percent(n, m.rows)})") for name, n in _ranked(counts)]
    if silent:
        details.append(("No licence stated", f"{silent:,} ({percent(silent, m.rows)})"))
    said = "forbids commercial use or derived works"
    return Finding(
        "licence",
        count,
        m.rows,
        level="warning" if count else "note" if silent else "good",
        says=f"The licence of {several(count, 'row')} of {m.rows:,} ({percent(count, m.rows)}) "
        f"{said}; {several(silent, 'row')} without any.",
        advice="Leave these rows out where that matters, or ask whoever made them."
        if count
        else advice,
        details=details,
    )


def provenance(m: Measured) -> Finding:
    """Rows that name neither a model, nor a request, nor an origin, of all rows."""
    totals = m.totals
    known = totals.has(Flag.MODEL | Flag.REQUEST | Flag.ORIGIN)
    count = m.rows - int(known.sum())
    details = [
        (
            f"Rows that name {what}",
            f"{totals.count(flag):,} ({percent(totals.count(flag), m.rows)})",
        )
        for what, flag in (
            ("the model that wrote them", Flag.MODEL),
            ("the request in the ledger", Flag.REQUEST),
            ("where they are from", Flag.ORIGIN),
            ("a record's id", Flag.RECORD),
        )
    ]
    for title, name in (("Model", "model"), ("Origin", "origin")):
        details += [
            (f"{title} {value}", f"{n:,} ({percent(n, m.rows)})")
            for value, n in _ranked(totals.values[name])
        ]
    return Finding(
        "provenance",
        count,
        m.rows,
        says=f"{several(count, 'row')} of {m.rows:,} ({percent(count, m.rows)}) "
        f"{verb(count, 'names', 'name')} neither a model, nor a request, nor an origin.",
        advice="Keep the model, the request and the source of every row beside it: without them "
        "nobody can correct or withdraw rows later.",
        details=details,
    )


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_LISTED]
