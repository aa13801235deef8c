"""Numeric dates that say themselves that the day is in front: "03/04/2019 (3 April 2019)"."""

from __future__ import annotations

import re

from limbeck.filters.answer.candidates import Candidate
from limbeck.filters.answer.moment import When, exists
from limbeck.filters.answer.phrases import SENTENCE
from limbeck.filters.answer.said import Said

NUMERIC = re.compile(
    r"(?<![\d/.-])(?P<month>\d{1,2})(?P<sep>\s?[/-]\s?)(?P<day>\d{1,2})(?P=sep)"
    r"(?P<year>\d{4}|\d{2})(?![\d/]|[-.]\d)"
)
"""MM/DD/YYYY, as long as nothing says otherwise."""
_DAY_FIRST = re.compile(r"\bDD\s?[-/.]\s?MM\s?[-/.]\s?Y", re.I)
_SPELLED = re.compile(
    r"\s?\(?(?:\(?(?:in )?DD[-/.]MM[-/.]YYYY(?: format)?\)?)?[,;:]?\s?(?:\(|i\.e\.,?|that is,?|"
    r"meaning|which is|or|=)?\s?(?:the\s)?",
    re.I,
)


def announced(whole: Said) -> bool:
    """Whether the sentence before the answer says so: "in DD/MM/YYYY the answer is 03/04/2019"."""
    if not whole.marked:
        return False
    end = len(whole.text) - len(whole.rest) - len(whole.answer)
    lead = (whole.before if whole.closed else whole.text[:end])[-80:]
    *_, stop = (None, *SENTENCE.finditer(lead))
    lead = lead[stop.end() if stop else 0 :]
    return _DAY_FIRST.search(lead) is not None


def in_order(text: str, found: list[Candidate[When]], announced: bool) -> list[Candidate[When]]:
    """Dates that say themselves that the day is in front, "03/04/2019 (3 April 2019)", are read so;
    one that says two days, "03/04/2019 (5 April 2019)", is none."""
    for place, candidate in enumerate(found):
        numeric = NUMERIC.fullmatch(text, candidate.start, candidate.end)
        follows = found[place + 1] if place + 1 < len(found) else None
        gap = text[candidate.end : follows.start] if follows else ""
        if not numeric or len(numeric["year"]) != 4:
            continue
        year, one, other = int(numeric["year"]), int(numeric["month"]), int(numeric["day"])
        swapped = (year, other, one) if exists(year, other, one) else ()
        around = text[max(0, candidate.start - 40) : candidate.end + 30]
        if follows and follows.value.key and len(gap) < 40 and _SPELLED.fullmatch(gap):
            beside = follows.value.key == candidate.value.key
            right = follows.value.key == swapped
            if right or (not beside and "(" in gap):
                key = swapped if right else ()
                found[place] = Candidate(candidate.start, candidate.end, When("day", key))
        elif announced or _DAY_FIRST.search(around):
            found[place] = Candidate(candidate.start, candidate.end, When("day", swapped))
    return found
