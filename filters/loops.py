"""The stretch at the end of a text that is one unit again and again: how a small model fails.

A suffix of n characters has the period d when each of its characters is the one d before it. The
last characters are looked up further up in the text: the distance to where they stand is the only
period that a loop there can have, and one comparison of slices says how far it reaches back. The
time is linear in the text, and no spaces are needed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NEEDLE = 24  # characters that are looked up
_WINDOW = 20_000  # how far up they are looked for: the longest unit
_TRIES = 16  # places that are tried: the unit may hold the needle several times
# A loop is so many characters long, and so many times its unit: enough for no refrain and no list.
_SHORT, _LONG, _TIMES = 120, 240, 4
_BLANK_LONG, _BLANK_TIMES = 400, 20  # of rules, dots and digits, which people draw and compute
_WIDE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\ua4cf\uac00-\ud7af"
                   "\uf900-\ufaff\U00020000-\U0003ffff]")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Loop:
    """Where the loop begins, how many characters its unit has, and how often it comes (3.5 where
    the last one is cut)."""

    start: int
    unit: int
    times: float


def tail_loop(text: str) -> Loop | None:
    """The loop that a text ends with, white space at its end aside; None for none."""
    end = len(text.rstrip())
    if end < 2 * _NEEDLE:
        return None
    needle = text[end - _NEEDLE : end]
    place = end - _NEEDLE
    for _ in range(_TRIES):
        place = text.rfind(needle, max(0, end - _WINDOW), place + _NEEDLE - 1)
        if place < 0:
            return None
        unit = end - _NEEDLE - place
        length = unit + _alike(text, end, unit)
        if _is_loop(text[end - min(unit, 200) : end], length, unit):
            return Loop(end - length, unit, length / unit)
    return None


def _alike(text: str, end: int, shift: int) -> int:
    """How many of the characters before `end` are those `shift` before them."""
    good, step = _NEEDLE, _NEEDLE
    most = end - shift
    while good < most:  # gallop, then halve the step: every character is compared about twice
        ahead = min(good + step, most)
        old = slice(end - ahead - shift, end - good - shift)
        if text[end - ahead : end - good] == text[old]:
            good, step = ahead, step * 2
        elif step == 1:
            break
        else:
            step = max(1, min(step, ahead - good) // 2)
    return good


def _is_loop(unit: str, length: int, period: int) -> bool:
    times = length / period
    if not any(map(str.isalpha, unit)):
        return length >= _BLANK_LONG and times >= _BLANK_TIMES
    if _WIDE.search(unit):  # two characters are a word
        length *= 2
        period *= 2
    return times >= _TIMES and length >= (_LONG if period < 12 else _SHORT)
