"""Times of day and durations in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from limbeck.filters.answer.foreign_durations import in_english
from limbeck.filters.answer.quantities import quantities

Key = tuple[int | Fraction | str, ...]
Found = tuple[int, int, Key]

_MORNING = r"de la mañana|de la madrugada|du matin|d[ia] mattina|del mattino|da manhã|morgens|утра"
_AFTERNOON = (
    r"de la (?:tarde|noche)|de l'après-midi|du soir|d[ia] (?:sera|pomeriggio)|del pomeriggio|"
    r"da (?:tarde|noite)|nachmittags|abends|вечера|дня"
)
_HALF_DAY = (
    r"(?P<half>[ap]\.?\s?m\b\.?|in the (?:morning|afternoon|evening)|at night|"
    rf"(?P<am>{_MORNING})|(?P<pm>{_AFTERNOON}))"
)
_HAN_HALVES = {
    **dict.fromkeys(("上午", "早上", "凌晨", "午前", "오전", "아침", "새벽"), "a"),
    **dict.fromkeys(("下午", "晚上", "中午", "午後", "오후", "저녁", "밤"), "p"),
}
_HAN = "|".join(_HAN_HALVES)
_TIMES = re.compile(
    rf"(?:(?P<han_before>{_HAN})\s?)?(?<![\d:.,/])(?P<hour>\d{{1,2}})"
    r"(?::|\.(?=\d\d\s?(?:[ap]\.?m|uhr)))(?P<minute>\d{2})"
    rf"(?::(?P<second>\d{{2}}))?(?![\d:])\s?{_HALF_DAY}?"
    rf"|(?<![\d:.,/$-])(?P<hour2>\d{{1,2}})\s?(?:o'clock\s?)?(?P<half2>[ap]\.?\s?m\b\.?)"
    r"|(?<![\w:.,/-])(?P<hour3>\d{1,2})\s?(?:h|uhr)\s?(?P<minute3>\d{2})?(?![\w:])"
    r"|\b(?P<word>noon|midnight|midday)\b"
    rf"|(?:(?P<han>{_HAN})\s?)?(?P<hour4>\d{{1,2}})\s?[点點時时시](?!间|間|간)"
    r"(?:(?P<minute4>\d{1,2}(?!\d)|\s\d{1,2}(?=분))[分분]?|\s?(?P<minute_half>[半반]))?",
    re.IGNORECASE,
)


def times_of_day(text: str) -> Iterator[Found]:
    """(start, end, (mark, hour, minute, second)); the mark is "?" where am or pm is missing.

    A leading zero, or an hour that no half of the day has, says that all 24 hours are meant. A
    time that cannot be has an empty key.
    """
    for match in _TIMES.finditer(text):
        yield match.start(), match.start() + len(match[0].rstrip()), _read(match)


def _read(match: re.Match[str]) -> Key:
    if match["word"]:
        return "", 0 if match["word"].lower() == "midnight" else 12, 0, 0
    if match["hour"]:
        second = int(match["second"] or 0)
        half = "a" if match["am"] else "p" if match["pm"] else match["half"] or ""
        half = half or _HAN_HALVES.get(match["han_before"] or "", "")
        return _time(match["hour"], int(match["minute"]), second, half)
    if match["hour2"]:
        return _time(match["hour2"], 0, 0, match["half2"])
    if match["hour3"]:
        return _time(match["hour3"], int(match["minute3"] or 0), 0, "", all_day=True)
    minute = 30 if match["minute_half"] else int(match["minute4"] or 0)
    return _time(match["hour4"], minute, 0, _HAN_HALVES.get(match["han"] or "", ""))


def _time(hour: str, minute: int, second: int, half: str, *, all_day: bool = False) -> Key:
    number = int(hour)
    half = half.lower().replace("in the ", "").replace("at ", "")
    afternoon = half[:1] in ("p", "e", "n") or half.startswith("aft")
    if number > 24 or minute > 59 or second > 59 or (number == 24 and minute):
        return ()
    if half and number > 12:
        return ("", number, minute, second) if afternoon else ()
    if half and number == 0:
        return ()
    if half:
        return "", number % 12 + (12 if afternoon else 0), minute, second
    known = all_day or (len(hour) == 2 and hour[0] == "0") or number > 12 or number == 0
    return "" if known else "?", number % 24, minute, second


_ISO = re.compile(
    r"\bP(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?(?!\w)"
)
_ISO_SIZES = [
    ("months", 12),
    ("months", 1),
    ("seconds", 604_800),
    ("seconds", 86_400),
    ("seconds", 3600),
    ("seconds", 60),
    ("seconds", 1),
]
_SPREAD = [
    (re.compile(r"(\d)\s?(h|d|m|s)(?:rs?|ours?|in)?\s?(?=\d)", re.IGNORECASE), r"\1 \2 "),
    (re.compile(r"(?<=\d h )(\d{1,2})m?\b(?!\s?[a-z])", re.IGNORECASE), r"\1 min"),
]
_RANGE = re.compile(
    r"\s?(?:to|or|-|–|~|〜|～|and|bis|oder|und|a|o|y|à|ou|et|e|tot|of|en|до|или|и|から|到|至|에서)\s?"
)
_UNIT = r"(second|minute|hour|day|week|month|year)"
_WORDED = [
    (re.compile(rf"\bhalf (?:an? |of an? ){_UNIT}\b", re.IGNORECASE), r"0.5 \1"),
    (re.compile(rf"\b(?:a )?quarter of an? {_UNIT}\b", re.IGNORECASE), r"0.25 \1"),
    (re.compile(rf"\bthree[ -]quarters of an? {_UNIT}\b", re.IGNORECASE), r"0.75 \1"),
    (re.compile(rf"(?<!\S)(\d{{1,9}}) {_UNIT}s? and a half\b", re.IGNORECASE), r"\1.5 \2"),
    (re.compile(rf"\b(\w+) {_UNIT}s? and a half\b", re.IGNORECASE), r"\1 and a half \2s"),
    (re.compile(rf"\b(?:an?|one) and a half {_UNIT}", re.IGNORECASE), r"1.5 \1"),
    (re.compile(rf"(?<!half )\ban? {_UNIT}\b", re.IGNORECASE), r"1 \1"),
    (re.compile(r"\b(?:a|one|1) fortnight\b", re.IGNORECASE), "2 weeks"),
    (
        re.compile(r"(?<!\d)(\d{1,3}):(\d{2}):(\d{2})(?=\s|$|\.)(?!\s?[ap]\.?m)"),
        r"\1 h \2 min \3 s",
    ),
    (re.compile(r"(?<!\d)(\d{1,3}):(\d{2}) ?(?:hours?|hrs?|h)\b"), r"\1 h \2 min"),
]


def durations(text: str) -> Iterator[Found]:
    """(start, end, ("s", seconds) or ("months", number)) of a text that was `spelled`."""
    found = quantities(text)
    for place, candidate in enumerate(found):
        before = found[place - 1] if place else None
        unit = candidate.value.unit
        if unit is None:
            continue
        if unit.dimension in ("time", "months") and isinstance(candidate.value.value, Fraction):
            sort = "s" if unit.dimension == "time" else "months"
            key: Key = (sort, candidate.value.value * unit.factor)
            if (
                before
                and before.value.unit is None
                and _RANGE.fullmatch(text, before.end, candidate.start)
            ):
                key = ()  # "2 to 3 hours"
            yield candidate.start, candidate.end, key


def spelled(text: str) -> str:
    """ "2h30m" is "2 h 30 min", "half an hour" is "0.5 hour"."""
    text = in_english(_ISO.sub(_iso, text))
    for pattern, instead in (*_WORDED, *_SPREAD):
        text = pattern.sub(instead, text)
    return text


def _iso(match: re.Match[str]) -> str:
    """ "PT2H30M" is "9000 seconds"; one that mixes months and days stays as it is."""
    parts = [
        (unit, int(number) * size)
        for (unit, size), number in zip(_ISO_SIZES, match.groups(), strict=True)
        if number
    ]
    if len({unit for unit, _ in parts}) != 1:
        return match[0]
    return f"{sum(number for _, number in parts)} {parts[0][0]}"
