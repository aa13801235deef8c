"""Which script a text is in, whether it reads as English, and how lengths spread."""

from __future__ import annotations

import unicodedata
from collections import Counter

import numpy as np

_NAMES = {"CJK": "Chinese", "IDEOGRAPHIC": "Chinese", "HIRAGANA": "Kana", "KATAKANA": "Kana"}
_ENOUGH = 2000  # characters that decide the script


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for a constant that reads as one."""
    return frozenset(text.split())


_ENGLISH = word_set(
    "a an and are as at be by can do does following for from given has have how if in into is it "
    "its me my of on or some than that the their them they this to was what when which who why "
    "will with would you your"
)
_NOT_ENGLISH = word_set(
    "al auf au aus avec che como con da das de dei del della den der des di die dos du e ein eine "
    "einen el em en est et für i il ist la las le les lo los mit na não o os para par pas por "
    "pour que qui se sind su sur um un una und une uno y zu"
)


class _Scripts(dict[str, str]):
    """The script of a letter by the first word of its Unicode name; "" for what is no letter."""

    def __missing__(self, char: str) -> str:
        first = unicodedata.name(char, "").split(" ")[0].split("-")[0]
        script = _NAMES.get(first, first.capitalize()) if char.isalpha() else ""
        self[char] = script
        return script


_SCRIPTS = _Scripts()


def script_of(text: str) -> str:
    """The script of most letters: "Latin", "Chinese", "Arabic" ...; "none" without a letter.

    Any kana makes Chinese characters Japanese.
    """
    text = text[:_ENOUGH]
    if text.isascii():
        return "Latin" if any(map(str.isalpha, text)) else "none"
    counts = Counter(_SCRIPTS[char] for char in text)
    del counts[""]
    if not counts:
        return "none"
    script = min(counts, key=lambda name: (-counts[name], name))
    return "Japanese" if script in ("Chinese", "Kana") and counts["Kana"] else script


def is_english(text: str) -> bool:
    """Latin script, and at least as many small words of English as of other languages."""
    if script_of(text) != "Latin":
        return False
    words = "".join(c if c.isalpha() else " " for c in text[:_ENOUGH].casefold()).split()
    english = sum(word in _ENGLISH for word in words)
    return english >= sum(word in _NOT_ENGLISH for word in words) and (
        english > 0 or text.isascii()
    )


def spread(counts: list[int]) -> dict[str, float | int | None]:
    """Mean, 10th, 50th and 90th percentile and maximum; None where there is nothing."""
    keys = ("n", "mean", "p10", "p50", "p90", "max")
    if not counts:
        return dict.fromkeys(keys, None) | {"n": 0}
    low, middle, high = (float(v) for v in np.percentile(counts, (10, 50, 90)))
    mean = sum(counts) / len(counts)
    return dict(zip(keys, (len(counts), mean, low, middle, high, max(counts)), strict=True))
