"""Days in a text: any unambiguous rendering of a date. Numeric dates are MM/DD/YYYY.

Dots are DD.MM.YYYY, a year in front is YYYY-MM-DD. A date that does not exist, or has a
year of two digits, is found and equal to nothing.
"""

from __future__ import annotations

import datetime
import re

from limbeck.errors import UserError
from limbeck.filters.answer.candidates import Candidate
from limbeck.filters.answer.clock import durations, spelled, times_of_day
from limbeck.filters.answer.day_first import NUMERIC, in_order
from limbeck.filters.answer.moment import SORTS, Sort, When, exists
from limbeck.filters.answer.month_names import MONTHS, WEEKDAYS, fold
from limbeck.filters.answer.plain import cited, plain, visible
from limbeck.filters.answer.tables import trie

_M = rf"(?P<month>{trie(MONTHS)})(?!\w)\.?"
_W = rf"(?:{trie(WEEKDAYS)}(?!\w)\.?,?\s)?(?:the\s)?"
_TH = r"(?:st|nd|rd|th|er|º|ª|°|e)?\b\.?"
_ORDINALS_WORDS = """
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first
twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth
twenty-ninth thirtieth thirty-first
"""
_ORDINALS = _ORDINALS_WORDS.split()
_ORDINAL = {name: day for day, name in enumerate(_ORDINALS, 1)}
_D = rf"(?P<day>\d{{1,2}}{_TH}|{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})"
_Y = r"(?P<year>\d{4})(?!\d)"
_OF = r"(?:\s?(?:of|de|del|di|dem|den|من|d')\s?|\s?[-/., ]\s?)"
_DAYS = [
    re.compile(
        r"(?<![\d/.-])(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})"
        r"(?![\d/]|[-.]\d)"
    ),
    NUMERIC,
    re.compile(
        r"(?<![\d/.-])(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4}|\d{2})(?![\d/]|"
        r"[-.]\d)"
    ),
    re.compile(
        rf"(?<![\w]){_W}{_M}\s?-?(?:the\s)?{_D},?(?:\sin|\sof)?[\s,-]\s?(?:the\syear\s)?{_Y}", re.I
    ),
    re.compile(
        rf"(?<![\w/.-]){_W}{_D}(?:\sday)?{_OF}{_M}{_OF}?(?:\s?(?:year|năm|عام|سنة|lat[a]?)\s)?{_Y}",
        re.I,
    ),
    re.compile(rf"(?<![\w/.-]){_Y}[\s,.-]{{1,2}}{_M}[\s-]{_D}(?!\w)", re.I),
    re.compile(
        r"(?<!\d)(?P<year>\d{4})\s?[年년]\s?(?P<month>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})\s?[日号號일]"
    ),
    re.compile(r"(?<![\w])(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?![\w])"),
]
_OTHERS: list[tuple[Sort, re.Pattern[str]]] = [
    ("month", re.compile(rf"(?<!\w){_M},?{_OF}?\s?{_Y}", re.I)),
    ("month", re.compile(r"(?<![\d/-])(?P<year>\d{4})[-/](?P<month>\d{2})(?![\d/-])")),
    ("month", re.compile(r"(?<![\d/-])(?P<month>\d{1,2})/(?P<year>\d{4})(?![\d/-])")),
    ("month", re.compile(r"(?<!\d)(?P<year>\d{4})\s?年\s?(?P<month>\d{1,2})\s?月(?!\s?\d)")),
    ("anniversary", re.compile(rf"(?<!\w){_W}{_M}\s(?:the\s)?{_D}(?!\w|[:/])", re.I)),
    ("anniversary", re.compile(rf"(?<![\w/.-]){_W}{_D}{_OF}{_M}(?!\w)", re.I)),
    ("anniversary", re.compile(r"(?<![\d/-])(?P<month>\d{1,2})/(?P<day>\d{1,2})(?![\d/])")),
    ("anniversary", re.compile(r"(?<!\d)(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?[日号號]")),
]
_RANGE = re.compile(
    rf"\b{_M}\s\d{{1,2}}{_TH}\s?(?:or|to|through|until|and|-|–)\s?(?:the\s)?$", re.I
)  # "June 1st or June 2nd, 2019"
_REFERS = re.compile(
    r"\b(?:before|after|since|prior to|following|preceding|earlier than|later than|"
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?) from|"
    r"vor|nach|seit|antes de|después de|avant|après|depuis|prima d[ei]l?|dopo|antes d[eo]|"
    r"depois d[eo]|"
    r"до|после|перед)l?\s(?:the\s|about\s|dem\s|el\s|le\s|il\s)?$",
    re.I,
)
_WORD = r"[^\W\u2e80-\uffff]"  # of a language that puts spaces between its words
_WEEKDAY = re.compile(rf"(?<!{_WORD})(?P<weekday>{trie(WEEKDAYS)})(?!{_WORD})", re.I)
_WEEKDAY_BEFORE = re.compile(rf"{_WEEKDAY.pattern}[.,]?\s?(?:the\s)?$", re.I)
_WEEKDAY_AFTER = re.compile(
    r"(?:\s(?:года|г\.?|року|AD|CE))?,?\s?(?:\(|(?:which )?(?:is|was|will be) )?(?:an?\s)?"
    rf"{_WEEKDAY.pattern}(?=[).,!]|\s?$)",
    re.I,
)
_YEAR = re.compile(r"(?<![\w/.,$-])(?:1[0-9]|20|21)\d\d(?![\w/%]|[-.,]\d)")
_HAN_DATE = re.compile(
    r"([〇零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})([日号號])"
)


