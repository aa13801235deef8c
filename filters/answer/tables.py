"""Tables of words as patterns: one line holds alternatives, and so does the table."""

from __future__ import annotations

import re
from collections.abc import Iterable


def either(table: str) -> str:
    """The inside of a group that matches any line of a table."""
    return "|".join(table.strip().split("\n"))


def trie(names: Iterable[str]) -> str:
    """A pattern of many names, the longest first, that reads each letter once."""
    first: dict[str, set[str]] = {}
    for name in names:
        first.setdefault(name[:1], set()).add(name[1:])
    ends = bool(first.pop("", None))
    branches = [
        re.escape(char) + trie(rests) for char, rests in sorted(first.items(), reverse=True)
    ]
    if not branches:
        return ""
    inside = "|".join(branches)
    return f"(?:{inside})?" if ends else inside if len(branches) == 1 else f"(?:{inside})"
