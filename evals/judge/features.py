"""What a judge may count in place of quality: length, headers, bold text and lists.

The four of Chatbot Arena's style control (Li, Angelopoulos, Chiang 2024).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

FEATURES = ("length", "headers", "bold", "lists")

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADER = re.compile(r" {0,3}#{1,6}\s+\S")
_BOLD = re.compile(r"\*\*(?=[^\s*])[^*]+(?<=\S)\*\*|(?<!\w)__(?=[^\s_])[^_]+(?<=\S)__(?!\w)")
_ITEM = re.compile(r"\s*(?:[-*+•·]\s+|[(（]?\d{1,3}(?:[.)）]\s+|[、．）]\s*))\S")


def features(text: str) -> dict[str, int]:
    """Counts by name: `length` in code points, so that every script counts alike; Markdown
    `headers`; pieces of `bold` text; items of `lists` (with marks, or with numbers of any script).
    In fenced code nothing is formatting."""
    lines = list(_prose(text))
    return {
        "length": len(text),
        "headers": sum(_HEADER.match(line) is not None for line in lines),
        "bold": sum(len(_BOLD.findall(line)) for line in lines),
        "lists": sum(_ITEM.match(line) is not None for line in lines),
    }


def _prose(text: str) -> Iterator[str]:
    """The lines outside of fenced code; a fence that is never closed runs to the end."""
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        mark = match[1] if match else ""
        if fence:
            closes = mark.startswith(fence) and not line.strip().strip(mark[0])
            fence = "" if closes else fence
        elif mark:
            fence = mark
        else:
            yield line
