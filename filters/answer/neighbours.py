"""Why the next number would not do: "**7 bags**. Six would hold only 30" says 7."""

from __future__ import annotations

import re

from limbeck.filters.answer.plain import plain
from limbeck.filters.answer.quantities import quantities

_REACH = 600  # characters of the end in which the answer and its explanation stand
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]{1,80})(?<=\S)\*\*")
_ASKS = re.compile(r"[^.!?\n]*\?")
_FAILS = re.compile(
    r"\b(?:would|could|can|cannot|can't|fails?|gives?|holds?|covers?|würden?|könnten?|reichen|"
    r"cabrían|serían|daría|pourrai(?:t|ent)|donnerai(?:t|ent)|seraient|basterebbero|sarebbero|"
    r"seriam|caberiam|хватит|хватило|(?:is|are)(?: not|n't))\b|只|不够|不足|ない",
    re.IGNORECASE,
)
_SHORT = re.compile(
    r"\b(?:only|just|not|enough|fewer than|less than|too (?:few|small|little|many|much|large|big)|"
    r"more "
    r"than|insufficient|fails?|exceeds?|short|nur|reichen|genug|zu (?:wenig|viel)|s[oó]lo|"
    r"solamente|"
    r"bastan?|seulement|ne|pas assez|soltanto|solo|bastano|apenas|só|только|мало|хватит)\b|"
    r"只|不够|不足",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"\b(?:so|thus|therefore|hence|but|however|actually|wait|instead|answer|right|correct|total|"
    r"altogether|sorry|also|daher|aber|pero|luego|donc|mais|quindi|ma|portanto|mas|но)\b|=>|→",
    re.IGNORECASE,
)


def without_neighbour(text: str) -> str:
    """The text up to its last number in bold, where what follows only says why one more or one
    less would not do."""
    low = max(0, len(text) - _REACH)
    *_, bold = (None, *_BOLD.finditer(text, low))
    if bold is None:
        return text
    rest = plain(text[bold.end() :])
    if (
        _ASKS.match(rest)
        or not _SHORT.search(rest)
        or not _FAILS.search(rest)
        or _CONCLUDES.search(rest)
    ):
        return text
    ours, theirs = quantities(plain(bold[1]), items=False), quantities(rest, items=False)
    if len(ours) != 1 or not theirs or ours[0].weak:
        return text
    one, other = ours[0].value.value, theirs[0].value.value
    return text[: bold.end()] if other in (one - 1, one + 1) else text
