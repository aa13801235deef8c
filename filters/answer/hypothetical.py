"""What would be the answer if things were different: said after an answer it is a remark.

"**Yes**. If it were odd, the answer would be no" says yes.
"""

from __future__ import annotations

import re

from limbeck.filters.answer.phrases import SENTENCE

_REACH = 600  # characters of the end in which remarks are looked for
_REMARKS = 3  # in a row
_WOULD = (
    r"(?:would|wouldn't|wäre|würde|hätte|sería|habría|serait|aurait|sarebbe|avrebbe|seria|teria|бы)"
)
_OTHERWISE = re.compile(rf"\b(?:{_WOULD}|were|had been)\b", re.IGNORECASE)
_REMARK = re.compile(
    rf"[\s(*_>-]*(?:note(?: that)?[:,]? |but |of course,? |by contrast,? )?"
    r"(?:if|had|were|for (?:an?|the|any|other)|wenn|hätte|wäre|wären|bei|si|se|caso|если|при|"
    r"with(?:out)?(?=[^.,\n]{1,60}, (?:it|the (?:answer|result|total))))\s"
    rf"(?=[^\n]{{0,200}}\b{_WOULD}\b|(?:it|this|that|they|he|she|the \w+) (?:were|had been)\b)",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"\*\*|\\boxed|=|#|\b(?:so|thus|therefore|hence|which means|daher|also|luego|por tanto|donc|"
    r"quindi|portanto|значит)\b",
    re.IGNORECASE,
)
_ASSERTS = re.compile(
    r"\*\*[^*\n]{1,200}\*\*|__[^_\n]{1,200}__|\\boxed|####|-->|\banswer\b[^\n]{0,60}\b(?:is|:)|"
    r"\b(?:answer|conclusion|result|antwort|fazit|ergebnis|respuesta|conclusión|resultado|réponse|"
    r"conclusion|résultat|risposta|conclusione|risultato|resposta|conclusão|ответ|вывод|итог)"
    r"[*_]{0,2}\s?:",
    re.IGNORECASE,
)
_IF = re.compile(
    r"^\W*(?:if|unless|had|were)\b[^\n]*\b(?:were|was|had|did|asked|meant)\b"
    r"|^\W*(?:suppose|supposing)\b|^\W*(?:had|were)\s",
    re.IGNORECASE,
)
_IF_AFTER = re.compile(
    r"[^.!?\n]{0,60}\b(?:if|had|were)\b[^.!?\n]{0,60}\b(?:were|had been)\b", re.IGNORECASE
)
_WOULD_BE = re.compile(r"\b(?:would (?:be|have been|become)|sería|wäre|serait|sarebbe)\b", re.I)
_UNREAL = re.compile(
    r"(?:^|[.!?\n])\W*(?:\bif\s(?:it|this|that|he|she|they|we|you|the\s\w+|[A-Z]\w+)\s"
    r"(?:were|had\sbeen)\b|(?:had|were)\s(?:it|this|that|he|she|they|we|you|the)\b)[^.!?\n]*\b"
    r"(?:it|answer|result|total)\swould\b"
    r"|\b(?:it|answer|result|total)\swould\s(?:be|have been)\b[^.!?\n]{0,60}\bif\s(?:\w+\s){1,3}"
    r"(?:were|had been)\b",
    re.IGNORECASE,
)


def without_remarks(text: str) -> str:
    """The text without closing sentences of what would be otherwise, where it has said an answer
    before them."""
    if not _OTHERWISE.search(text, max(0, len(text) - _REACH)):
        return text
    for _ in range(_REMARKS):
        low = max(0, len(text) - _REACH)
        end = len(text.rstrip(" \n.!?)*_"))
        start = max((stop.end() for stop in SENTENCE.finditer(text, low, end)), default=low)
        start += len(text) - start - len(text[start:].lstrip("*_)"))
        remark = _REMARK.match(text, start)
        if remark is None or _CONCLUDES.search(text, remark.end()):
            break
        kept = text[:start].rstrip(" \n(")
        line = kept[max(0, len(kept) - _REACH) :].rpartition("\n")[2]
        if not _ASSERTS.search(line):
            break
        text = kept
    return text


def supposed(before: str, marker: str, after: str) -> bool:
    """Whether "the answer would be" has a condition that is not so: "if it were dry, the ..."."""
    if not _WOULD_BE.search(marker):
        return False
    *_, stop = (None, *SENTENCE.finditer(before))
    lead = before[stop.end() if stop else 0 :]
    return _IF.search(lead) is not None or _IF_AFTER.match(after) is not None


def unreal(text: str) -> bool:
    """Whether a sentence only says what would be if something were so that is not."""
    return " would " in text and _UNREAL.search(text) is not None
