"""Numbers that states give to persons, of those states whose numbers can be checked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from limbeck.filters.pii.around import Cue, digits_of, made_up
from limbeck.filters.pii.checks import cpf, dni, mod11_2, mod11_10, nir, verhoeff
from limbeck.filters.pii.found import Span

_FREE, _ENDS = r"(?<![0-9A-Za-z_.,+-])", r"(?![0-9A-Za-z_]|[.,-][0-9])"
_SSN = re.compile(
    rf"{_FREE}(?!000|666|9)[0-9]{{3}}([- ]?)(?!00)[0-9]{{2}}\1(?!0000)[0-9]{{4}}{_ENDS}"
)
_SSN_CUE = Cue(r"ssns?|social[ -]security|social")
_SSN_PRINTED = frozenset(("078051120", "219099999", "123456789", "123121234", "111223333"))
_CN = re.compile(
    rf"{_FREE}(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[123])[0-9]{{4}}"
    r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]"
    rf"{_ENDS}"
)
_CPF = re.compile(rf"{_FREE}[0-9]{{3}}(?:\.[0-9]{{3}}\.[0-9]{{3}}-|[0-9]{{6}})[0-9]{{2}}{_ENDS}")
_CPF_CUE = Cue(r"cpf")
_AADHAAR = re.compile(rf"{_FREE}[2-9][0-9]{{3}}([ -]?)[0-9]{{4}}\1[0-9]{{4}}{_ENDS}")
_AADHAAR_CUE = Cue(r"aadh?aa?r|uidai|uid|आधार", r"ஆதார்|ఆధార్|আধার")
_DNI = re.compile(rf"{_FREE}(?:[0-9]{{8}}|[0-9]{{2}}\.[0-9]{{3}}\.[0-9]{{3}})-?[A-Z]{_ENDS}")
_NIE = re.compile(rf"{_FREE}[XYZ]-?[0-9]{{7}}-?[A-Z]{_ENDS}")
_NIR = re.compile(
    rf"{_FREE}[12][ ]?[0-9]{{2}}[ ]?(?:0[1-9]|1[0-2]|[2-9][0-9])[ ]?"
    r"(?:[0-9]{2}|2[AB])[ ]?[0-9]{3}[ ]?[0-9]{3}[ ]?[0-9]{2}"
    rf"{_ENDS}"
)
_TAX = re.compile(rf"{_FREE}[1-9][0-9](?:[ ]?[0-9]{{3}}){{3}}{_ENDS}")
_TAX_CUE = Cue(
    r"steuer-?id|steuer-?idnr|steuer-?identifikationsnummer|identifikationsnummer|idnr"
    r"|steuernummer|tin|tax id"
)


def us_ssns(text: str) -> Iterator[Span]:
    """With hyphens, or with a word that says so; never areas 000, 666 and 900-999, nor numbers
    that were printed in advertisements. SSNs have no check digit."""
    for match in _SSN.finditer(text):
        digits = digits_of(match[0])
        known = made_up(digits) or digits in _SSN_PRINTED
        if not known and (match[1] == "-" or _SSN_CUE.before(text, match.start())):
            yield Span("us_ssn", *match.span())


def cn_ids(text: str) -> Iterator[Span]:
    """18 characters: a province, a date of birth, and MOD 11-2."""
    for match in _CN.finditer(text):
        if mod11_2(match[0].upper()):
            yield Span("cn_id", *match.span())


def br_cpfs(text: str) -> Iterator[Span]:
    """Two check digits, and 000.000.000-00 or a word that says CPF."""
    for match in _CPF.finditer(text):
        digits = digits_of(match[0])
        meant = "." in match[0] or _CPF_CUE.before(text, match.start())
        if meant and not made_up(digits[:9]) and cpf(digits):
            yield Span("br_cpf", *match.span())


def in_aadhaars(text: str) -> Iterator[Span]:
    """Verhoeff's check, which every tenth number passes: so only after a word that says so."""
    for match in _AADHAAR.finditer(text):
        digits = digits_of(match[0])
        if verhoeff(digits) and not made_up(digits) and _AADHAAR_CUE.before(text, match.start()):
            yield Span("in_aadhaar", *match.span())


def es_dnis(text: str) -> Iterator[Span]:
    """DNI and NIE in capitals, with their letter."""
    for match in _DNI.finditer(text):
        digits = digits_of(match[0])
        if not made_up(digits) and dni(digits, match[0][-1]):
            yield Span("es_dni", *match.span())
    for match in _NIE.finditer(text):
        digits = str("XYZ".index(match[0][0])) + digits_of(match[0])
        if not made_up(digits[1:]) and dni(digits, match[0][-1]):
            yield Span("es_dni", *match.span())


def fr_nirs(text: str) -> Iterator[Span]:
    """13 characters (sex, year, month, place, number), and a key of two digits."""
    for match in _NIR.finditer(text):
        number = match[0].replace(" ", "")
        if nir(number[:13], number[13:]):
            yield Span("fr_nir", *match.span())


def de_tax_ids(text: str) -> Iterator[Span]:
    """11 digits with MOD 11,10, of whose first ten one stands there twice or three times, after a
    word that says so: every tenth number passes the check."""
    for match in _TAX.finditer(text):
        digits = digits_of(match[0])
        often = sorted(Counter(digits[:10]).values())
        if often[-1] not in (2, 3) or often[:-1].count(1) != len(often) - 1:
            continue
        if mod11_10(digits) and _TAX_CUE.before(text, match.start()):
            yield Span("de_tax_id", *match.span())
