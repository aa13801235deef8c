"""The parts of a large JSON text without reading it whole: only brackets and strings are looked at.

A part that is no JSON inside still has its end, so the parts behind it are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from limbeck.reading.json_rows import MOST_BYTES
from limbeck.reading.unreadable import Refuse, Unreadable

# A whole string, a bracket, or a quote that has no end yet. Possessive: no going back over a
# string of megabytes.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]"]', re.DOTALL)
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,:\[\]{}\"]+")
_SPACE = re.compile(rb"\s*+")
_OPEN = b"{["


class Walk:
    """A cursor over bytes that come in pieces; only what is behind `at` is held."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._held = b""
        self._at = 0
        self.passed = 0  # bytes before `_held`
        self.ended = False  # the list that was walked had its end

    @property
    def place(self) -> int:
        """The offset in bytes from the start of the text."""
        return self.passed + self._at

    def more(self) -> bool:
        """Read on; at least as much again as is held, so that a long string is scanned few times.
        False at the end."""
        wanted = max(len(self._held) - self._at, 1)
        fresh: list[bytes] = []
        while wanted > 0 and (part := next(self._parts, None)) is not None:
            fresh.append(part)
            wanted -= len(part)
        if not fresh:
            return False
        self.passed += self._at
        self._held = b"".join([self._held[self._at :], *fresh])
        self._at = 0
        return True

    def peek(self) -> bytes:
        """The next byte that is no white space, b"" at the end."""
        while True:
            found = _SPACE.match(self._held, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._held):
                return self._held[self._at : self._at + 1]
            if not self.more():
                return b""

    def step(self) -> None:
        self._at += 1

    def value(self, keep: bool = True) -> bytes:
        """The bytes of the value that begins here; b"" where none does, or where it was not kept.

        Raises Unreadable "cut_short" for one that has no end.
        """
        first = self.peek()
        if first and first in _OPEN:
            return self._nested(keep)
        pattern = _STRING if first == b'"' else _SCALAR
        while True:
            found = pattern.match(self._held, self._at)
            whole = found is not None and (first == b'"' or found.end() < len(self._held))
            if found is None and first != b'"':
                return b""
            if not whole and self.more():
                self._bound()
                continue
            if found is None:
                raise Unreadable("cut_short", "the file ends within a text")
            self._at = found.end()
            return found[0]

    def _nested(self, keep: bool) -> bytes:
        depth, at = 0, self._at
        while True:
            for found in _TOKEN.finditer(self._held, at):
                token = found[0]
                if token == b'"':
                    at = found.start()
                    break
                at = found.end()
                if token in (b"{", b"["):
                    depth += 1
                elif token in (b"}", b"]"):
                    depth -= 1
                    if depth == 0:
                        value = self._held[self._at : at] if keep else b""
                        self._at = at
                        return value
            else:
                at = len(self._held)
            held = at - self._at
            if not keep:
                self._at, held = at, 0
            if not self.more():
                raise Unreadable("cut_short", "the file ends within a row")
            at = held
            self._bound()

    def _bound(self) -> None:
        if len(self._held) - self._at > 2 * MOST_BYTES:
            raise Unreadable(
                "too_long", f"a row, or a text that never ends, above {MOST_BYTES:,} bytes"
            )


def elements(walk: Walk, refuse: Refuse) -> Iterator[tuple[int, bytes]]:
    """(place from 1, bytes) of each element of the list at which the walk stands."""
    walk.peek()
    walk.step()  # "["
    place = 0
    while True:
        first = walk.peek()
        if first == b"]":
            walk.step()
            walk.ended = True
            return
        if first == b",":
            walk.step()
            continue
        place += 1
        if not first:
            refuse(place, Unreadable("cut_short", "the file ends before its list does"))
            return
        try:
            text = walk.value()
        except Unreadable as bad:
            refuse(place, bad)
            return
        if text:
            yield place, text
        else:
            says = f"not JSON ({first!r} at byte {walk.place})"
            refuse(place, Unreadable("not_json", says))
            walk.step()


def members(walk: Walk) -> Iterator[tuple[str, bytes]]:
    """(key, first byte of its value) of the object at which the walk stands. Whoever iterates
    takes the value from the walk, or it is passed over. Raises Unreadable for what is no object."""
    walk.peek()
    walk.step()  # "{"
    while True:
        first = walk.peek()
        if first == b"}":
            walk.step()
            return
        if first == b",":
            walk.step()
            continue
        key = walk.value() if first == b'"' else b""
        if not key or walk.peek() != b":":
            reason = "not_json" if first else "cut_short"
            raise Unreadable(reason, f"not JSON (no key at byte {walk.place})")
        walk.step()
        value, at = walk.peek(), walk.place
        yield key[1:-1].decode("utf-8", "replace"), value
        if walk.place == at and not walk.value(keep=False) and value not in (b"{", b"["):
            raise Unreadable("not_json", f"not JSON (no value at byte {at})")
