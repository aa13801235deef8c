"""What a text says after its conclusion: a comparison with an earlier number, a check, a note.

"She has 18 left. That's 6 fewer than the 24 she picked": the answer is 18.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from limbeck.filters.answer.candidates import Candidate, V
from limbeck.filters.answer.cues import CONFIRMS, CUE
from limbeck.filters.answer.phrases import SENTENCE

_ASIDES = 4  # closing comparisons in a row
_REACH = 300  # characters of a sentence before the number that it compares with
_OPENS = re.compile(
    r"\W{0,4}(?:and )?(?:(?:that|this|it|which)(?:'s| is| was| would be| makes?(?: it| that)?|"
    r" means|"
    r" amounts to| represents?)|(?:das|dies) (?:ist|sind|waren)|(?:eso|esto) (?:es|son)|c'est|"
    r"(?:questo|"
    r"ciò) è|isso é|это|for (?:comparison|reference)|by comparison|compared|in comparison)(?!\w)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"(?:,|\s[(—–-])\s?(?=(?:which|that|this|it)(?:'s| is| was)\s|was (?:\S+\s){1,3}als\s|(?:up|"
    r"down) from\s|"
    r"compared (?:to|with)\s)|\s\((?=[^()]{1,60}$)",
    re.IGNORECASE,
)
_COMPARES = re.compile(
    r"\b(?:more|fewer|less|greater|higher|lower|longer|shorter|older|younger|bigger|larger|smaller|"
    r"heavier|lighter|faster|slower|cheaper|farther|further|taller|twice|double|triple|half|"
    r"thirds?|"
    r"quarters?|times|as (?:many|much|long|old|big|far)|percent|increase|decrease|drop|rise|up|"
    r"down|"
    r"(?:better|worse)|comparison|reference|compared|mehr|weniger|más|menos|plus|moins|più|meno|"
    r"mais|"
    r"doppelt|больше|меньше)(?!\w)|%",
    re.IGNORECASE,
)
_TO = re.compile(
    r"\b(?:than|as|of|from|over|to|with|als|que|di|do que|чем|comparison,|reference,|the)"
    r"(?:\s[^\W\d_]+(?:'s)?){0,4}[\s$€£(]{1,3}$",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"=|\b(?:so|thus|therefore|hence|which|making|giving|leaving|or|total|answer)\b", re.IGNORECASE
)
_CHECK = re.compile(
    r"\n[\s*_#>(]{0,8}(?:double[- ]?check(?:ing)?|(?:quick |sanity )?check(?:ing)?|verification|"
    r"verify|"
    r"to verify|proof|probe|vérification|comprobación|verifica|проверка|验证|验算|検算|"
    r"(?P<note>note|n\.?b\.?|p\.?s\.?|remark|fun fact|side note))[*_]{0,3}(?:\s?[:.—–-]|"
    r"\s(?=that\b))",
    re.IGNORECASE,
)
# a sentence in brackets at the end: "45 remain. (He began with 60.)"
_BRACKETED = re.compile(r"(?<=[.!])\s{1,3}\([^()\n]{12,200}\)[\s.]*$")
_WHOLE = re.compile(
    r"\s(?:[^\W\d_]+\s){0,2}?(?:out of|of (?:the|all|his|her|their|its|these|those))"
    r"(?:\s(?:the|his|her|their|its|all|original|initial))?\s$",
    re.IGNORECASE,
)
"""Between a part and its whole: "45 of the 60", "45 out of 60"."""


def without_check(text: str) -> str:
    """The text up to a closing check that finds all well, a closing note or bracket."""
    bracket = _BRACKETED.search(text, max(0, len(text) - _REACH))
    if bracket and not CUE.search(bracket[0]) and not _CONCLUDES.search(bracket[0]):
        text = text[: bracket.start()]
    *_, last = (None, *_CHECK.finditer(text))
    if last is None or not text[: last.start()].strip():
        return text
    rest = text[last.end() :]
    if CUE.search(rest) or "\n\n" in rest.strip():
        return text
    if last["note"]:
        return text if _CONCLUDES.search(rest) else text[: last.start()]
    return text[: last.start()] if CONFIRMS.search(rest) else text


def conclusions(
    text: str, found: Sequence[Candidate[V]], same: Callable[[V, V], bool]
) -> list[Candidate[V]]:
    """The candidates before closing comparisons; all of them where nothing comes before, none
    where the comparison may be the conclusion: "Tom has 24, Anna 18. That's 6 more than her 18"."""
    kept = list(found)
    for _ in range(_ASIDES):
        before = _before_comparison(text, kept)
        if not before:
            break
        if same(before[-1].value, kept[-1].value):
            return []
        kept = before
    return kept


def _before_comparison(text: str, found: list[Candidate[V]]) -> list[Candidate[V]]:
    """The candidates before the comparison that the last one is the reference of, if it is."""
    reference = found[-1]
    if len(found) > 1:
        part = found[-2]
        gap = text[part.end : reference.start]
        bare = not re.search(r"[%/]|percent|half|third|quarter", text[part.start : part.end])
        if bare and len(gap) < 40 and _WHOLE.fullmatch(gap):
            return found[:-1]
    start = max(0, reference.start - _REACH)
    start = max(
        (stop.end() for stop in SENTENCE.finditer(text, start, reference.start)), default=start
    )
    *_, clause = (None, *_CLAUSE.finditer(text, start, reference.start))
    start = clause.end() if clause else start
    lead = text[start : reference.start]
    if not (_COMPARES.search(lead) and _TO.search(lead)):
        return []
    stop = SENTENCE.search(text, reference.end)
    opens = _OPENS.match(lead)
    rest = lead[opens.end() :] if opens else lead
    if _CONCLUDES.search(rest) or _CONCLUDES.search(
        text, reference.end, stop.start() if stop else len(text)
    ):
        return []
    if clause or opens:
        return [candidate for candidate in found if candidate.start < start]
    last = found[-2] if len(found) > 1 else None
    if last is None or last.start < start or not _COMPARES.search(text, last.end, reference.start):
        return []
    return found[:-1]  # "6 more than Anna's 24" says 6
