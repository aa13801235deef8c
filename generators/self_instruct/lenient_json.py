"""JSON as language models write it. Nothing is ever evaluated.

Read like JSON: trailing, doubled and missing commas, comments, "..." for the rest, raw line breaks
in strings, single and curly quotes, bare keys, `True` and `None`, escapes that JSON has not (`\\d`,
`\\'`), and quotes inside a string that should have been escaped. What is JSON is read as JSON, but
for LaTeX that was not escaped (`\\frac`).
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

MAX_DEPTH = 40

_QUOTES = {'"': '"', "'": "'", "“": "”"}
_VALUE = r"""(?:["'“{\[\d-]|(?:true|false|null|True|False|None)\b)"""
_COMMENT = r"(?://|\#)[^\n]{0,300}+(?=\n|\Z)|/\*[^*]{0,300}+\*/"
_SPACE = rf"(?:\s|{_COMMENT})*+"
_BETWEEN = rf"(?:[\s,，…]|\.\.\.|{_COMMENT})*+"
# A quote ends a string only where JSON could go on; every other one is part of the text.
_KEY_ENDS = re.compile(r"\s*+[:：]")
_VALUE_ENDS = re.compile(
    rf"[ \t]*+\n\s*+[\"'“{{\[]"
    rf"|{_SPACE}(?:\Z|[\]}}]|[,，]{_BETWEEN}(?:\Z|[\]}}]|{_VALUE}|\w+\s*+:))"
)
_BARE_KEY = re.compile(r"([^\W\d]\w*+)\s*+(?=[:：])")
_GAP = re.compile(_BETWEEN)
_COLON = re.compile(r"\s*[:：]\s*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])", re.ASCII)
_LITERAL = re.compile(r"(?:true|false|null|True|False|None)\b")
_LITERALS = {"true": True, "false": False, "null": None, "None": None}
# LaTeX in JSON is often not escaped, and "\\frac" would be a form feed and "rac".
_LATEX = r"[bf][A-Za-z]|n(?:abla|eq)\b|r(?:ho|ight(?:arrow)?|angle)\b|t(?:imes|heta|ext|frac)\b"
_ESCAPE = re.compile(rf'\\(?={_LATEX})|\\(?:u[0-9a-fA-F]{{4}}|.)|\\|"', re.DOTALL)


class Found(NamedTuple):
    """A value, where it ends in the text, and whether it was all there.

    Of a list that breaks off, or cannot be read on, the items before that are the value; of an
    object, the members.
    """

    value: Any
    end: int
    whole: bool


def read(text: str, at: int) -> Found | None:
    """The list or object that begins at `text[at]`; None where none does.

    A partial value has at least one whole item or member.
    """
    reader = _Reader(text, at)
    if text[at : at + 1] not in ("[", "{"):
        return None
    value: Any = [] if text[at] == "[" else {}
    try:
        reader.fill(value, 0, partial=True)
    except _Broken:
        return Found(value, reader.at, False) if value else None
    return Found(value, reader.at, True)


class _Broken(ValueError):
    """The text ends, or is no JSON from here on."""


class _Reader:
    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def fill(self, value: Any, depth: int, *, partial: bool = False) -> None:
        """Read the list or object at `at` into `value`, which keeps what came before a break."""
        if depth > MAX_DEPTH:
            raise _Broken
        self.at += 1
        closing = "]" if isinstance(value, list) else "}"
        while True:
            self._skip(_GAP)
            if self.text.startswith(closing, self.at):
                self.at += 1
                return
            if isinstance(value, list):
                value.append(self._value(depth + 1))
            else:
                self._member(value, depth + 1, partial)

    def _member(self, value: dict[str, Any], depth: int, partial: bool) -> None:
        key = self._key()
        if not self._skip(_COLON):
            raise _Broken
        if not (partial and self.text.startswith("[", self.at)):
            value[key] = self._value(depth)
            return
        inner: list[Any] = []
        try:
            self.fill(inner, depth)
        finally:
            if inner or self.text[self.at - 1] == "]":
                value[key] = inner

    def _value(self, depth: int) -> Any:
        char = self.text[self.at : self.at + 1]
        if char in _QUOTES:
            return self._string(_VALUE_ENDS)
        if char and char in "[{":
            value: Any = [] if char == "[" else {}
            self.fill(value, depth)
            return value
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            return _number(number[0])
        if literal := _LITERAL.match(self.text, self.at):
            self.at = literal.end()
            return _LITERALS[literal[0] if literal[0] == "None" else literal[0].lower()]
        raise _Broken

    def _key(self) -> str:
        if self.text[self.at : self.at + 1] in _QUOTES:
            return self._string(_KEY_ENDS)
        if bare := _BARE_KEY.match(self.text, self.at):
            self.at = bare.end()
            return bare[1]
        raise _Broken

    def _string(self, ends: re.Pattern[str]) -> str:
        start = self.at + 1
        quote = _QUOTES[self.text[self.at]]
        for found in re.compile(rf"\\.|{quote}", re.DOTALL).finditer(self.text, start):
            if found[0] == quote and ends.match(self.text, found.end()):
                self.at = found.end()
                return _unescaped(self.text[start : found.start()])
        raise _Broken

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        if found := pattern.match(self.text, self.at):
            self.at = found.end()
        return found is not None


def _number(text: str) -> int | float:
    try:
        return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
    except ValueError:  # more digits than Python turns into a number
        raise _Broken from None


def _unescaped(body: str) -> str:
    text: str = json.loads(f'"{_ESCAPE.sub(_escape, body)}"', strict=False)
    # A lone surrogate is no text and could not be written to any file.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escape(found: re.Match[str]) -> str:
    escape = found[0]
    if escape == '"':
        return '\\"'
    if escape == "\\'":
        return "'"
    if len(escape) == 6 or (len(escape) == 2 and escape[1] in '"\\/bfnrt'):
        return escape
    return "\\" + escape
