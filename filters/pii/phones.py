"""Telephone numbers: international ones, those that a country's grouping gives away, and any
after a word that says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from limbeck.filters.pii.around import Cue, digits_of, groups_of, made_up
from limbeck.filters.pii.found import Span

_CUE = Cue(
    r"tel|telephone|phones?|ph|mobile|mob|cell|cellphone|fax|call|ring|dial|whatsapp|hotline"
    r"|helpline|landline|t[ée]l[ée]phone|portable|tel[ée]fono|m[óo]vil|llame|telefone|celular"
    r"|telefon\w{0,6}|handy|mobil\w{0,10}|rufnummer|cellulare|тел\w{0,8}|звон\w{0,6}|هاتف|جوال|טלפון",
    r"电话|電話|手机|手機|联系方式|拨打|致电|携帯|전화|연락처|โทร|फ़ोन|फोन|दूरभाष",
)
_BOOK = Cue(r"isbn(?:-?1[03])?|issn|doi|ean|upc|sku")

_START = r"(?<![0-9A-Za-z_.,+$€£¥#%=/*^-])(?<![0-9]:)"
_STOP = r"(?![0-9A-Za-z_%]|[.,:/-][0-9]|[ ]?[=*^])"
_STOPS = re.compile(_STOP)
_MORE = r"(?:[ \-./()]{0,3}[0-9])"

_ABROAD = re.compile(rf"{_START}\(?(?:\+|00(?=[1-9]))[ ]?\(?[1-9]{_MORE}{{6,24}}+")
_AFTER_CUE = re.compile(rf"(?<![0-9A-Za-z_.,+$€£¥#-])\(?[0-9]{_MORE}{{6,24}}+")
_TRUNK = re.compile(rf"{_START}\(?0[1-9](?:[ \-./()]{{0,2}}[0-9]){{7,24}}+")
_NORTH_AMERICA = re.compile(
    rf"{_START}(?:1[ .-])?(?:\([2-9][0-8][0-9]\)[ -]?|[2-9][0-8][0-9]([.-]))[2-9][0-9]{{2}}"
    rf"(?(1)\1|[ .-])[0-9]{{4}}{_STOP}"
)
# China's mobiles, an area in brackets (Brazil, India, ...), Russia.
_GROUPED = re.compile(
    rf"{_START}(?:1[3-9][0-9]([ -])[0-9]{{4}}\1[0-9]{{4}}"
    r"|\([1-9][0-9]{1,3}\)[ ]?[0-9]{3,5}-[0-9]{4}"
    rf"|8[ -]?\([0-9]{{3}}\)[ ]?[0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}){_STOP}"
)

# Calling codes (ITU-T E.164): 1 and 7, these pairs, and these triples.
_CODES = re.compile(
    r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|(?:2[1-69]|3[578]|42|5[09]|6[789]|8[0578]|9[679])[0-9]"
)
_NATIONAL = {"1": (10, 10), "7": (10, 10), "33": (9, 9), "86": (9, 11), "91": (10, 10)}

# Numbers that regulators keep for films and books: (calling code, national number's beginning).
_FICTION = {
    "44": re.compile(r"2079460|11[3-8]4960|1[2-9]14960|1632960|7700900|8081570|9098790|3069990"),
    "33": re.compile(r"19900|26191|35301|46571|53649|63998"),
    "61": re.compile(r"491570|[2378](?:5550|7010)"),
    "1": re.compile(r"123|555|...555(?:01|5555|1234)"),
}


def phones(text: str) -> Iterator[Span]:
    """Numbers of 7 to 15 digits, without those kept for fiction and those that count up."""
    for span in _spans(_ABROAD, text, _is_international):
        if text[span.start] == "+" or not _goes_on(text, span):
            yield span
    for pattern in (_NORTH_AMERICA, _GROUPED):
        for match in pattern.finditer(text):
            if _is_real(match[0]):
                yield Span("phone", *match.span())
    for span in _spans(_TRUNK, text, _is_national):
        if not (_goes_on(text, span) or _BOOK.before(text, span.start)):
            yield span
    yield from _spans(_AFTER_CUE, text, _is_any, _CUE)


def _spans(
    pattern: re.Pattern[str], text: str, fits: Callable[[str], bool], cue: Cue | None = None
) -> Iterator[Span]:
    """The longest beginning of each match that fits and ends where a number may end. What was too
    much is another number of the line, `08712 460324 (10p a minute)`."""
    for match in pattern.finditer(text):
        if cue is not None and not cue.before(text, match.start()):
            continue
        whole = match[0]
        while len(whole) >= 7:
            end = match.start() + len(whole)
            balanced = whole.count("(") == whole.count(")")
            if balanced and fits(whole) and _STOPS.match(text, end):
                yield Span("phone", match.start(), end)
                break
            cut = max(whole.rfind(char) for char in " /(")
            whole = whole[: max(cut, 0)].rstrip(" -./(")


def _goes_on(text: str, span: Span) -> bool:
    """Whether a number in groups is the rest of a longer one."""
    before = text[max(0, span.start - 2) : span.start]
    return before[:1].isdigit() and before[1:] == " " and " " in text[span.start : span.end]


def _is_international(text: str) -> bool:
    digits = digits_of(text)
    if "+" not in text:
        if len(groups_of(text)[0]) == 1:
            return False  # 00 and digits alone may be any number
        digits = digits.removeprefix("00")
    found = _CODES.match(digits)
    if found is None or len(digits) > 15:
        return False
    code, national = found[0], digits[found.end() :].removeprefix("0")
    least, most = _NATIONAL.get(code, (6, 12))
    if code == "1" and not re.match("[2-9]..[2-9]", national):
        return False
    return least <= len(national) <= most and not _is_fiction(code, national)


def _is_fiction(code: str, national: str) -> bool:
    kept = _FICTION.get(code)
    return made_up(national) or made_up(code + national) or bool(kept and kept.match(national))


def _is_any(text: str) -> bool:
    return 7 <= len(digits_of(text)) <= 15 and _is_real(text) and not _DATE.search(text)


def _is_real(text: str) -> bool:
    """Whether a national number may be somebody's."""
    digits = digits_of(text)
    if made_up(digits) or len(set(digits)) < 3:
        return False
    if digits[0] == "0":
        national = digits.lstrip("0")
        return not any(_is_fiction(code, national) for code in _FICTION if code != "1")
    national = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    if len(national) == 7:
        return not national.startswith("555")
    return len(national) != 10 or not _is_fiction("1", national)


