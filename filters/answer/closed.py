"""Answers between an opening and a closing: boxes, tags, JSON values. No closing, no answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """What a box, a tag or a JSON key holds, and where the text goes on after it."""

    value: str
    after: int


_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
_BARE = re.compile(r"[^\s$.,;]{1,40}")
_SINGLE_QUOTED = re.compile(r"'((?:[^'\\\n]|\\.)*)'")
_WORD = re.compile(r"[^\s,}\]\"']{1,200}")


def box_at(text: str, start: int) -> Held | None:
    """The content of a box whose brace opened just before `start`; None when it never closes."""
    if text[start - 1] != "{":  # \boxed5, \boxed x
        bare = _BARE.match(text, start)
        return Held(bare[0], bare.end()) if bare else None
    depth = 1
    for brace in _BRACES.finditer(text, start):
        if brace[0] == "{":
            depth += 1
        elif brace[0] == "}":
            depth -= 1
            if not depth:
                value = text[start : brace.start()]
                return Held(value, brace.end()) if value.strip() else None
    return None


def tag_at(text: str, start: int, tag: str | None, square: str | None) -> Held | None:
    """What stands before the closing tag; None without one, or with nothing before it."""
    closing = f"</{tag}>" if tag else f"[/{square}]"
    found = re.compile(re.escape(closing), re.IGNORECASE).search(text, start)
    if found is None or not text[start : found.start()].strip():
        return None
    return Held(text[start : found.start()].strip(), found.end())


def json_at(text: str, start: int) -> Held | None:
    """A JSON (or Python) value as text, strings without their quotes; None for one cut short.

    A bare value at the very end is cut short as well: more digits could have followed.
    """
    quoted = _SINGLE_QUOTED.match(text, start)
    if quoted:
        return Held(quoted[1].replace("\\'", "'"), quoted.end()) if quoted[1].strip() else None
    first = text[start : start + 1]
    if first in ('"', "[", "{"):
        decoder = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)
        try:
            value, after = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return None
        held = value if isinstance(value, str) else text[start:after]
        return Held(held, after) if held.strip() else None
    word = _WORD.match(text, start)
    if word is None or not text[word.end() :].strip() or word[0] in ("null", "None"):
        return None
    return Held(word[0], word.end())
