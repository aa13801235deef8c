"""One answer, cut once into what the features look at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from limbeck.text import word_count
from limbeck.words import unicode_tokens

APART = "  "  # two spaces between tokens: phrases side by side share none of them

LIST_ITEM = re.compile(
    r"^[ \t>]*(?:[-*+•‣▪●○◦·–][ \t]+(?=\S)"
    r"|[*_]{0,2}[(（\[【]?\d{1,3}[.)）\]】、．।](?!\d)[ \t]*(?=\S)"
    r"|[(（]?[一二三四五六七八九十]{1,3}[)）、．.][ \t]*(?=\S)|[a-zA-Z][)）][ \t]+(?=\S))",
    re.MULTILINE,
)
"""A line's beginning that makes it an item of a list: a bullet, a number (of any script's digits),
a Chinese numeral, a letter with a bracket. A long dash is none: it opens what somebody says."""
_SENTENCE_END = re.compile(
    r"[。！？｡]+[」』”’）》]*|(?<![.!?…।॥؟۔])[.!?…।॥؟۔]++[\"'”’)\]»*_]*+(?=\s|$)|\n+", re.MULTILINE
)


@dataclass(frozen=True)
class Text:
    """An answer in NFC. Everything else is computed when it is first asked for, and kept."""

    text: str

    @classmethod
    def of(cls, text: str) -> Text:
        return cls(unicodedata.normalize("NFC", text).replace("\r\n", "\n"))

    @cached_property
    def tokens(self) -> list[str]:
        """Case-folded words; every character in scripts without spaces."""
        return unicode_tokens(self.text)

    @cached_property
    def joined(self) -> str:
        """The tokens in a line that `phrase` can be looked up in."""
        return f"{APART}{APART.join(self.tokens)}{APART}"

    @cached_property
    def words(self) -> int:
        """As readers count them, in every script."""
        return word_count(self.text)

    @cached_property
    def lines(self) -> list[str]:
        """Those that are not empty."""
        return [line for line in self.text.split("\n") if line.strip()]

    @cached_property
    def sentences(self) -> int:
        """Pieces with a letter or number between ends of sentences and of lines."""
        pieces = _SENTENCE_END.split(self.text)
        return sum(any(char.isalnum() for char in piece) for piece in pieces)


def phrase(text: str) -> str:
    """A phrase as it stands in `Text.joined`."""
    return f" {APART.join(unicode_tokens(text))} "


def counts(joined: str, phrases: Sequence[str]) -> int:
    """How often phrases stand in `Text.joined`."""
    return sum(joined.count(one) for one in phrases)
