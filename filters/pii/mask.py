"""Placeholders in the place of personal data: the same value has the same one everywhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from limbeck.filters.pii.find import find_pii
from limbeck.filters.pii.found import KINDS, Found
from limbeck.filters.pii.plain import plain

_PLACEHOLDER = re.compile(r"\[[A-Z_]{2,12}_[0-9]{1,9}\]")
_SPACING = re.compile(r"[\s().\-/]")


class Masker:
    """Masks the texts of one record, or of anything else in which a value is to be told apart
    from others: `[EMAIL_1]`, `[EMAIL_2]`, `[PHONE_1]`.

    `texts` are all of them: a placeholder that already stands in one is not given again. Values
    that differ in case (addresses), spacing or script of digits are the same.
    """

    def __init__(self, texts: Iterable[str], kinds: Collection[str] = KINDS) -> None:
        self._kinds = frozenset(kinds)
        self._taken = {name for text in texts for name in _PLACEHOLDER.findall(text)}
        self._names: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def masked(self, text: str) -> str:
        """The text with a placeholder for every find of these kinds."""
        parts, end = [], 0
        for found in find_pii(text):
            if found.kind in self._kinds:
                parts += [text[end : found.start], self._name(found)]
                end = found.end
        return "".join([*parts, text[end:]]) if parts else text

    def _name(self, found: Found) -> str:
        key = (found.kind, _value(found))
        if key not in self._names:
            self._names[key] = self._new(found.kind)
        return self._names[key]

    def _new(self, kind: str) -> str:
        while True:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            name = f"[{kind.upper()}_{self._counts[kind]}]"
            if name not in self._taken:
                return name


def _value(found: Found) -> str:
    """What two finds of one value have in common."""
    text = plain(found.text)
    if found.kind in ("secret", "login"):
        return text
    return text.casefold() if found.kind in ("email", "ip") else _SPACING.sub("", text).upper()


def masked(text: str) -> str:
    """The text with a placeholder in the place of everything that `find_pii` finds."""
    return Masker([text]).masked(text)
