"""Which of several candidates a text asserts, and whether it asserts more than one.

Kinds bring candidates; what is common to all of them is here: denied candidates are none, the
right-hand side of an equation counts, the last correction wins, and a hedge, a range or a list
of different answers is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

from limbeck.filters.answer import phrases
from limbeck.filters.answer.candidates import Candidate, V
from limbeck.filters.answer.said import Said, last_said

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


_WINDOW = 10_000  # characters: nobody asserts an answer over more, but for one long number
_PARTS = re.compile(r"[^\w.,'/]")


def decide(said: Said, find: Find[V], same: Same[V], *, no_is_answer: bool = False) -> Decision[V]:
    """The one value that a completion asserts in the end. `no_is_answer`: a bare "no" takes
    nothing back."""
    cues = phrases.CUE_BUT_NO if no_is_answer else phrases.CUE
    if said.closed:
        return _closed(said, find, same, cues)
    if said.marked:
        return _marked(said, find, same, cues)
    return _unmarked(said.text, find, same, cues)


def _closed(said: Said, find: Find[V], same: Same[V], cues: phrases.Cues) -> Decision[V]:
    values = []
    for text in said.several or (said.answer,):
        # "\boxed{12} miles": what follows the box on its line still says of what
        tail = phrases.TAIL.match(said.rest)
        line = text + tail[0] if tail and said.style == "box" and not said.several else text
        made = _one(line, find, same, expected=True)
        if made.value is None and line != text:
            made = _one(text, find, same, expected=True)
        if made.value is None:
            return made
        values.append(made.value)
    if any(not same(values[-1], value) for value in values):
        return Decision(None, "hedge")
    return _after(Decision(values[-1]), said.rest, find, same, cues)


def _marked(said: Said, find: Find[V], same: Same[V], cues: phrases.Cues) -> Decision[V]:
    first = phrases.parts(said.answer, cues)[0][1]
    if len(first) > 2 * _WINDOW and (cut := first.rfind(" ", 0, _WINDOW)) > 0:
        first = first[:cut]
    made = _one(first, find, same, expected=True)
    if made.problem == "prose":
        return _unmarked(said.answer + said.rest, find, same, cues)
    end = made.end if made.value is not None else len(first)
    made = _after(made, said.answer[end:] + said.rest, find, same, cues)
    if made.value is not None and _hedged_before(said, made.value, find, same):
        return Decision(None, "hedge")
    return made


def _unmarked(text: str, find: Find[V], same: Same[V], cues: phrases.Cues) -> Decision[V]:
    """Without a marker: the last candidate of the text."""
    if phrases.OPENS.search(text[-40:]):
        return Decision(None, "truncated")
    end = text[-_WINDOW:] if len(text) > 2 * _WINDOW else text
    if len(end) < len(text):  # a number must not lose its beginning
        parted = _PARTS.search(end)
        end = end[parted.end() :] if parted else ""
        made = _one(end, find, same, expected=False)
        if made.problem != "none":
            return _settled(end, made, find, same, cues)
    return _settled(text, _one(text, find, same, expected=False), find, same, cues)


def _settled(
    text: str, made: Decision[V], find: Find[V], same: Same[V], cues: phrases.Cues
) -> Decision[V]:
    """The last candidate once the sentence around it, and what follows, is read."""
    if made.value is None:
        return made
    if _is_item(text, made.value, find, same):
        return Decision(None, "hedge")
    sentence = text[
        max((m.end() for m in phrases.SENTENCE.finditer(text[: made.end])), default=0) : made.end
    ]
    if phrases.UNKNOWN.search(sentence) or phrases.UNKNOWN.search(text, made.end):
        return Decision(None, "none")
    if phrases.ALSO.search(sentence):
        others = find(text[: made.end - len(sentence)], False)
        if others and not same(others[-1].value, made.value):
            return Decision(None, "hedge")
    return _after(made, text[made.end :], find, same, cues)


def _is_item(text: str, value: V, find: Find[V], same: Same[V]) -> bool:
    """Whether the last two lines are items of a list with different values and nothing else."""
    lines = [line for line in text[-200:].split("\n") if line.strip()][-2:]
    if len(lines) < 2 or not all(phrases.ITEM.fullmatch(line) for line in lines):
        return False
    other = find(lines[0], False)
    return bool(other) and not same(other[-1].value, value)


def _after(
    made: Decision[V], rest: str, find: Find[V], same: Same[V], cues: phrases.Cues
) -> Decision[V]:
    """The decision once the text after the answer is read: corrections, doubts."""
    if not rest.strip():
        return made
    parts = phrases.parts(rest, cues)
    for place in range(len(parts) - 1, 0, -1):
        cue, part = parts[place - 1][2], parts[place][1]
        if phrases.CONFIRMS.search(part):
            continue
        new = _one(part, find, same, expected=True)
        if new.problem == "prose":
            new = _one(part, find, same, expected=False)
        if new.value is not None or new.problem == "hedge":
            return new
        if phrases.STRONG.search(cue):
            cut = not part.strip() and not phrases.WRONG.search(cue)
            return Decision(None, "truncated" if cut else "retracted")
    if made.value is None:
        return made
    for sentence in phrases.sentences(parts[0][1]):
        if phrases.MAYBE.search(sentence):
            others = [c.value for c in find(sentence, True) if not c.weak]
            if any(not same(made.value, other) for other in others):
                return Decision(None, "hedge")
    return made


def _hedged_before(said: Said, value: V, find: Find[V], same: Same[V]) -> bool:
    """ "The answer is 12. Or maybe the answer is 13": the marker's own sentence doubts."""
    start = max((m.end() for m in phrases.SENTENCE.finditer(said.before[-200:])), default=0)
    lead = said.before[-200:][start:]
    if re.search(r"\b(?:or|alternatively|otherwise|also)\b", lead, re.IGNORECASE):
        earlier = last_said(said.before)
    elif phrases.GOES_BACK.search(lead) or phrases.CUE.search(lead):
        return False
    else:
        earlier = last_said(lead)
    if not earlier.marked:
        return False
    other = _one(earlier.answer, find, same, expected=True)
    return other.value is not None and not same(other.value, value)


