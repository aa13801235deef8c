"""Where a text has quantities: numbers with their currency, scale, percent sign and unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from limbeck.filters.answer.candidates import Candidate
from limbeck.filters.answer.number_words import SCALES, in_words
from limbeck.filters.answer.numerals import Number, pieces, times
from limbeck.filters.answer.quantity import Quantity, same
from limbeck.filters.answer.units import Unit, known, unit_after

_LATIN = "A-Za-z\u00aa\u00b5\u00c0-\u024f\u0370-\u052f"
_TOKEN = re.compile(
    rf"(?P<opaque>\d{{1,4}}/\d{{1,2}}/\d{{2,4}}(?!\d)|\d{{4}}-\d{{2}}-\d{{2}}(?!\d)|"
    rf"\d{{1,2}}-\d{{1,2}}-\d{{4}}(?!\d)|\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?![\d]))"
    rf"|(?P<code>\b(?:USD|EUR|GBP|CNY|RMB|JPY|INR|AUD|CAD|CHF|KRW|Rs\.?)\s?(?=[\d-]))"
    rf"|(?P<word>[{_LATIN}_][{_LATIN}\d_]*)"
    rf"|(?P<run>\d+(?:[.,'_ ]\d+)*|(?<![\d.])\.\d+)"
)
_CURRENCY = re.compile(r"(?:\b(?:US|A|C)(?=\$))?([$€£¥₹₩₽])\s?$")
_SIGN = re.compile(r"(?:(?<=[\s(=:,*\[{+×·<>≈\"'$€£¥₹])|(?<=→)|^)([-–+±])[ ]?$")
_WORDED_SIGN = re.compile(
    r"\bnegative\s$|(?<![\d)] )(?<!\w )\bminus\s$|(?:is|equals) minus\s$|负$", re.IGNORECASE
)
_EXPONENT = re.compile(
    r"[eE]([-+]?\d{1,12})(?![\w.]\d)"
    r"|\s?[×xX*·]\s?10\s?(?:\^|\*\*)\s?[{(]?\s?([-+]?\d{1,12})[)}]?(?!\d)"
)
_POWER = re.compile(r"\s?(?:\^|\*\*)\s?[{(]?\s?(-?\d{1,12})[)}]?(?![\d.])")
_SLASH = re.compile(r"/(?=\d)")
_PERCENT = re.compile(
    r"\s?(?:%(?!\s?\d)|percentage points?\b|per ?cent\b|percent\b|pct\b)", re.IGNORECASE
)
_SCALE = re.compile(
    r"[ -]?(hundred|thousand|million|billion|trillion|lakh|crore|dozen|mill?ions?|bn|mn|mln|tn)\b"
    r"|\s?([百千万萬亿億])"
    r"|([kKMBT])(?![\w°/])",
    re.IGNORECASE,
)
_SCALES = {
    **SCALES,
    "hundred": 100,
    "dozen": 12,
    "bn": 10**9,
    "mn": 10**6,
    "mln": 10**6,
    "tn": 10**12,
    "k": 10**3,
    "m": 10**6,
    "b": 10**9,
    "t": 10**12,
    "百": 100,
    "千": 1000,
    "万": 10**4,
    "萬": 10**4,
    "亿": 10**8,
    "億": 10**8,
    "millions": 10**6,
}
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b", re.IGNORECASE)
_GLUED = re.compile(rf"[{_LATIN}]")
_LABEL = re.compile(
    r"\b(?:step|part|case|figure|fig|equation|eq|example|question|problem|line|note|option|method|"
    r"chapter|section|table|page|rule|claim|attempt|approach)s?\.?\s(?:\()?$",
    re.IGNORECASE,
)
_ITEM = re.compile(r"(?:^|\n)[ ]{0,8}[(#]{0,5}$")
_ITEM_END = re.compile(r"[.)]:?[ ]+[^\s\d]|\)[ ]")
_MAX_EXPONENT = 4000


def quantities(text: str, *, items: bool = True) -> list[Candidate[Quantity]]:
    """Every quantity of a plain text, in order. Parts of words, dates, times of day and, with
    `items`, the numbers of list items and steps are none."""
    found = [*_digits(text, items)]
    taken = [(candidate.start, candidate.end) for candidate in found]
    place = 0
    for start, end, value, weak in in_words(text):
        while place < len(taken) and taken[place][1] <= start:
            place += 1
        if place < len(taken) and taken[place][0] < end:
            continue
        percent = _PERCENT.match(text, end)
        unit, after = (None, percent.end()) if percent else unit_after(text, end)
        found.append(Candidate(start, after, Quantity(value, unit, bool(percent)), weak))
    found.sort(key=lambda candidate: candidate.start)
    return _explained(_compounds(found, text), text)


def _explained(found: list[Candidate[Quantity]], text: str) -> list[Candidate[Quantity]]:
    """ "1,500 (fifteen thousand)" says two numbers; "5 km (3.1 miles)" converts one."""
    for place in range(len(found) - 1):
        one, other = found[place], found[place + 1]
        if (
            text[one.end : other.start] in (" (", "(")
            and text[other.end : other.end + 1] == ")"
            and not same(one.value, other.value)
            and not (one.value.unit and other.value.unit)
            and one.value.percent == other.value.percent
        ):
            found[place] = replace(one, value=replace(one.value, several=True))
    return found


def _digits(text: str, items: bool) -> Iterator[Candidate[Quantity]]:
    code = ""
    code_start = skip = 0
    for token in _TOKEN.finditer(text):
        if token["code"]:
            code, code_start = token["code"].strip(), token.start()
            continue
        if not token["run"]:
            code = ""
            continue
        runs = _runs(text, token)
        for place, (start, end, value) in enumerate(runs):
            if start < skip or value is None:
                continue
            ahead = runs[place + 1] if place + 1 < len(runs) else None
            candidate, skip = _quantity(text, start, end, value, ahead, code, code_start)
            code = ""
            if candidate is None:
                continue
            if items and _is_label(text, start, end):
                continue
            yield candidate


def _runs(text: str, token: re.Match[str]) -> list[tuple[int, int, Number | None]]:
    """The numbers of one token; "8 107/114" is no 8107 over 114."""
    run, base = token["run"], token.start("run")
    cut = run.rfind(" ") if _BELOW_FOLLOWS.match(text, token.end()) else -1
    if cut < 0:
        return [(base + low, base + high, value) for low, high, value in pieces(run)]
    halves = ((base, run[:cut]), (base + cut + 1, run[cut + 1 :]))
    return [
        (at + low, at + high, value) for at, half in halves for low, high, value in pieces(half)
    ]


def _is_label(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 24) : start]
    at_start = start < 12 and not before.strip(" (#")
    item = end - start <= 2 and (_ITEM.search(before) or at_start) and _ITEM_END.match(text, end)
    return bool(item or _LABEL.search(before))


def _quantity(
    text: str,
    start: int,
    end: int,
    value: Number,
    ahead: tuple[int, int, Number | None] | None,
    code: str,
    code_start: int,
) -> tuple[Candidate[Quantity] | None, int]:
    """The quantity around one literal, None if it is none, and where to read on."""
    value, end = _with_fraction(text, end, value, ahead)
    begin, sign, several, unit = _signed(text, start)
    if code:
        begin, unit = min(begin, code_start), _currency(code)
    exponent = _EXPONENT.match(text, end) or _POWER.match(text, end)
    if exponent:
        raised = _raised(value, exponent)
        if raised is None:
            return None, exponent.end()
        value, end = raised, exponent.end()
    if _ORDINAL.match(text, end) and not exponent:
        end += 2
        return Candidate(begin, end, Quantity(value), weak=True), end
    scale = _SCALE.match(text, end)
    if scale and not (scale[3] in ("m", "b", "t") and unit is None) and scale[3] != "T":
        value, end = times(value, Fraction(_SCALES[scale[0].strip(" -").lower()])), scale.end()
    percent = _PERCENT.match(text, end)
    if percent:
        end = percent.end()
    elif unit is None:
        glued = _GLUED.match(text, end)
        unit, after = unit_after(text, end)
        if glued and (unit is None or not unit.dimension):
            return None, end  # 3D, 2x, 4chan
        end = after
    value = times(value, Fraction(sign))
    return Candidate(begin, end, Quantity(value, unit, bool(percent), several)), end


def _with_fraction(
    text: str, end: int, value: Number, ahead: tuple[int, int, Number | None] | None
) -> tuple[Number, int]:
    """ "3/4" and "2 3/4", where the first is `value` and the rest follows."""
    if ahead and text.startswith(" ", end) and isinstance(ahead[2], Fraction):
        below = _below(text, ahead[1])
        if below and isinstance(value, Fraction) and value.denominator == 1:
            proper = ahead[2] < below[0] and not text.startswith("/", below[1])
            return (value + ahead[2] / below[0], below[1]) if proper else (value, end)
        return value, end
    divided = _below(text, end)
    if divided and isinstance(value, Fraction) and not text.startswith("/", divided[1]):
        return value / divided[0], divided[1]
    return value, end


_BELOW_FOLLOWS = re.compile(r"/\d")
_BELOW = re.compile(r"\d{1,400}(?:,\d{3})*(?:\.\d+)?")


def _below(text: str, end: int) -> tuple[Fraction, int] | None:
    slash = _SLASH.match(text, end)
    if slash is None:
        return None
    digits = _BELOW.match(text, slash.end())
    if digits is None or len(digits[0]) > 400:
        return None
    value = Fraction(digits[0].replace(",", ""))
    return (value, digits.end()) if value else None


def _signed(text: str, start: int) -> tuple[int, int, bool, Unit | None]:
    """Where a number really begins: its sign and its currency, "-$5" and "$-5" alike."""
    begin, unit, sign, several = start, None, 1, False
    for _ in range(2):
        before = text[max(0, begin - 5) : begin]
        money = _CURRENCY.search(before)
        if money and unit is None:
            unit = _currency(money[0].strip())
            begin -= len(money[0])
            continue
        signed = _SIGN.search(before)
        worded = _WORDED_SIGN.search(text[max(0, begin - 12) : begin])
        if worded and sign == 1:
            sign = -1
            begin -= len(worded[0])
        # "- 5" after a word is a dash; "is -5" is a sign
        if signed and _is_sign(text[max(0, begin - 8) : begin], signed[0]):
            sign = -1 if signed[1] in "-–" else 1
            several = several or signed[1] == "±"
            begin -= len(signed[0])
    return begin, sign, several, unit


def _is_sign(text: str, mark: str) -> bool:
    """Whether a minus is a sign: "= - 5", "is -5"; not "10 -5", and "apples - 5" is a dash."""
    before = text[: len(text) - len(mark)].rstrip()
    if not before or before[-1] in "=(:,*+×·[{<>≈→":
        return True
    return not mark.endswith(" ") and not before[-1].isdigit()


def _currency(mark: str) -> Unit:
    found = known(mark) or ("usd", Fraction(1))
    return Unit((mark.lower(),), *found)


def _raised(value: Number, exponent: re.Match[str]) -> Number | None:
    power = next(group for group in exponent.groups() if group is not None)
    number = int(power)
    if exponent.re is _POWER:
        if not isinstance(value, Fraction) or (value == 0 and number < 0):
            return None
        size = max(value.numerator.bit_length(), value.denominator.bit_length())
        return value**number if size * abs(number) < 3 * _MAX_EXPONENT else None
    if abs(number) > _MAX_EXPONENT or not isinstance(value, Fraction):
        return None
    return value * Fraction(10) ** number


def _compounds(found: list[Candidate[Quantity]], text: str) -> list[Candidate[Quantity]]:
    """ "5 feet 6 inches" and "$3 and 50 cents" are one quantity each."""
    merged: list[Candidate[Quantity]] = []
    for candidate in found:
        last = merged[-1] if merged else None
        if last and text[last.end : candidate.start] in (" ", " and ", ", ", ", and "):
            first, second = last.value, candidate.value
            if (
                first.unit
                and second.unit
                and first.unit.dimension
                and first.unit.dimension == second.unit.dimension
                and second.unit.factor < first.unit.factor
                and isinstance(first.value, Fraction)
                and isinstance(second.value, Fraction)
                and second.value * second.unit.factor < first.unit.factor
            ):
                total = first.value + second.value * second.unit.factor / first.unit.factor
                merged[-1] = Candidate(last.start, candidate.end, Quantity(total, first.unit))
                continue
        merged.append(candidate)
    return merged
