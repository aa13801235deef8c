"""The value that one stretch of a text asserts: the right-hand side of an equation, no denied one,
none where several differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

from limbeck.filters.answer import denials, phrases
from limbeck.filters.answer.asides import conclusions
from limbeck.filters.answer.candidates import Candidate, V

Find = Callable[[str, bool], list[Candidate[V]]]
"""Candidates of a plain text; the flag says that an answer is expected right here."""
Same = Callable[[V, V], bool]


@dataclass(frozen=True, slots=True)
class Decision(Generic[V]):
    """One value, or why there is none: "none", "truncated", "hedge", "bound", "retracted",
    "expression"."""

    value: V | None
    problem: str = ""
    end: int = 0  # of the candidate in the text it was found in


def one(text: str, find: Find[V], same: Same[V], *, expected: bool) -> Decision[V]:
    """The value that one stretch of text asserts."""
    found = not_denied(text, find(text, expected))
    lead = bool(found) and expected and phrases.LEAD.fullmatch(text, 0, found[0].start) is not None
    if not lead:
        found = [candidate for candidate in found if not candidate.weak]
    if found and not expected:
        found = conclusions(text, found, same)
    if not found:
        return Decision(None, "none")
    if lead:
        pick = _chain(text, found, 0, same)
    elif expected:
        stops = [m.start() for m in phrases.SENTENCE.finditer(text)]
        first = found[0].start
        end = next((stop for stop in stops if stop > first), len(text))
        if end < len(text.rstrip(" \n.*")) and any(c.start > end for c in found):
            return Decision(None, "prose")
        inside = [place for place, c in enumerate(found) if c.start < end]
        pick = _before_reason(text, found, inside)
    else:
        pick = len(found) - 1
    if pick < 0:
        return Decision(None, "hedge" if pick == _TWO else "expression")
    return _judged(text, found, pick, same, loose=expected)


def not_denied(text: str, found: Sequence[Candidate[V]]) -> list[Candidate[V]]:
    """The candidates that are not said to be wrong: "not A or B" denies both."""
    kept: list[Candidate[V]] = []
    denied_end = -1
    for candidate in found:
        before = text[max(0, candidate.start - 30) : candidate.start]
        joined = denied_end >= 0 and denials.NOR.fullmatch(text, denied_end, candidate.start)
        hearsay = denials.HEARSAY.search(text[max(0, candidate.start - 70) : candidate.start])
        if joined or hearsay or denials.DENIES.search(before):
            denied_end = candidate.end
        elif not denials.DENIES_AFTER.match(text, candidate.end):
            kept.append(candidate)
            denied_end = -1
    return kept


def _before_reason(text: str, found: Sequence[Candidate[V]], inside: list[int]) -> int:
    """The last candidate of the sentence, or of what stands before its "because"."""
    first = found[inside[0]]
    reason = phrases.REASON.search(text, first.end)
    if reason:
        inside = [place for place in inside if found[place].start < reason.start()]
    return inside[-1]


_TWO = -2


def _leads_on(gap: str) -> bool:
    """Whether "=", "which is" and the like stand right before the next candidate."""
    *_, last = (None, *phrases.EQUATION.finditer(gap))
    if last is None or re.search(r"[,;]\s*\w+\s*=", gap):
        return False
    return phrases.LEAD.fullmatch(gap, last.end()) is not None


def _chain(text: str, found: Sequence[Candidate[V]], pick: int, same: Same[V]) -> int:
    """From the first candidate along "5 + 7 = 12" to the value on the right; -1 for "5 + 7", -2
    for "5, that is, 7" and "5–7"."""
    place, open_sum, ranged, known = pick, False, False, pick
    while place + 1 < len(found):
        gap = text[found[place].end : found[place + 1].start]
        if len(gap) > 40 or phrases.SENTENCE.search(gap):
            break
        if phrases.OPERATOR.fullmatch(gap):
            open_sum = True
            ranged = ranged or gap in ("–", "—")
        elif _leads_on(gap) and (
            "=" in gap or not phrases.COMPARES.match(text, found[place + 1].end)
        ):
            if (
                not open_sum
                and phrases.IDENTITY.search(gap)
                and not same(found[place].value, found[place + 1].value)
            ):
                return _TWO
            open_sum = False
            known = place + 1
        else:
            break
        place += 1
    if not open_sum:
        return known
    # "12 = 5 + 7" begins with its value
    return pick if known == pick + 1 else _TWO if ranged else -1


def _judged(
    text: str, found: Sequence[Candidate[V]], pick: int, same: Same[V], *, loose: bool
) -> Decision[V]:
    chosen = found[pick]
    before = text[max(0, chosen.start - 30) : chosen.start]
    if not loose and (phrases.ASKS.match(text, chosen.end) or phrases.SUPPOSES.search(before)):
        return Decision(None, "none")
    if loose and (
        phrases.PART_OF_SUM.search(before) or phrases.SUM_GOES_ON.match(text, chosen.end)
    ):
        return Decision(None, "expression")
    if phrases.MODAL.search(before) and phrases.UNKNOWN.search(
        text, max(0, chosen.start - 200), chosen.start
    ):
        return Decision(None, "none")
    if phrases.BOUND.search(before) or phrases.BOUND_AFTER.match(text, chosen.end):
        return Decision(None, "bound")
    stop = phrases.SENTENCE.search(text, chosen.end)
    sentence = text[chosen.end : stop.start() if stop else len(text)]
    condition = phrases.IF.search(sentence)
    if condition and not phrases.REASON.search(sentence, 0, condition.start()):
        others = [c for c in found[pick + 1 :] if c.start < chosen.end + len(sentence)]
        if any(not same(chosen.value, other.value) for other in others):
            return Decision(None, "hedge")
    joint = phrases.OR if loose else phrases.TIGHT_OR
    if pick + 1 < len(found):
        gap = text[chosen.end : found[pick + 1].start]
        if len(gap) < 60 and joint.fullmatch(gap) and not same(chosen.value, found[pick + 1].value):
            return Decision(None, "hedge")
    if pick and phrases.MODAL.search(before):
        other = found[pick - 1]
        lead = text[max(0, other.start - 30) : other.start]
        if not same(other.value, chosen.value) and phrases.MODAL.search(lead):
            return Decision(None, "hedge")
    if pick:
        gap = text[found[pick - 1].end : chosen.start]
        if len(gap) < 60 and not same(found[pick - 1].value, chosen.value):
            cases = phrases.CASE.match(gap), phrases.CASE.match(text, chosen.end)
            if cases[0] and cases[1] and cases[0][1] == cases[1][1]:
                return Decision(None, "hedge")
            conditional = phrases.ON_CONDITION.match(text, chosen.end)
            if (conditional and phrases.BUT.fullmatch(gap)) or (
                phrases.ON_CONDITION.match(gap) and (conditional or phrases.ELSE.search(gap))
            ):
                return Decision(None, "hedge")
            if phrases.OPERATOR.fullmatch(gap) and not loose:
                return Decision(None, "expression")
            if (
                not gap.strip(" ()[]")
                or joint.fullmatch(gap)
                or ((loose or ":" in gap) and phrases.NAMED.fullmatch(gap))
            ):
                return Decision(None, "hedge")
    return Decision(chosen.value, end=chosen.end)