def _is_national(text: str) -> bool:
    """Whether a number with a 0 before it is grouped as telephone numbers are, and not as a date,
    an American postcode, or a list of numbers."""
    sizes, between = groups_of(text)
    if not 9 <= sum(sizes) <= 12 or not _is_real(text) or _DATE.search(text):
        return False
    if len(sizes) == 1:
        return sizes[0] in (10, 11)
    if sizes == [2] * 5:
        values = [int(group) for group in re.findall("[0-9]+", text)]
        steps = {after - before for before, after in pairwise(values)}
        return len(between) == 1 and len(steps) > 2 and max(values) > 31
    if len(sizes) > 5 or max(sizes) < 3 or min(sizes) < 2 or sizes in ([5, 4], [3, 2, 4]):
        return False
    return len(between) == 1 or "." not in "".join(between)


# 05-06-2003, 2003/06/05, 1852-1908: in a number, at its beginning or its end.
_DATE = re.compile(
    r"(?<![0-9])(?:[0-3]?[0-9]([-./ ])[0-3]?[0-9]\1(?:1[89]|20)[0-9]{2}"
    r"|(?:1[89]|20)[0-9]{2}([-./ ])[01]?[0-9]\2[0-3]?[0-9]"
    r"|1[0-9]{3} ?[-/] ?(?:1[0-9]|20)[0-9]{2}|20[0-9]{2} ?[-/] ?20[0-9]{2})(?![0-9])"
)
