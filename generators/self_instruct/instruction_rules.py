"""Which instructions are refused before anybody looks whether they are new."""

from __future__ import annotations

import re
import string
import unicodedata
from functools import lru_cache

from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.refused import Refused
from limbeck.text import word_count

MORE_THAN = 3  # words
AT_MOST = 150  # words

# What a teacher that reads and writes text alone can neither see nor make.
BLACKLIST = (
    "image",
    "images",
    "graph",
    "graphs",
    "picture",
    "pictures",
    "file",
    "files",
    "map",
    "maps",
    "draw",
    "plot",
    "go to",
)
ALPACA_BLACKLIST = (*BLACKLIST, "video", "audio", "music", "flowchart", "diagram")

_PROGRAM = re.compile(r"write a program(?!\w)", re.I)
_QUOTES = "\"'＂＇"
# A Latin word ends where Chinese, Japanese, Thai or Korean begins: "给image加标题", "map을".
_OTHERS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_EDGES = (rf"(?<![^\W{_OTHERS}])", rf"(?![^\W{_OTHERS}])")
_JUNK = "+<=>^|~"


def refused(
    instruction: str, preset: Preset, blacklist: tuple[str, ...] = BLACKLIST
) -> Refused | None:
    """The first rule that refuses the instruction, in the published order; None: it may stay.

    | rule        | value                  | refuses                                        |
    |-------------|------------------------|------------------------------------------------|
    | empty       | 0                      | nothing but white space                        |
    | too_short   | words                  | 3 words or fewer                               |
    | too_long    | words                  | more than 150 words                            |
    | blacklist   | the word               | a word of `blacklist`, whole, in any case      |
    | program     | the words found        | it starts with "Write a program"               |
    | punctuation | the first character    | it starts with one of ASCII's punctuation      |
    | non_ascii   | the first character    | it starts with a character that is not ASCII   |

    reference: words are what white space parts. fixed: words of every script
    (`limbeck.text.word_count`); "write a program" in any case, but not "Write a programme";
    opening quotes, brackets and marks (¿ ¡ 「), currency signs and every script may come first,
    other punctuation of any script may not.
    """
    text = instruction.strip()
    if not text:
        return Refused("empty", 0)
    words = len(text.split()) if preset == "reference" else word_count(text)
    if words <= MORE_THAN:
        return Refused("too_short", words)
    if words > AT_MOST:
        return Refused("too_long", words)
    if found := _listed_word(text, preset, blacklist):
        return Refused("blacklist", found)
    if preset == "fixed":
        if program := _PROGRAM.match(text):
            return Refused("program", program[0])
        return Refused("punctuation", text[0]) if _cannot_begin(text[0]) else None
    if text.startswith("Write a program"):
        return Refused("program", "Write a program")
    if text[0] in string.punctuation:
        return Refused("punctuation", text[0])
    return None if text[0].isascii() else Refused("non_ascii", text[0])


def _listed_word(text: str, preset: Preset, blacklist: tuple[str, ...]) -> str | None:
    """The first entry of the blacklist, in its own order, that the text has as whole words."""
    for word, pattern in zip(blacklist, _patterns(preset, blacklist), strict=True):
        if pattern.search(text):
            return word
    return None


@lru_cache(maxsize=8)
def _patterns(preset: Preset, blacklist: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    before, after = ("\\b", "\\b") if preset == "reference" else _EDGES
    return tuple(re.compile(before + re.escape(word) + after, re.I) for word in blacklist)


def _cannot_begin(char: str) -> bool:
    if char in _QUOTES or char in "¿¡":
        return False
    category = unicodedata.category(char)
    return char in _JUNK or (category[0] == "P" and category not in ("Ps", "Pi", "Pf"))
