"""Numbers below a million in the words of other languages: "zweiundvierzig", "cuarenta y dos"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

_GERMAN = """
null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn
sechzehn
siebzehn achtzehn neunzehn | zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig
"""
_DUTCH = """
nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien
zeventien achttien negentien | twintig dertig veertig vijftig zestig zeventig tachtig negentig
"""
_FRENCH = """
zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize
dix-sept
dix-huit dix-neuf | vingt trente quarante cinquante soixante
"""
_SPANISH = """
cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis
diecisiete dieciocho diecinueve | veinte treinta cuarenta cincuenta sesenta setenta ochenta
noventa |
ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos
novecientos
"""
_PORTUGUESE = """
zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis
dezessete
dezoito dezenove | vinte trinta quarenta cinquenta sessenta setenta oitenta noventa | cento duzentos
trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos
"""
_ITALIAN = """
zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici
sedici diciassette diciotto diciannove | venti trenta quaranta cinquanta sessanta settanta ottanta
novanta
"""
_RUSSIAN = """
ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать
четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать | двадцать тридцать сорок
пятьдесят шестьдесят семьдесят восемьдесят девяносто | сто двести триста четыреста пятьсот шестьсот
семьсот восемьсот девятьсот
"""
_VEINTI = ["uno", "dós", "trés", "cuatro", "cinco", "séis", "siete", "ocho", "nueve"]
_THOUSAND = frozenset(["mil", "mille", "mila", "тысяча", "тысячи", "тысяч", "tausend", "duizend"])
_NEVER = frozenset(["un", "een", "um", "zero"])
"""Articles, and what English reads as well."""
_WEAK_WORDS = """
once due elf sei otto six cent mille dos set nove uno sept tres tre quince seize null nul sette
mil один
neuf sete cinq dix doce trece acht onze сто
"""
_WEAK = frozenset(_WEAK_WORDS.split())
"""Words that mean other things as well ("once"): numbers only where one is expected."""
_WORD = re.compile(r"[^\W\d_]+")
_FORMS = {"два": ["две"], "один": ["одна", "одно"], "veintiuno": ["veintiún"]}
_GAP = re.compile(r"[ -]")
_MOST = 8  # words of a number

Found = tuple[int, int, Fraction, bool]


def _parts(table: str) -> list[list[str]]:
    return [part.split() for part in table.split("|")]


def _compound(table: str, joint: str, hundred: str, one: str) -> Iterator[tuple[str, int]]:
    """German and Dutch: all in one word, the ones before the tens."""
    ones, tens = _parts(table)

    def small(number: int) -> str:
        if number < 20:
            return ones[number]
        unit = one if number % 10 == 1 else ones[number % 10]
        unit = unit + ("ën" if unit.endswith("e") else "en") if joint == "en" else unit + joint
        return (unit if number % 10 else "") + tens[number // 10 - 2]

    for number in range(1000):
        rest = small(number % 100) if number % 100 else ""
        if number < 100:
            yield small(number), number
        else:
            count = ones[number // 100] if number >= 200 else ""
            yield count + hundred + rest, number
            if number < 200:
                yield one + hundred + rest, number


def _french() -> Iterator[tuple[str, int]]:
    ones, tens = _parts(_FRENCH)

    def small(number: int) -> str:
        if number < 20:
            return ones[number]
        if number >= 80:
            return "quatre-vingts" if number == 80 else f"quatre-vingt-{ones[number - 80]}"
        ten = min(number // 10, 6)
        rest = number - 10 * ten
        joint = " et " if rest in (1, 11) else "-"
        return tens[ten - 2] + (joint + ones[rest] if rest else "")

    for number in range(1000):
        count, rest = divmod(number, 100)
        many = [] if not count else ["cent"] if count == 1 else [ones[count], "cent"]
        words = [*many, *([small(rest)] if rest or not count else [])]
        yield " ".join(words), number
        if count > 1 and not rest:
            yield f"{ones[count]} cents", number


def _spaced(table: str, tens_joint: str, joint: str, alone: str) -> Iterator[tuple[str, int]]:
    """Spanish, Portuguese, Russian: hundreds have names; `alone` is a bare hundred."""
    ones, tens, hundreds = _parts(table)
    for number in range(1000):
        count, rest = divmod(number, 100)
        if rest < 20:
            small = ones[rest]
        elif ones[1] == "uno" and 20 < rest < 30:
            small = "veinti" + _VEINTI[rest - 21]
        else:
            small = tens[rest // 10 - 2] + (tens_joint + ones[rest % 10] if rest % 10 else "")
        many = hundreds[count - 1] if count else ""
        yield (
            (
                alone
                if number == 100
                else joint.join(filter(None, (many, small * (rest > 0)))) or small
            ),
            number,
        )


def _italian() -> Iterator[tuple[str, int]]:
    ones, tens = _parts(_ITALIAN)
    for number in range(1000):
        count, rest = divmod(number, 100)
        small = ones[rest % 20] if rest < 20 else tens[rest // 10 - 2]
        if rest >= 20 and rest % 10:
            small = (small[:-1] if rest % 10 in (1, 8) else small) + ones[rest % 10]
            small = small + "|" + small[:-1] + "é" if rest % 10 == 3 else small
        many = ("" if count == 1 else ones[count]) + "cento" if count else ""
        for form in small.split("|"):
            yield many + (form if rest or not count else ""), number


@lru_cache(maxsize=1)
def _known() -> tuple[dict[tuple[str, ...], int], frozenset[str]]:
    """The words of each number below a thousand, and every first word."""
    tables = (
        *_compound(_GERMAN, "und", "hundert", "ein"),
        *_compound(_DUTCH, "en", "honderd", "een"),
        *_french(),
        *_spaced(_SPANISH, " y ", " ", "cien"),
        *_spaced(_PORTUGUESE, " e ", " e ", "cem"),
        *_spaced(_RUSSIAN, " ", " ", "сто"),
        *_italian(),
    )
    known = {tuple(_GAP.split(words)): number for words, number in tables}
    for words, number in [*known.items()]:
        for form in _FORMS.get(words[-1], ()):
            known[*words[:-1], form] = number
    known |= {(words[0].replace("ß", "ss"),): n for words, n in known.items() if len(words) == 1}
    return known, frozenset(words[0] for words in known)


def foreign(text: str) -> Iterator[Found]:
    """(start, end, value, weak) of every number in words of one of these languages."""
    known, first = _known()
    words = [(found.start(), found.end(), found[0].lower()) for found in _WORD.finditer(text)]
    place = 0
    while place < len(words):
        word = words[place][2]
        compound = _compounded(word, known)
        if word not in first and compound is None and word not in _THOUSAND:
            place += 1
            continue
        if compound is not None:
            yield words[place][0], words[place][1], Fraction(compound), False
            place += 1
            continue
        count, value = _longest(text, words, place, known)
        following = place + count
        if (
            following < len(words)
            and words[following][2] in _THOUSAND
            and _beside(text, words, following)
        ):
            more, rest = _longest(text, words, following + 1, known, after=True)
            value, count = (value if count else 1) * 1000 + rest, count + 1 + more
        if not count:
            place += 1
            continue
        used = [word for _, _, word in words[place : place + count]]
        if count > 1 or used[0] not in _NEVER:
            weak = count == 1 and used[0] in _WEAK
            yield words[place][0], words[place + count - 1][1], Fraction(value), weak
        place += count


def _compounded(word: str, known: dict[tuple[str, ...], int]) -> int | None:
    """ "zweitausendfünf": German and Dutch thousands in one word."""
    for thousand in ("tausend", "duizend", "mila"):
        count, found, rest = word.partition(thousand)
        if found and count != "" and (count == "ein" or (count,) in known):
            below = known.get((rest,)) if rest else 0
            return None if below is None else known.get((count,), 1) * 1000 + below
    return None


def _beside(text: str, words: list[tuple[int, int, str]], place: int) -> bool:
    return not place or text[words[place - 1][1] : words[place][0]] in (" ", "-")


def _longest(
    text: str,
    words: list[tuple[int, int, str]],
    place: int,
    known: dict[tuple[str, ...], int],
    *,
    after: bool = False,
) -> tuple[int, int]:
    """How many words from here are one number below a thousand, and which; 0, 0 for none."""
    found, run = (0, 0), []
    for here in range(place, min(place + _MOST, len(words))):
        if (after or here > place) and not _beside(text, words, here):
            break
        run.append(words[here][2])
        value = known.get(tuple(run))
        if value is not None:
            found = (here - place + 1, value)
    return found
