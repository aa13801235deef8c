"""Numbers in words: English ("two and a half million") and Chinese ("一百二十三", "三分之二")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from limbeck.filters.answer.foreign_words import foreign

_ONES_WORDS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
"""
_TENS_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ONES = {word: value for value, word in enumerate(_ONES_WORDS.split())}
_TENS = {word: value * 10 for value, word in enumerate(_TENS_WORDS.split(" "), 2)} | {"fourty": 40}
SCALES = {
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "lakh": 10**5,
    "crore": 10**7,
}
_PARTS = {
    "half": 2,
    "halves": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "hundredth": 100,
}
_ALL = sorted(
    [
        *(*_ONES, *_TENS, *SCALES, "hundred", "dozen", "minus", "negative"),
        *(form for part in _PARTS for form in (part, f"{part}s")),
    ],
    key=len,
    reverse=True,
)
_JOIN = r"(?:[ ]?-[ ]?|,? and (?:a )?|,? | a )"
_NUMBER = rf"(?:{'|'.join(_ALL)})"
_RUN = re.compile(
    rf"(?<![\w-])(?:(?:an? )?{_NUMBER}(?:{_JOIN}(?:{_NUMBER}|"
    rf"point(?= {_NUMBER}))){{0,40}})(?![\w])",
    re.IGNORECASE,
)
_VAGUE = re.compile(r"\b(?:few|several|many|some|couple of)\s$", re.IGNORECASE)  # dozens
_HAN_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "兩": 2,
}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000}
_HAN_BIG = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_HAN = "".join([*_HAN_DIGITS, *_HAN_SCALES, *_HAN_BIG])
_HAN_RUN = re.compile(rf"负?[{_HAN}]+(?:[点點][{_HAN}]+|分之[{_HAN}]+)?")

Found = tuple[int, int, Fraction, bool]
"""start, end, value, weak: a weak one may be no number at all ("no one", "一起")."""


def in_words(text: str) -> Iterator[Found]:
    """Every number written in words, in the order of the text."""
    found = list(_english(text))
    place = 0
    english = len(found)
    for start, end, value, weak in foreign(text):
        while place < english and found[place][1] <= start:
            place += 1
        if place == english or found[place][0] >= end:
            found.append((start, end, value, weak))
    if not text.isascii():
        found += _chinese(text)
    return iter(sorted(found))


def _english(text: str) -> Iterator[Found]:
    for run in _RUN.finditer(text):
        if _VAGUE.search(text[max(0, run.start() - 12) : run.start()]):
            continue
        words = re.findall(r"[a-z]+", run[0].lower())
        # "five, ten and two" is three numbers: read as much as makes one, then go on
        start = run.start()
        for count, value in _split(words):
            used, words = words[:count], words[count:]
            span = re.compile(r"[\s,-]*" + r"[\s,-]+".join(used), re.IGNORECASE).match(text, start)
            assert span is not None
            low = span.start() + len(span[0]) - len(span[0].lstrip(" ,-"))
            start = span.end()
            if value is not None:
                weak = used in (["one"], ["half"], ["a", "half"], ["quarter"], ["third"])
                weak = weak or (len(used) == 1 and used[0] in ("second", "hundred", *_PARTS))
                yield low, start, value, weak


def _split(words: list[str]) -> Iterator[tuple[int, Fraction | None]]:
    place = 0
    while place < len(words):
        count, value = _one(words[place:])
        yield count, value
        place += count


def _one(words: list[str]) -> tuple[int, Fraction | None]:
    """The longest number that the words begin with, and how many words it takes."""
    place, sign = 0, 1
    if words[0] in ("minus", "negative"):
        sign, place = -1, 1
    whole, place_after = _whole(words, place)
    if whole is None:
        value, end = _part(words, place, alone=True)
        return (end, sign * value) if value is not None else (max(place, 1), None)
    place = place_after
    if words[place : place + 1] == ["point"]:
        digits = ""
        end = place + 1
        while end < len(words) and _ONES.get(words[end], 10) < 10:
            digits += str(_ONES[words[end]])
            end += 1
        if digits:
            whole += Fraction(int(digits), 10 ** len(digits))
            place = end
            if words[place : place + 1] and words[place] in SCALES:
                whole *= SCALES[words[place]]
                place += 1
        return place, sign * whole
    if place < len(words) and (divisor := _divisor(words[place])) and whole > 0:
        return place + 1, sign * whole / divisor  # three quarters
    rest = place
    if words[rest : rest + 1] == ["and"]:
        rest += 1
        if words[rest : rest + 1] == ["a"]:
            rest += 1
        value, end = _part(words, rest, alone=False)
        if value is None and rest < len(words) and words[rest] in _ONES:  # two and three quarters
            divisor = _divisor(words[rest + 1]) if rest + 1 < len(words) else None
            value = Fraction(_ONES[words[rest]], divisor) if divisor else None
            end = rest + 2
        if value is not None:
            whole += value
            place = end
            if place < len(words) and words[place] in SCALES:  # two and a half million
                whole *= SCALES[words[place]]
                place += 1
    return place, sign * whole


