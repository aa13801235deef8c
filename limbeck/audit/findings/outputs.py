"""Findings that one output shows by itself, and rows that could not be read."""

from __future__ import annotations

from collections import Counter

from limbeck.audit.facts import Flag
from limbeck.audit.findings.finding import Finding, percent, several, unknown, whole
from limbeck.audit.measured import Measured

_WORDS = {
    "empty": ("has no output", "have no output"),
    "truncated": ("was cut off", "were cut off"),
    "refusals": ("opens by declining to answer", "open by declining to answer"),
    "boilerplate": ("says that its author is an AI", "say that their author is an AI"),
    "repetition": ("repeats itself", "repeat themselves"),
    "format": ("has a format error", "have a format error"),
    "pii": ("holds what looks like personal data", "hold what looks like personal data"),
}
_FLAGS = {
    "empty": Flag.EMPTY,
    "truncated": Flag.TRUNCATED,
    "refusals": Flag.REFUSED,
    "boilerplate": Flag.BOILERPLATE,
    "repetition": Flag.REPETITION,
    "format": Flag.FORMAT,
    "pii": Flag.PII,
}
_ADVICE = {
    "empty": "Drop these rows, or ask the teacher again: the filter complete refuses them.",
    "truncated": "Ask again with a larger max_tokens; the filter complete refuses them.",
    "refusals": "Drop these rows unless the student is to decline them: the filter complete does.",
    "boilerplate": "Drop or rewrite these rows, or the student will say the same: the filter "
    "refusal finds them.",
    "repetition": "Drop these rows: the filter repetition does.",
    "format": "Drop or mend these rows: the filter format finds them.",
    "pii": "Look at the examples, then mask or drop the rows: the filter pii does either.",
}
KEYS = tuple(_FLAGS)


def flagged(m: Measured, key: str) -> Finding:
    """The rows with a flag, of all rows: one of KEYS."""
    if not m.answered and key != "pii":
        return unknown(key, "the rows have no outputs")
    flag = _FLAGS[key]
    count = m.totals.count(flag)
    reasons = m.totals.reasons.get(flag, Counter())
    ranked = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    details = [(reason.replace("_", " "), f"{number:,}") for reason, number in ranked]
    if key == "truncated":
        details.append(("Outputs of 20 words and more that end in a letter", _open(m)))
    if key == "empty":
        details.append(("Outputs equal to their input", f"{m.totals.count(Flag.SAME_AS_INPUT):,}"))
        details.append(("Outputs that end in a colon", f"{m.totals.count(Flag.ENDS_IN_COLON):,}"))
    return Finding(
        key,
        count,
        m.rows,
        says=f"{several(count, 'row')} of {m.rows:,} ({percent(count, m.rows)}) "
        f"{_WORDS[key][count != 1]}.",
        advice=_ADVICE[key],
        details=details,
        examples=[
            whole(m.spill[place], reason.replace("_", " "))
            for place, reason in m.totals.first[flag]
        ],
    )


def _open(m: Measured) -> str:
    count = m.totals.count(Flag.OPEN_END)
    return f"{count:,} ({percent(count, m.rows)})"


def unreadable(m: Measured) -> Finding:
    """What could not be read, of all that is there."""
    count = m.source.unreadable.total()
    of = m.rows + count
    ranked = sorted(m.source.unreadable.items(), key=lambda pair: (-pair[1], pair[0]))
    return Finding(
        "unreadable",
        count,
        of,
        says=f"{several(count, 'row')} of {of:,} ({percent(count, of)}) could not be read.",
        advice="Mend or remove what the reasons name: training tools may stop there, or skip it.",
        details=[(reason.replace("_", " "), f"{number:,}") for reason, number in ranked],
        examples=[
            {"places": [], "texts": [["Reason", reason]], "note": ""} for reason in m.source.reasons
        ],
    )