def _one(text: str, find: Find[V], same: Same[V], *, expected: bool) -> Decision[V]:
    """The value that one stretch of text asserts."""
    found = _not_denied(text, find(text, expected))
    lead = bool(found) and expected and phrases.LEAD.fullmatch(text, 0, found[0].start) is not None
    if not lead:
        found = [candidate for candidate in found if not candidate.weak]
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


def _not_denied(text: str, found: Sequence[Candidate[V]]) -> list[Candidate[V]]:
    """The candidates that are not said to be wrong: "not A or B" denies both."""
    kept: list[Candidate[V]] = []
    denied_end = -1
    for candidate in found:
        before = text[max(0, candidate.start - 30) : candidate.start]
        joined = denied_end >= 0 and phrases.NOR.fullmatch(text, denied_end, candidate.start)
        if joined or phrases.DENIES.search(before):
            denied_end = candidate.end
        elif not phrases.DENIES_AFTER.match(text, candidate.end):
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
    for "5, that is, 7"."""
    place, open_sum, known = pick, False, pick
    while place + 1 < len(found):
        gap = text[found[place].end : found[place + 1].start]
        if len(gap) > 40 or phrases.SENTENCE.search(gap):
            break
        if phrases.OPERATOR.fullmatch(gap):
            open_sum = True
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
    return pick if known == pick + 1 else -1


def _judged(
    text: str, found: Sequence[Candidate[V]], pick: int, same: Same[V], *, loose: bool
) -> Decision[V]:
    chosen = found[pick]
    before = text[max(0, chosen.start - 30) : chosen.start]
    if not loose and (phrases.ASKS.match(text, chosen.end) or phrases.SUPPOSES.search(before)):
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
    if pick:
        gap = text[found[pick - 1].end : chosen.start]
        if len(gap) < 60 and not same(found[pick - 1].value, chosen.value):
            if phrases.OPERATOR.fullmatch(gap) and not loose:
                return Decision(None, "expression")
            if (
                not gap.strip(" ()[]")
                or joint.fullmatch(gap)
                or ((loose or ":" in gap) and phrases.NAMED.fullmatch(gap))
            ):
                return Decision(None, "hedge")
    return Decision(chosen.value, end=chosen.end)
