"""`numbers`: the values that a text names, so that a rewording's can be compared with the item's.

A teacher that rewords a question changes its words and keeps its numbers.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES = {word: value for value, word in enumerate(_SMALL.split())} | {
    word: 20 + 10 * place for place, word in enumerate(_TENS.split())
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "dozen": 12}
_SCALES |= {f"{word}s": value for word, value in _SCALES.items()}
_PARTS = {
    "half": Fraction(1, 2), "halves": Fraction(1, 2),
    "third": Fraction(1, 3), "thirds": Fraction(1, 3),
    "quarter": Fraction(1, 4), "quarters": Fraction(1, 4),
    "fourth": Fraction(1, 4), "fourths": Fraction(1, 4), "fifth": Fraction(1, 5),
    "twice": Fraction(2), "double": Fraction(2), "doubled": Fraction(2), "doubles": Fraction(2),
    "thrice": Fraction(3), "triple": Fraction(3), "tripled": Fraction(3), "triples": Fraction(3),
}  # fmt: skip
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "兩": 2,
}
_TIMES = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_HAN = "".join((*_DIGITS, *_TIMES, *_MYRIADS))

_THIN = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_FOUND = re.compile(
    rf"""(?P<fraction>(?<![\d/.,])\d{{1,3}}\s?[/\u2044]\s?\d{{1,3}}(?![\d/]))
       | (?P<figure>\d+(?:[.,'\u2019\u066b\u066c]\d+)*)
       | (?P<han>[{_HAN}]+|半)
       | (?P<word>[a-z]+)
       | [^\s-]""",
    re.VERBOSE,
)
_GROUPED = re.compile(r"\d{1,3}(?:([.,'])\d{3})(?:\1\d{3})*|\d{1,2}(?:,\d{2})+,\d{3}")
_LONGEST = 40


def numbers(text: str) -> frozenset[str]:
    """The different values in a text, each in one spelling: "80000", "3/2".

    Figures of every script, with marks between thousands (80,000, 80.000, 1,00,000) and decimal
    points and commas (1.5 and 1,5 are one; 1.500 is 1500, as 1,500 is); fractions (½, 1/2); English
    number words with their compounds ("two hundred and five", "3 dozen", "half", "twice"); Chinese
    and Japanese numerals (三百二十). "One", "first", "second" and 一 alone are words more often
    than numbers, and are none. Number words of other languages are not known.
    """
    text = unicodedata.normalize("NFKC", _THIN.sub("", text)).casefold()
    words = _Words()
    for found in _FOUND.finditer(text):
        if word := found["word"]:
            words.take(word)
        elif figure := found["figure"]:
            words.end()
            values = _figure(figure)
            if len(values) == 1:
                words.begin(values[0])  # "2 million"
            else:
                words.found.update(map(_spelt, values))
        else:  # a mark, a letter of another script, or a value of its own
            words.end()
            value = _han(found["han"]) if found["han"] else _fraction(found["fraction"])
            if value is not None:
                words.found.add(_spelt(value))
    words.end()
    return frozenset(words.found)


class _Words:
    """Number words as they come: units, tens and scales add up to one value."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._total: Fraction | None = None  # what stands before the last thousand or million
        self._part: Fraction | None = None
        self._last = ""
        self._lone_one = False

    def begin(self, value: Fraction | str) -> None:
        if isinstance(value, str):
            self.found.add(value)
        else:
            self._part, self._last = value, "figure"

    def take(self, word: str) -> None:
        if word == "and" and self._last == "hundred":
            return
        if (value := _VALUES.get(word)) is not None:
            kind = "tens" if value >= 20 else "unit"
            fits = self._last in ("scale", "hundred") or (
                self._last == "tens" and 0 < value < 10 and kind == "unit"
            )
            if not fits:
                self.end()
            self._lone_one = word == "one" and self._total is None and self._part is None
            self._part = (self._part or Fraction(0)) + value
            self._last = kind
        elif (scale := _SCALES.get(word)) is not None:
            self._scale(scale)
        else:
            self.end()
            if word in _PARTS:
                self.found.add(_spelt(_PARTS[word]))

    def _scale(self, scale: int) -> None:
        self._lone_one = False
        part = Fraction(1) if self._part is None else self._part
        if scale >= 1000:
            self._total, self._part = (self._total or Fraction(0)) + part * scale, None
            self._last = "scale"
        else:
            self._part, self._last = part * scale, "hundred" if scale == 100 else "dozen"

    def end(self) -> None:
        """A word that is no number: what came before it is whole."""
        if not self._lone_one and (self._total is not None or self._part is not None):
            self.found.add(_spelt((self._total or Fraction(0)) + (self._part or Fraction(0))))
        self._total = self._part = None
        self._last, self._lone_one = "", False


def _spelt(value: Fraction | str) -> str:
    return str(value)


def _figure(text: str) -> list[Fraction | str]:
    text = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text)
    text = text.translate({0x66B: ".", 0x66C: ",", 0x2019: "'"})
    if len(text) > _LONGEST:
        return [text]
    if _GROUPED.fullmatch(text):
        return [Fraction(re.sub(r"\D", "", text))]
    marks = re.findall(r"\D", text)
    whole, _, part = text.rpartition(marks[-1]) if marks else (text, "", "")
    if not marks or (len(marks) == 1 and marks != ["'"]):
        return [Fraction(text.replace(",", "."))]
    if marks[-1] != "'" and marks[-1] not in marks[:-1] and _GROUPED.fullmatch(whole):
        return [Fraction(re.sub(r"\D", "", whole) + "." + part)]  # 1.234,56
    return [Fraction(one) for one in re.split(r"\D", text)]  # a date, a version


def _fraction(text: str | None) -> Fraction | None:
    if text is None:
        return None
    above, below = (int(part) for part in re.split("[/\u2044]", text))
    return Fraction(above, below) if below else None


def _han(text: str | None) -> Fraction | None:
    """三百二十 as 320; digits in a row (二〇二一) as they stand; None for 一 alone."""
    if text == "半":
        return Fraction(1, 2)
    if text is None or text == "一":
        return None
    if len(text) > _LONGEST:
        return Fraction(0)
    if all(char in _DIGITS for char in text):
        return Fraction(int("".join(str(_DIGITS[char]) for char in text)))
    total = section = 0
    digit: int | None = None
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _TIMES:
            section += (1 if digit is None else digit) * _TIMES[char]
            digit = None
        else:
            section += digit or 0
            total += max(section, 1) * _MYRIADS[char]
            section, digit = 0, None
    return Fraction(total + section + (digit or 0))
