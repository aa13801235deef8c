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
WHOLE_PROMPT = 1000  # words at most of a prompt that brings its text along

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
# Instructions of other scripts begin with these, "¿Qué", "「春」を", "《红楼梦》". What begins with
# ASCII's quotes, brackets or backquotes is a placeholder or an answer: of the 93 among 10,021 of
# gpt-4o's instructions, hardly one is an instruction.
_MAY_BEGIN = "¿¡“„‘‚«‹「『《〈"
# A Latin word ends where Chinese, Japanese, Thai or Korean begins: "给image加标题", "map을".
_OTHERS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_EDGES = (rf"(?<![^\W{_OTHERS}])", rf"(?![^\W{_OTHERS}])")


def refused(
    instruction: str,
    preset: Preset,
    blacklist: tuple[str, ...] = BLACKLIST,
    at_most: int = AT_MOST,
) -> Refused | None:
    """The first rule that refuses the instruction, in the published order; None: it may stay.

    | rule        | value                  | refuses                                        |
    |-------------|------------------------|------------------------------------------------|
    | empty       | 0                      | nothing but white space                        |
    | too_short   | words                  | 3 words or fewer                               |
    | too_long    | words                  | more than `at_most` words, 150 as published    |
    | blacklist   | the word               | a word of `blacklist`, whole, in any case      |
    | program     | the words found        | it starts with "Write a program"               |
    | punctuation | the first character    | it starts with punctuation of ASCII            |
    | non_ascii   | the first character    | it starts with a character that is not ASCII   |

    reference: words are what white space parts. fixed: words of every script
    (`limbeck.text.word_count`); "write a program" in any case, but not "Write a programme";
    every script may come first, with its opening marks and quotes (¿ “ 「), but no other
    punctuation of any script.
    """
    text = instruction.strip()
    if not text:
        return Refused("empty", 0)
    words = len(text.split()) if preset == "reference" else word_count(text)
    if words <= MORE_THAN:
        return Refused("too_short", words)
    if words > at_most:
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
    if char in string.punctuation:
        return True
    return unicodedata.category(char)[0] == "P" and char not in _MAY_BEGIN
