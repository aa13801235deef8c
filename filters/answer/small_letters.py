"""Options in small letters as options: "**d)**", "option d", "la d)" are "(D)".

A small letter alone is a word or a variable: it counts only in bold with a bracket, or behind what
names an option.
"""

from __future__ import annotations

import re

from limbeck.filters.answer.choice_words import NOUNS, SIGNS
from limbeck.filters.answer.tables import either

_NOUN = rf"(?:\b(?:{either(NOUNS)})|{SIGNS})"
_STOP = (
    r"(?=\s{0,2}(?:$|[.,;:!?)\n\"'*_。，、]|[\u2e80-\uffff])|"
    r"\s(?:is|because|since|es|est|ist|è|é)\b)"
)
_BOLD = re.compile(
    r"(?P<bold>\*\*|__)(?:\(?(?P<bracket>[a-j])\)[.:]?(?=(?P=bold)|\s)|"
    r"(?P<dot>[a-j])\.(?=(?P=bold)|\s))"
)
_NAMED = re.compile(
    rf"(?P<noun>{_NOUN})(?P<gap>:?\s{{0,2}}(?:\*\*|__|\")?|:?(?:\*\*|__)\s?)"
    rf"(?:\(?(?P<bracket>[a-j])\)|(?P<alone>[b-df-j]){_STOP}|(?P<vowel>[ae])(?=\*\*|__|"
    rf"[.\"]?\s*$))",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"(?<![\w(])(?P<article>la|el|die|le|il|a|is|es|ist|est|è|é|it's|be|so|thus|therefore|hence|"
    r"daher|"
    r"also|luego|donc|quindi|portanto),? (?P<letter>[a-j])\)(?!\w)",
    re.IGNORECASE,
)
_SAID = re.compile(
    rf"(?P<noun>{_NOUN}(?:\s\w+)?\s(?:is|es|ist|est|è|é)(?: la| die| le| il| a)?|答案是|正解は|"
    r"答えは|정답은)"
    r"(?P<gap>\s?)(?P<bold>\*\*|__)(?P<letter>[a-j])(?P=bold)(?!\s?[=+*/^(-])",
    re.IGNORECASE,
)


def as_options(text: str) -> str:
    """The text with its small option letters as large ones in brackets."""
    text = _BOLD.sub(lambda m: f"{m['bold']}({(m['bracket'] or m['dot']).upper()})", text)
    text = _NAMED.sub(_named, text)
    text = _ARTICLE.sub(_after_article, text)
    return _SAID.sub(lambda m: f"{m['noun']}{m['gap']} ({m['letter'].upper()})", text)


def _named(found: re.Match[str]) -> str:
    letter = found["bracket"] or found["alone"] or found["vowel"]
    if not letter.islower():
        return found[0]
    return f"{found['noun']}{found['gap']}({letter.upper()})"


def _after_article(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - 80) : found.start()].rpartition("\n")[2]
    if before.count("(") > before.count(")"):
        return found[0]  # "(a point on d)" closes a bracket
    return f"{found['article']} ({found['letter'].upper()})"
