"""What was opened and never closed, and data that does not parse."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any
from xml.parsers import expat

from limbeck.filters.fences import Block

_THINK = re.compile(r"</?think(?:ing)?>")
_LATEX = re.compile(r"(?<!\\)\\([\[\]()])|\\(begin|end) ?\{([A-Za-z*]{1,30})\}|(?<!\\)(\$\$)")
_PAIRS = {"[": "]", "(": ")"}
_SKETCHED = re.compile(r"\.\.\.|…|//|/\*|^\s*#|<[A-Za-z_ ]+>", re.MULTILINE)
_JSON_START = re.compile(r'\s*+(?:\{\s*+"|\[\s*+(?:\{\s*+"|"|\[))')


def structure_errors(prose: str, parts: Sequence[Block]) -> list[str]:
    """ "unclosed_fence", "unclosed_think", "stray_think", "unclosed_latex"."""
    found = []
    if not parts[-1].closed:
        found.append("unclosed_fence")
    if "think" in prose:
        found += _thinking(prose)
    if "\\" in prose and not _closed_latex(prose):
        found.append("unclosed_latex")
    return found


def _thinking(prose: str) -> list[str]:
    depth, stray = 0, False
    for tag in _THINK.findall(prose):
        depth += -1 if tag[1] == "/" else 1
        stray |= depth < 0
        depth = max(depth, 0)
    return ["unclosed_think"] * (depth > 0) + ["stray_think"] * stray


def _closed_latex(prose: str) -> bool:
    opened: list[str] = []
    for bracket, word, environment, dollars in _LATEX.findall(prose):
        if bracket in _PAIRS:
            opened.append(_PAIRS[bracket])
        elif word == "begin":
            opened.append(environment)
        elif dollars and dollars not in opened:
            opened.append(dollars)
        else:
            closes = bracket or environment or dollars
            if not opened or opened.pop() != closes:
                return False
    return not opened


def json_errors(text: str, parts: Sequence[Block], *, expected: bool) -> list[str]:
    """ "broken_json". Where JSON is expected, the whole text is it, fenced or not; else every
    fenced block that says json, and a text that begins as JSON does. One value a line is JSON,
    too; a sketch, with dots or comments in it, is none that could be broken."""
    fenced = [part for part in parts if part.mark]
    if expected:
        whole = [part.body for part in parts if part.mark or part.body.strip()]
        good = len(whole) == 1 and _parses(whole[0])
        return [] if good else ["broken_json"]
    claims = [part.body for part in fenced if part.info.casefold() == "json" and part.closed]
    if not fenced and _JSON_START.match(text):
        claims.append(text)
    broken = any(not _parses(body) and not _SKETCHED.search(body) for body in claims)
    return ["broken_json"] if broken else []


def _parses(text: str) -> bool:
    if _loads(text):
        return True
    lines = [line for line in text.split("\n") if line.strip()]
    return len(lines) > 1 and all(map(_loads, lines))


def _loads(text: str) -> bool:
    try:  # numbers stay texts: a long one is no error, and takes no time
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False
    return True


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def xml_errors(parts: Sequence[Block]) -> list[str]:
    """ "broken_xml" where the whole text, fenced or not, is no well-formed XML. Entities that the
    text declares itself are refused, not expanded."""
    whole = [part.body for part in parts if part.mark or part.body.strip()]
    if len(whole) != 1:
        return ["broken_xml"]
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = _no_entity
    try:
        parser.Parse(whole[0].strip().encode("utf-8", "replace"), True)
    except (expat.ExpatError, ValueError):
        return ["broken_xml"]
    return []


def _no_entity(*_: object) -> None:
    raise ValueError("entities are not expanded")
