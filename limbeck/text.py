"""One way to compare texts, and to count words, in every script; and one to write durations."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from limbeck.record import Message, content_hash

_WORD_EACH = ("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA")
_FOUR_A_WORD = ("THAI", "LAO", "KHMER", "MYANMAR")


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


def word_count(text: str) -> int:
    """How many words a text has, in every script.

    A word is what stands between white space, unless it is punctuation alone. In scripts that
    write no spaces between words, every Chinese character and kana is one, and every four
    characters of Thai, Lao, Khmer or Myanmar, begun ones included, are one.
    """
    if text.isascii():
        return sum(any(map(_counts, word)) for word in text.split())
    words = quarters = 0
    inside = False
    for char in text:
        kind = _kind(char)
        if kind == "letter":
            words, inside = words + (not inside), True
        elif kind != "punctuation":
            inside = False
        if kind == "word":
            words += 1
        if kind == "quarter":
            words, quarters = words + (quarters % 4 == 0), quarters + 1
        elif kind != "letter" or unicodedata.category(char)[0] != "M":
            quarters = 0
    return words


def _counts(char: str) -> bool:
    return _kind(char) == "letter"


@lru_cache(maxsize=65_536)
def _kind(char: str) -> str:
    """"word", "quarter" (of one), "space", "punctuation", or "letter" for all else."""
    category = unicodedata.category(char)
    if char.isspace():
        return "space"
    if category[0] == "P" or category in ("Cf", "Cc"):
        return "punctuation"
    name = unicodedata.name(char, "")
    if category[0] in "LMN" and name.startswith(_WORD_EACH):
        return "word"
    if category[0] in "LM" and name.startswith(_FOUR_A_WORD):
        return "quarter"
    return "letter"


def duration(seconds: float) -> str:
    """ "42 s", "3 min 05 s", "2 h 10 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
