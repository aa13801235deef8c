"""One way to compare texts for equality, in every script; and one to write durations."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from limbeck.record import Message, content_hash


def squeezed(text: str) -> str:
    """NFC, with every run of white space as one space: equal to a reader, equal here."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def folded(text: str) -> str:
    """NFKC, case-folded and squeezed: equal but for case and width (`ＡＢＣ` is `abc`)."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def prompt_key(messages: Sequence[Message]) -> str:
    """One key for a conversation without its system turns, whatever its case and spacing."""
    turns = [[m.role, folded(m.content)] for m in messages if m.role != "system"]
    return content_hash(turns)


def duration(seconds: float) -> str:
    """ "42 s", "3 min 05 s", "2 h 10 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
