"""How much of a text stands in lines, paragraphs and n-grams that it had already.

The measures are Gopher's (Rae et al. 2021, arXiv:2112.11446, table A1), as shares of characters.
Places of equal n-grams are grouped, and groups of n are split by their next word into those of
n + 1: a text that repeats little costs little.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

TOP = (2, 3, 4)
AGAIN = (5, 6, 7, 8, 9, 10)
_LINE = 20  # characters: shorter lines (labels, brackets, "Yes") come again in good texts
_WORDS = 50  # a shorter text says too little about n-grams
_MOST = 100_000  # characters that are looked at: the first half and the last half of so many
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
_SPARSE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Repeats:
    """Shares from 0 to 1: of the lines and of the paragraphs that were there before, by number
    and by characters; `top`, of the characters in the n-gram that covers most, for n = 2, 3, 4;
    `again`, of those in n-grams that were there before, for n = 5 to 10, each character once."""

    lines: float = 0.0
    line_characters: float = 0.0
    paragraphs: float = 0.0
    paragraph_characters: float = 0.0
    top: tuple[float, ...] = (0.0,) * len(TOP)
    again: tuple[float, ...] = (0.0,) * len(AGAIN)


def repeats(text: str) -> Repeats:
    """The shares of a text, without its fenced code and the rows of its tables, where the same
    comes again by right. Short lines do not count, and n-grams only from 50 words on. Where a
    script writes no spaces, two characters are a word; four in Thai, Lao, Khmer and Myanmar."""
    if len(text) > _MOST:
        text = text[: _MOST // 2] + "\n" + text[-_MOST // 2 :]
    text = _prose(text)
    words, width = _words(text)
    top, again = [0.0] * len(TOP), [0.0] * len(AGAIN)
    if len(words) >= _WORDS * width:
        ends = [0, *accumulate(map(len, words))]
        for n, groups in _groups(words, width * AGAIN[-1]):
            if n % width == 0 and n // width in TOP:
                most = (_covered(group, n, ends) for group in groups if len(group) > 2)
                top[n // width - TOP[0]] = max(most, default=0) / ends[-1]
            if n % width == 0 and n // width in AGAIN:
                places = sorted(place for group in groups for place in group[1:])
                again[n // width - AGAIN[0]] = _covered(places, n, ends) / ends[-1]
    return Repeats(
        *_repeated(text.split("\n")), *_repeated(text.split("\n\n")), tuple(top), tuple(again)
    )


def _prose(text: str) -> str:
    if "```" in text or "~~~" in text:
        text = _FENCE.sub("", text)
    if "|" in text:
        text = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("|"))
    return text


def _repeated(parts: Sequence[str]) -> tuple[float, float]:
    if len(parts) < 3:  # a thing and its copy are an example more often than a loop
        return 0.0, 0.0
    found = [part for part in map(str.strip, parts) if part]
    times = Counter(found)
    if len(times) == len(found):
        return 0.0, 0.0
    again = {part: n - 1 for part, n in times.items() if n > 1 and len(part) >= _LINE}
    characters = sum(len(part) * n for part, n in again.items())
    return sum(again.values()) / len(found), characters / sum(map(len, found))


def _words(text: str) -> tuple[Sequence[str], int]:
    """The words, and how many of them stand for one."""
    words = text.split()
    if text.isascii():
        return words, 1
    whole = "".join(words)
    if 3 * sum(map(len, _UNSPACED.findall(whole))) < len(whole):
        return words, 1
    return whole, 4 if 3 * sum(map(len, _SPARSE.findall(whole))) > len(whole) else 2


def _groups(words: Sequence[str], most: int) -> Iterable[tuple[int, list[list[int]]]]:
    """(n, the places of every n-gram that is there more than once, in order), n from 1."""
    words = [*words, ""]  # no word is empty: the last n-gram goes on with what none goes on with
    groups: list[Sequence[int]] = [range(len(words))]
    for n in range(1, most + 1):
        found: list[list[int]] = []
        for group in groups:
            split: defaultdict[str, list[int]] = defaultdict(list)
            for place in group:
                split[words[place + n - 1]].append(place)
            found += [places for places in split.values() if len(places) > 1]
        if not found:
            return
        yield n, found
        groups = [*found]


def _covered(places: Sequence[int], n: int, ends: Sequence[int]) -> int:
    """The characters in the n-grams at `places`, which are in order, each counted once."""
    total = done = 0
    for place in places:
        total += ends[place + n] - ends[max(place, done)]
        done = place + n
    return total
