"""Where a text asserts an answer: "-->", "####", boxes, tags, JSON, "the answer is", "Answer:".

The last marker that asserts something is the one. A mention asserts nothing ("a wrong answer is
12", "if the answer is 12", "the answer is not 12"), and neither does a heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from limbeck.filters.answer.closed import Held, box_at, json_at, tag_at
from limbeck.filters.answer.hypothetical import supposed
from limbeck.filters.answer.marker_words import DENIED, LABELS, PHRASES

Style = Literal["arrow", "hashes", "box", "tag", "json", "label", "phrase"]

_IS = r"(?:is|are|was|were|be|equals?|becomes|comes (?:out )?to|would be|=|lautet)"
_PHRASE = re.compile(
    rf"\banswers?\b(?P<gap>[^.\n:;?!]{{0,60}}?)(?:\b|(?<==)){_IS}(?![\w'])"
    r"(?:,? (?:therefore|thus|then|simply|just|hence|indeed|clearly|actually|now|also))*"
    r"(?:\s?(?:as follows|the following))?[*_ ]{0,4}[:：]?"
    rf"|{PHRASES}",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\b(?:(?:final|correct|my|best|short) )?(?:answers?|ans)\b\.?[*_ ]{0,4}"
    r"(?:\([^()\n]{0,40}\)[*_ ]{0,4})?[:：=](?!=)[*_]{0,3}"
    r"|\bfinal answer\b[*_ ]{0,4}[-–—](?= )"
    r"|^[ ]{0,3}(?:#{1,6} {0,3}|\*\*|__)(?:\d+\. )?(?:the )?(?:final |correct )?answer[ *_#:]{0,6}$"
    rf"|{LABELS}",
    re.IGNORECASE | re.MULTILINE,
)
_SHORT = re.compile(r"^[ ]{0,8}[*_]{0,3}A ?: ?[*_]{0,3}", re.MULTILINE)  # "A: 12", GPT-3's own
_ARROW = re.compile(r"(?<!-)-{2,}+>")
_HASHES = re.compile(r"(?<![#\w])####(?!#)")
_BOX = re.compile(
    r"(?:\\|\x08|\b)(?:boxed|oxed|fbox|framebox)\s{0,4}(?:\{|(?<=\\boxed)(?=\d)|"
    r"(?<=\\boxed )(?=\w))"
)
_TAG = re.compile(r"<(?P<tag>(?:final_?)?answer|ans)>|\[(?P<square>answer)\]", re.IGNORECASE)
_JSON = re.compile(r"[\"'](?:final[_ ]?answer|answer|final)[\"'] {0,4}: {0,4}\s?", re.IGNORECASE)
_COMMENT = re.compile(r"<!--[^<>]{0,400}-->")

_HEADING = re.compile(
    r"(?:step|part|case|solution|explanation|conclusion|reasoning|verification|check|summary|"
    r"calculation|analysis|final answer|answer|method|problem|given|question)\b"
    r"|\d{1,2}[.)] {1,3}[^\W\d]|\*\*(?:step|part)\b",
    re.IGNORECASE,
)
_MENTION = re.compile(
    r"\b(?:falsche|fausse|mauvaise|неправильный|неверный|błędna|wrong|incorrect|false|initial|"
    r"previous|earlier|naive|tempting|intermediate|partial|"
    r"intuitive|(?:my|first|your) first|first|common|candidate|other|his|her|their|student's|"
    r"sample|"
    r"example|old)\s$"
    r"|\b(?:if|whether|suppose|supposing|assume|assuming|unless|says?|said|claims?|why)"
    r"(?: that)?(?: (?:the|your|my|this|our))?(?: (?:final|correct|right))?\s$"
    r"|\b(?:might|may|could|would|one|people|some|many|tempting|tempted|easy|students?)\b"
    r"[^.!?\n]{0,30}\b(?:think|say|guess|assume|believe|expect|conclude|argue)(?: that)?"
    r"(?: (?:the|your|my|this|our))?(?: (?:final|correct|right))?\s$",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(?:not|never|neither|cannot|unlikely)\b|n't\b", re.IGNORECASE)
_DOUBTED = re.compile(r"\b(?:could|might|may)\b", re.IGNORECASE)
_NOT = re.compile(
    r"\s{0,4}(?:not|never|neither|nicht|kein|keine|pas|niet|не|nie)\b",
    re.IGNORECASE,
)
_BUT = re.compile(
    r"\b(?:but|rather|instead|it is|it's|sondern|sino|mais|ma|mas|bensì|а|maar|ale)\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"\s{0,4}(?:correct|incorrect|obvious|found|obtained|calculated|computed|derived|reached|"
    r"required|asked|expected|reasonable|consistent|based|in (?:dollars|cents|units|the form)|"
    r"supposed|going to|easy to|hard to|clear from|given (?:by|in|as)|determined by|wrong|"
    r"verified|confirmed)\b",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"[\s*_$\"'.:;,`~\\(\[{#>=-]*")


@dataclass(frozen=True, slots=True)
class Marker:
    """A place that asserts an answer: `text[end:]` follows it. `held` where a closing ends it."""

    start: int
    end: int
    style: Style
    held: Held | None = None
    problem: str = ""


def last_marker(text: str, *, letters: bool = False) -> Marker | None:
    """The last marker that asserts something; its `problem` is "truncated" if nothing follows."""
    places = sorted(_places(text, letters), key=lambda place: (place[0], place[1]))
    stops = [found.span() for found in _COMMENT.finditer(text)] if "<!--" in text else []
    while places:
        start, end, style, found = places.pop()
        if any(low <= start < high for low, high in stops[-200:]):
            continue
        marker = _marker(text, start, end, style, found)
        if marker is not None:
            return marker
    return None


def _places(text: str, letters: bool) -> Iterator[tuple[int, int, Style, re.Match[str]]]:
    table: list[tuple[Style, re.Pattern[str]]] = [
        ("phrase", _PHRASE),
        ("label", _LABEL),
        ("arrow", _ARROW),
        ("hashes", _HASHES),
        ("box", _BOX),
        ("tag", _TAG),
        ("json", _JSON),
    ]
    for style, pattern in table:
        for found in pattern.finditer(text):
            yield found.start(), found.end(), style, found
    if not letters:
        for found in _SHORT.finditer(text):
            line = text[found.end() : found.end() + 60].split("\n", 1)
            if len(line[0]) < 60 and len(line[0].split()) <= 6:
                yield found.start(), found.end(), "label", found


def _marker(text: str, start: int, end: int, style: Style, found: re.Match[str]) -> Marker | None:
    if style == "box":
        held = box_at(text, end)
        return Marker(start, end, style, held, "" if held else "truncated")
    if style == "tag":
        held = tag_at(text, end, found["tag"], found["square"])
        return Marker(start, end, style, held, "" if held else "truncated")
    if style == "json":
        held = json_at(text, end)
        return Marker(start, end, style, held, "" if held else "truncated")
    if style in ("phrase", "label"):
        if _MENTION.search(text[max(0, start - 80) : start]):
            return None
        gap = found.groupdict().get("gap") or ""
        if style == "phrase" and DENIED.search(found[0][len(gap) :] if gap else found[0]):
            return None
        if _DENIED.search(gap) or _DOUBTED.search(gap) or _VAGUE.match(text[end : end + 40]):
            return None
        if style == "phrase" and supposed(
            text[max(0, start - 160) : start], found[0], text[end : end + 160]
        ):
            return None
        follows = text[end : end + 200].split("\n", 1)[0]
        if _NOT.match(follows) and not _BUT.search(follows):
            return None
    if style == "hashes":
        line = text[end : end + 200].split("\n", 1)[0].strip()
        more = text[end : end + 2000].partition("\n")[2].strip()
        if _HEADING.match(line) or (line.endswith(":") and more):
            return None
    nothing = _NOTHING.match(text, end)
    assert nothing is not None
    return Marker(start, end, style, None, "" if nothing.end() < len(text) else "truncated")
