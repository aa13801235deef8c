"""Which of several candidates a text asserts, and whether it asserts more than one.

Kinds bring candidates; what is common to all of them is here: denied candidates are none, the
right-hand side of an equation counts, the last correction wins, and a hedge, a range or a list
of different answers is no answer.
"""

from __future__ import annotations

import re

from limbeck.filters.answer import cues as words
from limbeck.filters.answer import phrases
from limbeck.filters.answer.asides import without_check
from limbeck.filters.answer.candidates import V
from limbeck.filters.answer.hypothetical import unreal
from limbeck.filters.answer.said import Said, last_said
from limbeck.filters.answer.stretch import Decision, Find, Same, not_denied, one

_WINDOW = 10_000  # characters: nobody asserts an answer over more, but for one long number
_PARTS = re.compile(r"[^\w.,'/]")


def decide(said: Said, find: Find[V], same: Same[V], *, no_is_answer: bool = False) -> Decision[V]:
    """The one value that a completion asserts in the end. `no_is_answer`: a bare "no" takes
    nothing back."""
    cues = words.CUE_BUT_NO if no_is_answer else words.CUE
    if said.closed:
        return _closed(said, find, same, cues)
    if said.marked:
        return _marked(said, find, same, cues)
    conclusion = without_check(said.text)
    made = _unmarked(conclusion, find, same, cues)
    if made.problem == "none" and conclusion != said.text:
        return _unmarked(said.text, find, same, cues)
    return made


def _closed(said: Said, find: Find[V], same: Same[V], cues: words.Cues) -> Decision[V]:
    values = []
    for text in said.several or (said.answer,):
        # "\boxed{12} miles": what follows the box on its line still says of what
        tail = phrases.TAIL.match(said.rest)
        line = text + tail[0] if tail and said.style == "box" and not said.several else text
        made = one(line, find, same, expected=True)
        if made.value is None and line != text:
            made = one(text, find, same, expected=True)
        if made.value is None:
            return made
        values.append(made.value)
    if any(not same(values[-1], value) for value in values):
        return Decision(None, "hedge")
    return _after(Decision(values[-1]), said.rest, find, same, cues)


def _marked(said: Said, find: Find[V], same: Same[V], cues: words.Cues) -> Decision[V]:
    first = words.parts(said.answer, cues)[0][1]
    if len(first) > 2 * _WINDOW and (cut := first.rfind(" ", 0, _WINDOW)) > 0:
        first = first[:cut]
    made = one(first, find, same, expected=True)
    if made.problem == "prose":
        return _unmarked(said.answer + said.rest, find, same, cues)
    end = made.end if made.value is not None else len(first)
    made = _after(made, said.answer[end:] + said.rest, find, same, cues)
    if made.value is not None and _hedged_before(said, made.value, find, same):
        return Decision(None, "hedge")
    return made


def _unmarked(text: str, find: Find[V], same: Same[V], cues: words.Cues) -> Decision[V]:
    """Without a marker: the last candidate of the text."""
    if phrases.OPENS.search(text[-40:]):
        return Decision(None, "truncated")
    end = text[-_WINDOW:] if len(text) > 2 * _WINDOW else text
    if len(end) < len(text):  # a number must not lose its beginning
        parted = _PARTS.search(end)
        end = end[parted.end() :] if parted else ""
        made = one(end, find, same, expected=False)
        if made.problem != "none":
            return _settled(end, made, find, same, cues)
    return _settled(text, one(text, find, same, expected=False), find, same, cues)


def _settled(
    text: str, made: Decision[V], find: Find[V], same: Same[V], cues: words.Cues
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
    stop = phrases.SENTENCE.search(text, made.end)
    if unreal(sentence + text[made.end : stop.end() if stop else len(text)]):
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
    made: Decision[V], rest: str, find: Find[V], same: Same[V], cues: words.Cues
) -> Decision[V]:
    """The decision once the text after the answer is read: corrections, doubts."""
    if not rest.strip():
        return made
    parts = words.parts(rest, cues)
    for place in range(len(parts) - 1, 0, -1):
        cue, part = parts[place - 1][2], parts[place][1]
        if words.CONFIRMS.search(part):
            new = _anew(made, part, find, same)
            if new is not None:
                return new
            continue
        new = one(part, find, same, expected=True)
        if new.problem == "prose":
            new = one(part, find, same, expected=False)
        if new.value is not None or new.problem == "hedge":
            return new
        if made.value is False and place == 1 and words.disagrees(parts[0][1], cue):
            break
        if words.STRONG.search(cue):
            cut = not part.strip() and not words.WRONG.search(cue)
            return Decision(None, "truncated" if cut else "retracted")
    if made.value is None:
        return made
    for sentence in phrases.sentences(parts[0][1]):
        sentence = phrases.SMALL_TALK.sub("", sentence)
        if phrases.MAYBE.search(sentence):
            others = [c.value for c in find(sentence, True) if not c.weak]
            if any(not same(made.value, other) for other in others):
                return Decision(None, "hedge")
    return made


def _anew(made: Decision[V], part: str, find: Find[V], same: Same[V]) -> Decision[V] | None:
    """Another answer in what seems to confirm: "let me recount: it's 101. Yes, 101"."""
    if made.value is None:
        return None
    again = words.YES_AGAIN.search(part)
    new = one(part[again.end() :], find, same, expected=True) if again else None
    found = not_denied(part, find(part, True))
    known = any(same(made.value, candidate.value) for candidate in found)
    if (new is None or new.value is None) and found and not known:
        leads = phrases.LEAD.fullmatch(part, 0, found[0].start)
        new = one(part, find, same, expected=True) if leads else None
    if new is None or new.value is None or same(made.value, new.value):
        return None
    return new


def _hedged_before(said: Said, value: V, find: Find[V], same: Same[V]) -> bool:
    """ "The answer is 12. Or maybe the answer is 13": the marker's own sentence doubts."""
    start = max((m.end() for m in phrases.SENTENCE.finditer(said.before[-200:])), default=0)
    lead = said.before[-200:][start:]
    if re.search(r"\b(?:or|alternatively|otherwise|also)\b", lead, re.IGNORECASE):
        earlier = last_said(said.before)
    elif phrases.GOES_BACK.search(lead) or words.CUE.search(lead):
        return False
    else:
        earlier = last_said(lead)
    if not earlier.marked:
        return False
    other = one(earlier.answer, find, same, expected=True)
    return other.value is not None and not same(other.value, value)
