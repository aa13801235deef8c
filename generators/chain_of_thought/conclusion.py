"""A rationale without the sentence that gives its answer: a student's text has a place for that."""

from __future__ import annotations

import re

_LINE = re.compile(
    r"[ \t*#>_]*(?:(?:the |my )?(?:final )?answer[ \t*_]*[:：]"
    r"|(?:最终)?(?:答案|答)[ \t*]*(?:是|为|[:：])[ \t*]*[:：]?)(?P<said>.*)",
    re.IGNORECASE,
)
_SO = r"(?:and )?(?:so|thus|therefore|hence|in conclusion),? "
_SENTENCE = re.compile(
    rf"(?:\A[ \t]*(?:\*\*)?(?:{_SO})?|(?:(?<=[,;:—–])[ \t]+|(?<=[.!?]))(?:{_SO})?|(?<=\s){_SO})"
    r"the (?:final |correct |right )?answer is\b"
    r"(?!n't|\s(?:not|never|found|obtained|calculated|computed|derived|given by)\b)(?P<said>.*)",
    re.IGNORECASE,
)
# "St. Louis" and "5 p.m. on Monday" go on
_STOP = re.compile(
    r"(?<!\bSt\.)(?<!\bMt\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bNo\.)(?<!\bMrs\.)"
    r"(?<!\b[A-Za-z]\.)(?:(?<=[.!?])|(?<=[.!?][\"')])|(?<=[.!?]\*\*))\s+(?=\S)|(?<=[。！？])(?=.)"
)


def parted(text: str) -> tuple[str, str | None]:
    """(rationale, what the answer is) of a text whose last line is "Answer: ...", or whose last
    sentence "... the answer is ..."; the whole text and None where it ends otherwise.

    A text that is nothing else stays whole: a student that learns no rationale learns that.
    """
    text = text.strip()
    start = text.rfind("\n") + 1
    found = _LINE.match(text, start)
    if found is None:
        start += max((stop.end() for stop in _STOP.finditer(text[start:])), default=0)
        found = _SENTENCE.search(text[start:])
        if found is None:
            return text, None
        start += found.start()
    answer = found["said"].strip().strip("*_ ").removeprefix(":").strip()
    answer = answer.removesuffix(".").strip("*_ ")
    return text[:start].rstrip(" \t\n\r,;—–") or text, answer or None


def thoughts(text: str) -> str:
    """The rationale of `parted`."""
    return parted(text)[0]
