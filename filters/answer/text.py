"""Texts as answers: equal but for case, quotes, articles, spacing and Unicode form."""

from __future__ import annotations

import re

from limbeck.filters.answer.plain import plain, visible

_EDGES = " \t\n\"'.,;:!?`*_。，、！？；：…"
_ARTICLE = re.compile(r"(?:the|an?)\s+(?=\S)")
_LEAD = re.compile(
    r"(?:(?:so|therefore|thus|hence|then|simply|just|actually|now|ok|okay|well)[,:]?\s+|"
    r"(?:it|that|this|he|she|they)(?:'s|'re| is| are| was| were| would be| should be| must be)\s+|"
    r"(?:is|are)[:]?\s+|the answer (?:is|should be)[: ]+|make that\s+)+",
    re.IGNORECASE,
)


def normal(text: str) -> str:
    """What two equal answers share. A text of nothing but punctuation is kept as it is."""
    plainly = " ".join(plain(visible(text)).casefold().split())
    bare = plainly.strip(_EDGES)
    if not bare:
        return plainly
    # "(a b)" loses its brackets, "f(x)" and "a (b" keep theirs
    if bare[0] + bare[-1] in ("()", "[]") and not set("()[]") & set(bare[1:-1]):
        bare = bare[1:-1].strip(_EDGES)
    article = _ARTICLE.match(bare)
    return bare[article.end() :] if article else bare


def without_lead(text: str) -> str:
    """ "So it's Paris" is "Paris"."""
    lead = _LEAD.match(text.lstrip(" \"'*:"))
    return text.lstrip(" \"'*:")[lead.end() :] if lead else text