LESS_THAN: dict[Sort, tuple[Sort, ...]] = {"day": ("month", "anniversary")}
"""What a text may give instead of what it is asked for, and leaves something out."""


def moments(
    text: str, sort: Sort | None = None, *, day_first: bool = False
) -> list[Candidate[When]]:
    """Everything of one sort in a plain text, in order; of the first sort that is there at all
    where none is given. `day_first`: 03/04/2019 is in April."""
    if sort is None:
        for each in SORTS:
            found = moments(text, each, day_first=day_first)
            if found:
                return found
        return []
    if "年" in text:
        text = _HAN_DATE.sub(_in_digits, text)
    if sort == "day":
        return _days(text, day_first)
    if sort == "time":
        return [Candidate(a, b, When("time", key)) for a, b, key in times_of_day(text)]
    if sort == "duration":
        return [Candidate(a, b, When("duration", key)) for a, b, key in durations(text)]
    if sort == "weekday":
        return [
            Candidate(m.start(), m.end(), When("weekday", (WEEKDAYS[fold(m[0])],)))
            for m in _WEEKDAY.finditer(text)
            if len(m[0]) > 3 or m[0][0].isupper() or not m[0].isascii()
        ]
    if sort == "year":
        return [
            Candidate(m.start(), m.end(), When("year", (int(m[0]),))) for m in _YEAR.finditer(text)
        ]
    return _partial(text, sort)


def is_reference(text: str, start: int) -> bool:
    """Whether a moment only says where another one is: "three days after 05/01/2019"."""
    return _REFERS.search(text[max(0, start - 40) : start]) is not None


def _days(text: str, day_first: bool = False) -> list[Candidate[When]]:
    found: list[Candidate[When]] = []
    for pattern in _DAYS:
        for match in pattern.finditer(text):
            if pattern is _DAYS[-1] and not _plausible(match):
                continue
            ranged = _RANGE.search(text[max(0, match.start() - 30) : match.start()])
            key = () if ranged or _is_another_weekday(text, match) else _day(match)
            found.append(Candidate(match.start(), match.end(), When("day", key)))
    return in_order(text, _outermost(found), day_first)


def _outermost(found: list[Candidate[When]]) -> list[Candidate[When]]:
    kept: list[Candidate[When]] = []
    for candidate in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or candidate.start >= kept[-1].end:
            kept.append(candidate)
    return kept


def _partial(text: str, sort: Sort) -> list[Candidate[When]]:
    days = iter(_days(text))
    covered = [(day.start, day.end) for day in days]
    found = []
    for each, pattern in _OTHERS:
        if each != sort:
            continue
        for match in pattern.finditer(text):
            month = _month(match["month"])
            if sort == "month":
                key: tuple[int, ...] = (int(match["year"]), month) if 1 <= month <= 12 else ()
            else:
                day = _number(match["day"])
                key = (month, day) if exists(2000, month, day) else ()
            found.append(Candidate(match.start(), match.end(), When(sort, key)))
    found = _outermost(found)
    place, kept = 0, []
    for candidate in found:
        while place < len(covered) and covered[place][1] <= candidate.start:
            place += 1
        if place == len(covered) or covered[place][0] >= candidate.end:
            kept.append(candidate)
    return kept


def _day(match: re.Match[str]) -> tuple[int, ...]:
    year, month, day = match["year"], _month(match["month"]), _number(match["day"])
    if match.re is NUMERIC and month > 12:
        month, day = day, month  # 25/12/2018 can be read in no other way
    if len(year) != 4 or not exists(int(year), month, day):
        return ()
    return int(year), month, day


def _is_another_weekday(text: str, match: re.Match[str]) -> bool:
    """Whether a weekday stands beside a date that fell on another one: then it is no date."""
    key = _day(match)
    before = _WEEKDAY_BEFORE.search(text[max(0, match.start() - 24) : match.start()])
    inside = _WEEKDAY.match(match[0])
    after = _WEEKDAY_AFTER.match(text, match.end())
    named = {
        WEEKDAYS[fold(found["weekday"])] for found in (before, inside, after) if found is not None
    }
    return bool(key) and bool(named - {datetime.date(*key).weekday()})


def _month(text: str) -> int:
    return int(text) if text.isdigit() else MONTHS.get(fold(text), 0)


def _number(day: str) -> int:
    return _ORDINAL.get(day.lower()) or int(re.sub(r"\D", "", day))


def _plausible(match: re.Match[str]) -> bool:
    """Eight digits are a date only if they could be one of our times."""
    return match["year"][:2] in ("18", "19", "20", "21") and bool(_day(match))


def _in_digits(match: re.Match[str]) -> str:
    digits = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {"零": 0}

    def small(text: str) -> int:
        tens, ten, ones = text.rpartition("十")
        return (digits.get(tens, 1) * 10 if ten else 0) + digits.get(ones, 0)

    year = "".join(str(digits[char]) for char in match[1])
    text = f"{year}年{small(match[2])}月{small(match[3])}{match[4]}"
    return text.ljust(len(match[0]))[: max(len(match[0]), len(text))]


def read_target(text: str) -> When:
    """The one moment that a target is, whole. Raises UserError for any other text."""
    for sort in SORTS:
        plainly = plain(visible(text)).strip().strip("\"'.()[]")
        if sort == "duration":
            plainly = spelled(plainly)
        for candidate in moments(plainly, sort):
            if candidate.start == 0 and candidate.end == len(plainly) and candidate.value.key:
                return candidate.value
    raise UserError(
        f"the target {cited(text)} is no date, time or duration: write a date as MM/DD/YYYY or "
        "YYYY-MM-DD, a time as 2:30 PM or 14:30, a duration as 2 hours 30 minutes"
    )
