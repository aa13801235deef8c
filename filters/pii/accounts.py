"""Payment cards and bank accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from limbeck.filters.pii.around import Cue, digits_of, groups_of, made_up
from limbeck.filters.pii.checks import luhn, mod97
from limbeck.filters.pii.found import Span

_CARD = re.compile(
    r"(?<![0-9A-Za-z_.,+#$/-])[2-6](?:[ -]?[0-9]){12,18}+(?![0-9A-Za-z_]|[.,-][0-9])"
)
_CARD_CUE = Cue(
    r"cards?|visa|mastercard|amex|american express|discover|jcb|diners|unionpay|credit|debit"
    r"|karten?|kreditkarte\w{0,8}|carte|tarjeta|cart[ãa]o|карт\w{0,4}|بطاقة|कार्ड",
    r"卡号|卡號|信用卡|银行卡|カード|카드",
)
# (issuer's first digits, lengths): ISO/IEC 7812 ranges that issuers publish.
_ISSUERS: tuple[tuple[re.Pattern[str], tuple[int, ...]], ...] = tuple(
    (re.compile(first), lengths)
    for first, lengths in (
        (r"4", (13, 16, 19)),
        (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),
        (r"3[47]", (15,)),
        (r"6011|64[4-9]|65", (16, 17, 18, 19)),
        (r"30[0-5]|3[689]", (14,)),
        (r"35(?:2[89]|[3-8])", (16, 17, 18, 19)),
        (r"62", (16, 17, 18, 19)),
    )
)
_GROUPINGS = ([4, 4, 4, 4], [4, 6, 5], [4, 6, 4], [6, 13], [4, 4, 4, 4, 3])
# Numbers that card networks and payment services publish for tests.
_TEST_CARDS = frozenset(
    [
        "4111111111111111",
        "4242424242424242",
        "4012888888881881",
        "4000056655665556",
        "4222222222222",
        "5555555555554444",
        "5105105105105100",
        "5200828282828210",
        "2223003122003222",
        "2223000048400011",
        "378282246310005",
        "371449635398431",
        "378734493671000",
        "6011111111111117",
        "6011000990139424",
        "30569309025904",
        "38520000023237",
        "3566002020360505",
        "3530111333300000",
        "6200000000000005",
    ]
)

_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}[ -]?(?=[0-9A-Z]{4})")
# Country and length, of the SWIFT registry of IBANs.
_LENGTHS = {
    code: int(length)
    for length, codes in (
        ("15", "NO"),
        ("16", "BE"),
        ("18", "DK FI FO GL NL SD"),
        ("19", "MK SI"),
        ("20", "AT BA EE KZ LT LU XK"),
        ("21", "CH HR LI LV"),
        ("22", "BG BH CR DE GB GE IE ME RS VA"),
        ("23", "AE GI IL IQ OM SO TL"),
        ("24", "AD CZ ES MD PK RO SA SE SK TN VG"),
        ("25", "LY PT ST"),
        ("26", "IS TR"),
        ("27", "BI DJ FR GR IT MC MR SM"),
        ("28", "AL AZ BY CY DO GT HU LB NI PL SV"),
        ("29", "BR EG PS QA UA"),
        ("30", "JO KW MU"),
        ("31", "MT SC"),
        ("32", "LC"),
        ("33", "RU"),
    )
    for code in codes.split()
}
# The examples of the registry, of ISO and of encyclopaedias.
_TEST_IBANS = frozenset(
    [
        "GB82WEST12345698765432",
        "GB29NWBK60161331926819",
        "GB33BUKB20201555555555",
        "DE89370400440532013000",
        "FR1420041010050500013M02606",
        "NL91ABNA0417164300",
        "ES9121000418450200051332",
        "CH9300762011623852957",
        "BE68539007547034",
        "IT60X0542811101000000123456",
        "AT611904300234573201",
    ]
)


def cards(text: str) -> Iterator[Span]:
    """Card numbers: an issuer's prefix and length, and the Luhn check. Those of 16 and 15 digits
    may stand alone; other lengths need an issuer's grouping, or a word that says card."""
    for match in _CARD.finditer(text):
        digits = digits_of(match[0])
        if digits in _TEST_CARDS or made_up(digits) or len(set(digits)) < 4 or not luhn(digits):
            continue
        if not any(len(digits) in lengths and p.match(digits) for p, lengths in _ISSUERS):
            continue
        sizes, between = groups_of(match[0])
        usual = sizes in _GROUPINGS and len(between) == 1
        alone = len(sizes) == 1 and len(digits) in (15, 16)
        if usual or alone or _CARD_CUE.before(text, match.start()):
            yield Span("card", *match.span())


def ibans(text: str) -> Iterator[Span]:
    """IBANs in capitals: the country's length, and the check of ISO 7064 MOD 97-10."""
    for match in _IBAN.finditer(text):
        length = _LENGTHS.get(match[0][:2])
        if length is None:
            continue
        end = _end_of(text, match.start(), length)
        if end is None:
            continue
        iban = text[match.start() : end].replace(" ", "").replace("-", "")
        if iban not in _TEST_IBANS and mod97(iban):
            yield Span("iban", match.start(), end)


def _end_of(text: str, start: int, length: int) -> int | None:
    """Where so many letters and digits end, with single spaces or hyphens among them; None where
    there are fewer, or where the word goes on."""
    count = 0
    for place in range(start, min(len(text), start + 2 * length)):
        char = text[place]
        if char in " -":
            if text[place - 1] in " -":
                return None
            continue
        if not (char.isascii() and (char.isdigit() or char.isupper())):
            return None
        count += 1
        if count == length:
            after = text[place + 1 : place + 2]
            return None if after.isascii() and after.isalnum() else place + 1
    return None
