"""What introduces a list: "Both roots, from the smaller on: 2 and 8", "两个根分别是2和8"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from limbeck.filters.answer.text import normal

_REACH = 300  # characters of an introducing clause
_COLON = re.compile(r"(?:[:：]|(?<=\s)[=—–])(?:\s{1,3}|(?=[^\x00-\x7f]))(?=\S)")
_IS = re.compile(
    r"(?<!which )(?<!that )(?<!who )(?<!what )\b(?:is|are|be|include|includes|were|gives?|get|have|"
    r"contains?|holds?|hay|há|il y a|ci sono|son|sind|sont|sono|são|lauten|estão|incluyen|это|"
    r"являются)\b:?\s{1,3}(?=\S)",
    re.IGNORECASE,
)
_SIGNS = re.compile(
    r"(?<=[\w)])\s?(?:分别|分別)?(?:是|为|為|有|包括|は)[:：]?\s?|(?<=[가-힣])[은는]\s"
)
_ENDS = re.compile(
    r"\s?(?:です|でした|が(?:ある|あります)|である|となります|になります|입니다|이다|예요|이에요)\s?$"
)
_OPENS = re.compile(
    r"\W*(?:the|all|both|these|those|in|from|of|here|there|on|for|at|among|by|sorted|ordered|los|"
    r"las|el|"
    r"la|de|en|die|der|das|alle|beide|in|les|le|des|tous|dans|i|gli|le|tutti|os|as|o|a|"
    r"[^\W\d_]{3,}(?:\s[^\W\d_]+){1,})(?!\w)",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|wrong|incorrect|excluded?|excluding|except(?: for)?|ruled out|other than|without|"
    r"never|"
    r"missing|false|nicht|falsch|no son|incorrect[oa]s|faux|sauf|non)\W{1,3}(?:\w+\W{1,3}){0,3}$",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?:that|which|who)\s(?:\w+\s){0,6}?(?:not|nor|never|without)\b[^:]*$", re.IGNORECASE
)
_NAMED = re.compile(r"(?<![\w\\])([a-zA-Z])(?:_\{?\d\}?)?\s?=\s?(?=[-+\d\\(])")
_OR = re.compile(r",?\s(?:or|oder|ou|o|или|或)\s(?=[a-zA-Z](?:_\{?\d\}?)?\s?=)")


def unnamed(sentence: str) -> str:
    """ "x = 2 or x = 8" is "2, 8", the two values of one name; "x = 2, y = 8" keeps its names."""
    names = _NAMED.findall(sentence)
    if len(names) < 2 or len(set(names)) > 1:
        return sentence
    return _NAMED.sub("", _OR.sub(", ", sentence))


def without_clause(sentence: str, items: Sequence[Any]) -> str:
    """The list alone. A clause may have commas, but none of the items that are asked for."""
    sentence = _ENDS.sub("", sentence)
    for pattern in (_COLON, _IS, _SIGNS):
        lead = _lead(sentence, pattern)
        if lead is None:
            continue
        clause = sentence[: lead.start()]
        if not clause.strip() or ("," not in clause and "、" not in clause):
            return sentence[lead.end() :]
        parts = {normal(part) for part in re.split(r"[,、]", clause)}
        wanted = {item for item in items if isinstance(item, str)}
        if _OPENS.match(clause) and not parts & wanted:
            return sentence[lead.end() :]
    return sentence


def _lead(sentence: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """What ends the clause: the last colon, or the first verb."""
    found = [
        lead
        for lead in pattern.finditer(sentence, 0, _REACH)
        if sentence.count("(", 0, lead.start()) == sentence.count(")", 0, lead.start())
        and not (lead[0][0] == "=" and sentence.count("=") > 1)
    ]
    if not found:
        return None
    lead = found[-1] if pattern is _COLON else found[0]
    clause = sentence[: lead.start()]
    if _DENIES.search(clause + " ") and not _RELATIVE.search(clause):
        return None
    return lead
