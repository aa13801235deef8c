"""`excerpt`: the part of a training text in which an item was found."""

from __future__ import annotations

import re

from limbeck.contamination.coding import words_of

LENGTH = 240
_PIECE = re.compile(r"\s*\S{1,24}")


def excerpt(text: str, item: str, length: int = LENGTH) -> str:
    """At most `length` characters of a text, and a … where it was cut: where most of the words are
    that the item has, too."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    wanted = set(words_of(item))
    pieces = [(found.start(), found.end(), found.group()) for found in _PIECE.finditer(text)]
    shared = [sum(word in wanted for word in words_of(piece)) for _, _, piece in pieces]
    best, start, last, held = -1, 0, 0, 0
    room = length - 2
    for first, (begin, _, _) in enumerate(pieces):
        while last < len(pieces) and pieces[last][1] - begin <= room:
            held += shared[last]
            last += 1
        if held > best:
            best, start = held, begin
        held -= shared[first]
    end = min(len(text), start + room)
    return f"{'…' if start else ''}{text[start:end].strip()}{'…' if end < len(text) else ''}"
