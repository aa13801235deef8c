"""Personal data in a text.

Two passes over the text as bytes say whether there can be any; only where there can, the patterns
run. Every pattern is linear: what repeats without bound is possessive (it is never given back), and
all else repeats a bounded number of times (a test reads the patterns and checks it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from limbeck.filters.pii.accounts import cards, ibans
from limbeck.filters.pii.addresses import emails, ip4s, ip6s, logins
from limbeck.filters.pii.found import KINDS, Found, Span
from limbeck.filters.pii.keys import secrets
from limbeck.filters.pii.national import (
    br_cpfs,
    cn_ids,
    de_tax_ids,
    es_dnis,
    fr_nirs,
    in_aadhaars,
    us_ssns,
)
from limbeck.filters.pii.phones import phones
from limbeck.filters.pii.plain import plain

Detector = Callable[[str], Iterator[Span]]

_NUMBERS: tuple[Detector, ...] = (
    ibans,
    cards,
    cn_ids,
    us_ssns,
    br_cpfs,
    in_aadhaars,
    es_dnis,
    fr_nirs,
    de_tax_ids,
    ip4s,
    phones,
)
_RANK = {kind: rank for rank, kind in enumerate(KINDS)}

# All kinds of numbers have 7 digits with nothing but these between them.
_BETWEEN, _DIGITS = b" \t-./()", b"0000000"
_AS_ZERO = bytes.maketrans(b"123456789", b"000000000")
# All secrets have 20 of these characters in a row.
_KEY = b"_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_AS_KEY = bytes.maketrans(_KEY, b"k" * len(_KEY))
_LONG = b"k" * 20


def find_pii(text: str) -> list[Found]:
    """All personal data and secrets of a text, in its order; none overlaps another.

    What is kept for examples is left out: `example.com`, 555-0100, test cards, private networks.
    Names of persons and postal addresses are not looked for: see docs/pii.md.
    """
    read = plain(text)
    spans: list[Span] = []
    raw = read.encode("ascii", "replace")
    if _DIGITS in raw.translate(_AS_ZERO, _BETWEEN):
        for detector in _NUMBERS:
            spans += detector(read)
    if "@" in read:
        spans += logins(read)
        spans += emails(read)
    if _LONG in raw.translate(_AS_KEY):
        spans += secrets(read)
    if ":" in read and ("::" in read or read.count(":") >= 7):
        spans += ip6s(read)
    return [Found(*span, text[span.start : span.end]) for span in _apart(spans)] if spans else []


def _apart(spans: list[Span]) -> list[Span]:
    """Those that stay where they overlap: by kind, then the first."""
    spans.sort(key=lambda span: (_RANK[span.kind], span.start, -span.end))
    taken = bytearray(max(span.end for span in spans))
    kept = []
    for span in spans:
        if not any(taken[span.start : span.end]):
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            kept.append(span)
    kept.sort(key=lambda span: span.start)
    return kept
