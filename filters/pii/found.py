"""What is looked for, and what was found of it."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Kind = Literal[
    "secret",
    "login",
    "email",
    "iban",
    "card",
    "cn_id",
    "us_ssn",
    "br_cpf",
    "in_aadhaar",
    "es_dni",
    "fr_nir",
    "de_tax_id",
    "ip",
    "phone",
]
# Where two kinds claim the same characters, the one that stands first here has them.
KINDS: tuple[Kind, ...] = get_args(Kind)


class Found(NamedTuple):
    """One piece of personal data: `text` is `text[start:end]` of what was searched, as written."""

    kind: Kind
    start: int
    end: int
    text: str


class Span(NamedTuple):
    """What a detector claims: characters `start` to `end`."""

    kind: Kind
    start: int
    end: int
