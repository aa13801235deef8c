"""The Markdown around what a model wrote: code fences and the rules between items."""

from __future__ import annotations

import re
from itertools import zip_longest

_FENCE = re.compile(r"^[ \t]*`{3,}[^\n`]*$\n?", re.MULTILINE)
_BETWEEN = re.compile(
    r"-{3,}|\*{3,}|={3,}|(?:\#+[ \t]*)?(?:\*\*)?(?:Task|Example)[ \t]*\d+[ \t]*[.:：]?(?:\*\*)?"
)


def without_fences(text: str) -> str:
    """The text without any fence line; what stands in the fences stays."""
    return _FENCE.sub("", text)


def unwrapped(text: str, label: re.Pattern[str], field: re.Pattern[str]) -> str:
    """The text without the fences of blocks that begin with `label`: those wrap the answer.

    Blocks that begin with anything else are code and part of it, and so is the block under a
    line that is a `field` with nothing in it ("Output:").
    """
    pieces, at, before = [], 0, 0
    for opening, start, end, closing in _blocks(text):
        line = text[before:opening].rstrip().rpartition("\n")[2]
        if not field.fullmatch(line) and label.match(text[start:end].lstrip("\n")):
            pieces += [text[at:opening], text[start:end]]
            at = closing
        before = closing
    return "".join([*pieces, text[at:]])


def masked(text: str, cut: bool) -> str:
    """The text with every character in a fenced block as a space, but for line breaks.

    Places in it are places in the text, so a label found here stands in no code. A fence that
    is never closed opens a block only in a text that was cut off; else its end was forgotten.
    """
    pieces, at = [], 0
    for _, start, end, closing in _blocks(text):
        if cut or closing > end:
            pieces += [text[at:start], re.sub(r"[^\n]", " ", text[start:end])]
            at = end
    return "".join([*pieces, text[at:]])


def without_rules(text: str) -> str:
    """The text, stripped, without rules and bare headings of the next item ("---", "### Task 2")
    at its end. A text that is nothing else stays."""
    lines = text.strip().split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or _BETWEEN.fullmatch(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines).rstrip()


def _blocks(text: str) -> list[tuple[int, int, int, int]]:
    """Of each fenced block: where its fence begins and ends, where the closing one does. A block
    that is never closed goes to the end."""
    fences = list(_FENCE.finditer(text))
    return [
        (opening.start(), opening.end(), *(closing.span() if closing else (len(text), len(text))))
        for opening, closing in zip_longest(fences[::2], fences[1::2])
    ]