def _divisor(word: str) -> int | None:
    return _PARTS.get(word) or _PARTS.get(word.removesuffix("s"))


def _part(words: list[str], place: int, *, alone: bool) -> tuple[Fraction | None, int]:
    if words[place : place + 1] in (["a"], ["an"]):
        place += 1
    divisor = _divisor(words[place]) if place < len(words) else None
    if not divisor:
        return None, place
    end = place + 1
    value = Fraction(1, divisor)
    if not alone:
        return value, end
    if words[end : end + 2] and words[end : end + 2][0] == "a":
        end += 1
    if end < len(words) and words[end] in SCALES:  # half a million
        value *= SCALES[words[end]]
        end += 1
    elif end < len(words) and words[end] == "dozen":
        value *= 12
        end += 1
    return value, end


def _whole(words: list[str], place: int) -> tuple[Fraction | None, int]:
    """ "two hundred and five thousand three": hundreds within falling scales."""
    total, current, last_scale = Fraction(0), None, 10**15
    start = place
    if words[place : place + 1] in (["a"], ["an"]):
        if place + 1 < len(words) and (
            words[place + 1] in SCALES or words[place + 1] in ("hundred", "dozen")
        ):
            current, place = Fraction(1), place + 1
        else:
            return None, start
    seen = False
    while place < len(words):
        word = words[place]
        if word == "and" and seen and place + 1 < len(words):
            nxt = words[place + 1]
            # "and" joins only below a hundred or a scale: a hundred and five, not five and ten
            joins = (current is not None and current >= 100) or (current is None and total)
            small = _ONES.get(nxt, 0) or _TENS.get(nxt, 0)
            if not (joins and small) or _fraction_follows(words, place + 1):
                break
            place += 1
            continue
        if word in _ONES:
            value = _ONES[word]
            if current is None:
                current = Fraction(value)
            elif (current % 100 == 0 and current >= 100 and value) or (
                current % 10 == 0 and current % 100 >= 20 and 0 < value < 10
            ):
                current += value
            else:
                break
        elif word in _TENS:
            if current is None:
                current = Fraction(_TENS[word])
            elif current % 100 == 0 and current >= 100:
                current += _TENS[word]
            else:
                break
        elif word == "hundred":
            if current is None and not seen:
                current = Fraction(100)
            elif current is not None and 0 < current < 100:
                current *= 100
            else:
                break
        elif word == "dozen":
            current = (current if current is not None else Fraction(1)) * 12
            place, seen = place + 1, True
            break
        elif word in SCALES:
            if SCALES[word] >= last_scale or (current is None and seen):
                break
            last_scale = SCALES[word]
            total += (current if current is not None else Fraction(1)) * last_scale
            current = None
        else:
            break
        seen = True
        place += 1
    if not seen:
        return None, start
    return total + (current or 0), place


def _fraction_follows(words: list[str], place: int) -> bool:
    return place + 1 < len(words) and _divisor(words[place + 1]) is not None


def _chinese(text: str) -> Iterator[Found]:
    for run in _HAN_RUN.finditer(text):
        body = run[0].removeprefix("负")
        value = _han_value(body)
        if value is not None:
            yield run.start(), run.end(), -value if body != run[0] else value, len(body) == 1


def _han_value(body: str) -> Fraction | None:
    if "分之" in body:
        below, above = (_han_value(part) for part in body.split("分之"))
        return above / below if above is not None and below else None
    whole, _, decimals = body.replace("點", "点").partition("点")
    if decimals:
        value = _han_value(whole)
        if value is None or any(char not in _HAN_DIGITS for char in decimals):
            return None
        digits = "".join(str(_HAN_DIGITS[char]) for char in decimals[:50])
        return value + Fraction(int(digits), 10 ** len(digits))
    if len(whole) > 40:
        return None
    if all(char in _HAN_DIGITS for char in whole) and len(whole) > 1:  # 二〇二四
        return Fraction(int("".join(str(_HAN_DIGITS[char]) for char in whole)))
    total, section, digit, last = 0, 0, 0, 10**8
    for char in whole:
        if char in _HAN_DIGITS:
            digit = _HAN_DIGITS[char]
        elif char in _HAN_SCALES:
            section += (digit or 1) * _HAN_SCALES[char]
            digit = 0
        else:
            big = _HAN_BIG[char]
            if not total + section + digit:
                return None  # "万一" is "in case"
            if big > last:  # 一万亿
                total = (total + section + digit) * big
            else:
                total += (section + digit) * big
            section, digit, last = 0, 0, big
    return Fraction(total + section + digit)
