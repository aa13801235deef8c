"""One way to compare texts, and to count words, in every script; and one to write durations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

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
    kinds = text.translate(_KINDS)
    singles = kinds.count("w")
    runs = sum(-(-len(run) // 4) for run in re.findall("q+", kinds))
    return singles + runs + sum("a" in part for part in re.split("[ wq]+", kinds))


class _Kinds(dict[int, str]):
    """What each character is to `word_count`; filled as met.

    "w" is a word, "q" a quarter of one, " " parts words, "a" makes a word of what it stands in,
    "-" does not.
    """

    def __missing__(self, code: int) -> str:
        char = chr(code)
        name, category = unicodedata.name(char, ""), unicodedata.category(char)
        if char.isspace():
            kind = " "
        elif category[0] in "LM" and name.startswith(_FOUR_A_WORD):
            kind = "q"
        elif category[0] in "PM" or category in ("Cf", "Cc"):
            kind = "-"
        elif category[0] in "LN" and name.startswith(_WORD_EACH):
            kind = "w"
        else:
            kind = "a"
        self[code] = kind
        return kind


_KINDS = _Kinds()


def duration(seconds: float) -> str:
    """ "42 s", "3 min 05 s", "2 h 10 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
