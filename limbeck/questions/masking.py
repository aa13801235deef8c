"""`masked`: a question without its numbers, dates and names, in every script.

Questions from one template differ in little else, so equal masked texts mean one template.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import chain


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NUMBERS = _set(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred thousand million billion dozen half quarter third once twice thrice first second "
    "fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth halves quarters "
    "thirds fourths fifths tenths hundreds thousands millions billions dozens"
)
_MONTHS = _set(
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec"
)
_DAYS = _set(
    "monday tuesday wednesday thursday friday saturday sunday "
    "mondays tuesdays wednesdays thursdays fridays saturdays sundays"
)
# Written large and yet no month: "may" and "march" only count where they are capitalised.
_CAPITAL_MONTHS = _set("may march mar jun dec sept oct nov jan")
_GENDERED = _set("he she him her his hers himself herself")

# Words that open sentences and are no names.
_OPENERS = _set(
    "a about after all also an and another any are as at because before below between both but by "
    "calculate can compute counting could determine did do does during each either every everybody "
    "exactly explain express find finally find following for four from give given had has have he "
    "her here his how however i if imagine in into is it its itself just keep last later let make "
    "many more most my neither next no none not now of on only or other our out over people "
    "please same say select several she should since so solve some state suppose take tell that "
    "the their them then there these they this those though through to today together tomorrow "
    "tonight under until up using was we were what when where which while who whom whose why "
    "with within without would write yesterday yet you your"
)

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f])\s*(?=\S)|\n+")
_ENDS = frozenset(".!?:;\u3002\uff01\uff1f\n\u2026")
_QUOTES = frozenset("\"'\u201c\u201d\u2018\u2019\u00ab\u00bb()[]{}*-\u2013\u2014\u2022#")
_DATE, _NUMBER, _MONTH, _DAY, _NAME, _PERSON = (
    "<date>", "<number>", "<month>", "<weekday>", "<name>", "<person>",
)  # fmt: skip


def masked(text: str) -> str:
    """The words of a text, case-folded, with placeholders for what templates fill in.

    `<number>` (figures of any script, number words, money, fractions), `<date>`, `<month>`,
    `<weekday>`, `<name>` (a capitalised word that only a sentence's beginning does not explain; a
    word without case in a text of mostly cased letters), `<person>` (he, her, ...). Runs of one
    placeholder are one; punctuation and spacing are dropped. What a template fills in otherwise
    (pencils or marbles) stays. In languages that capitalise nouns, nouns are masked, too.
    """
    text = unicodedata.normalize("NFKC", text)
    masks = [_mask(word, opens, cased) for word, opens, cased in _words(text)]
    return " ".join(_joined(masks))


def context(text: str) -> str:
    """A text without its last sentence, which is the one that asks; "" for a single sentence."""
    *before, _ = _SENTENCE_END.split(text.strip())
    return " ".join(before)


@cache
def _token() -> re.Pattern[str]:
    """Numbers, words and marks. Vowel signs and accents of their own (Hindi, Thai) are in words."""
    letters = rf"[^\W\d_](?:[^\W\d_]|[{_combining()}])*"
    return re.compile(
        rf"""(?P<number>
                \d+(?:st|nd|rd|th)\b | \d+(?:[.,:/\u2044\u2019'-]\d+)* )
          | (?P<word>{letters}(?:[-'\u2019]{letters})*)
          | (?P<mark>[^\w\s]|_)""",
        re.VERBOSE,
    )


def _combining() -> str:
    """All combining marks, as ranges of a character class: `re` knows no categories.

    Outside these two ranges there is none, and all of Unicode would take a sixth of a second.
    """
    where = chain(range(0x300, 0x20000), range(0xE0000, 0xE0200))
    codes = [code for code in where if unicodedata.category(chr(code))[0] == "M"]
    ends = [code for code, after in zip(codes, [*codes[1:], 0], strict=True) if after != code + 1]
    starts = [code for code, before in zip(codes, [0, *codes], strict=False) if before != code - 1]
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True))


def _words(text: str) -> list[tuple[str, bool, bool]]:
    """(word or number, whether it opens a sentence, whether the text's letters have case)."""
    cased = _is_cased(text)
    words, opens, end = [], True, 0
    for found in _token().finditer(text):
        token, between = found.group(), text[end : found.start()]
        end = found.end()
        if found["mark"]:
            opens = token in _ENDS or (opens and token in _QUOTES)
            continue
        words.append((token, opens or between.rstrip(" \t").endswith("\n"), cased))
        opens = False
    return words


def _is_cased(text: str) -> bool:
    if text.isascii():  # all of its letters have case
        return any(map(str.isalpha, text))
    letters = [char for char in text if char.isalpha()]
    return 2 * sum(char.lower() != char.upper() for char in letters) > len(letters)


@lru_cache(maxsize=1 << 16)
def _mask(token: str, opens: bool, cased: bool) -> str:
    if any(unicodedata.category(char).startswith("N") for char in token):
        return _DATE if re.search(r"\d[/.-]\d+[/.-]\d", token) else _NUMBER
    word = re.sub(r"['\u2019]s?$", "", token)
    small = word.casefold()
    large = word[0] != word[0].lower()
    if small in _DAYS:
        return _DAY
    if small in _MONTHS and (large or small not in _CAPITAL_MONTHS):
        return _MONTH
    if all(part in _NUMBERS or part == "and" for part in small.split("-")) and small != "and":
        return _NUMBER
    if small in _GENDERED:
        return _PERSON
    if _is_name(word, opens, cased):
        return _NAME
    return _numerals(token.casefold())


def _numerals(word: str) -> str:
    """The letters that are numbers (三, 百) as `<number>`: such scripts part no words."""
    numeric = "".join("0" if unicodedata.numeric(char, None) is not None else "x" for char in word)
    parts = [(found.group()[0], found.span()) for found in re.finditer("0+|x+", numeric)]
    return " ".join(_NUMBER if kind == "0" else word[a:b] for kind, (a, b) in parts)


def _is_name(word: str, opens: bool, cased: bool) -> bool:
    if not cased:
        return False
    if word[0].lower() == word[0].upper():  # 王芳 in a Latin text
        return True
    if word[0] == word[0].lower() or (len(word) > 1 and word.isupper()) or len(word) == 1:
        return False
    return not opens or re.split("['\u2019-]", word.casefold())[0] not in _OPENERS


def _joined(masks: list[str]) -> list[str]:
    """Runs as one, and month, number and year as one date."""
    joined: list[str] = []
    for mask in masks:
        if joined and mask in (_NUMBER, _NAME) and joined[-1] == mask:
            continue
        joined.append(mask)
    return _dates(joined)


def _dates(masks: list[str]) -> list[str]:
    """A month beside a number ("May 3, 2021", "3rd of May 2021") as a date; a month alone stays."""
    if _MONTH not in masks:
        return masks
    found: list[str] = []
    at = 0
    while at < len(masks):
        for shape in _SHAPES:
            if tuple(masks[at : at + len(shape)]) == shape:
                found.append(_DATE)
                at += len(shape)
                break
        else:
            found.append(masks[at])
            at += 1
    return found


_SHAPES = (
    ("the", _NUMBER, "of", _MONTH, _NUMBER),
    (_NUMBER, "of", _MONTH, _NUMBER),
    (_NUMBER, _MONTH, _NUMBER),
    (_MONTH, "the", _NUMBER),
    (_NUMBER, "of", _MONTH),
    (_MONTH, _NUMBER),
    (_NUMBER, _MONTH),
)
