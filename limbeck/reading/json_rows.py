"""JSON to rows: one object's bytes parsed, and the lines of a JSON-lines file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from limbeck.reading.unreadable import Refuse, Unreadable

MOST_BYTES = 128 << 20  # of a line, or of one row of a list
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]")
_BIG_INTEGER = 2.0**63


def lines(parts: Iterable[bytes], refuse: Refuse) -> Iterator[tuple[int, bytes]]:
    """(number, line) of every line that is not blank; one above MOST_BYTES is refused.

    A line ends at a newline byte only: text may hold U+2028 and other separators.
    """
    number, held, size, skipping = 0, list[bytes](), 0, False
    for part in parts:
        *whole, rest = part.split(b"\n")
        for piece in whole:
            number += 1
            if held:
                piece, held, size = b"".join([*held, piece]), [], 0
            if skipping:
                skipping = False
                refuse(number, Unreadable("too_long", f"longer than {MOST_BYTES:,} bytes"))
            elif piece and not piece.isspace():
                yield number, piece
        if skipping or not rest:
            continue
        held.append(rest)
        size += len(rest)
        if size > MOST_BYTES:
            held, size, skipping = [], 0, True
    last = b"".join(held)
    if skipping:
        refuse(number + 1, Unreadable("too_long", f"longer than {MOST_BYTES:,} bytes"))
    elif last and not last.isspace():
        yield number + 1, last


def json_lines(parts: Iterable[bytes], refuse: Refuse) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in lines(parts, refuse):
        try:
            yield number, parse_object(line)
        except Unreadable as bad:
            refuse(number, bad)


def parse_object(text: bytes) -> dict[str, Any]:
    """The object that the bytes say. Raises Unreadable: also for a key that is there twice, since
    every parser would drop one of the two."""
    row = parse(text)
    if type(row) is not dict:
        raise Unreadable("not_an_object", f"not an object but {name_of(row)}")
    if b"\\u00" in text and _ESCAPED_ASCII.search(text):
        _whole(text)
        return row
    for key in row:
        if text.count(b'"' + key.encode("utf-8", "surrogatepass") + b'"') > 1:
            _whole(text)
            break
    return row


def parse(text: bytes) -> Any:
    """A JSON value: by orjson, and where that refuses, by the tolerant parser or with its reason.

    Raises Unreadable. Integers of any size stay what they are.
    """
    try:
        value = orjson.loads(text)
    except ValueError:
        return _whole(text)
    if type(value) is dict:
        for one in value.values():
            if type(one) is float and (one >= _BIG_INTEGER or one <= -_BIG_INTEGER):
                return _whole(text)  # orjson makes a float of an integer above 64 bits
    return value


def _whole(text: bytes) -> Any:
    try:
        decoded = text.decode("utf-8-sig", "strict")
    except UnicodeDecodeError as error:
        decoded = _surrogates(text, error)
    try:
        return json.loads(decoded, parse_constant=_not_finite, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise Unreadable("not_json", f"not JSON ({error.msg} at column {error.colno})") from error
    except RecursionError as error:
        raise Unreadable("too_deep", "nested too deeply") from error
    except Unreadable:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise Unreadable("not_json", f"not JSON ({error})") from error


def _surrogates(text: bytes, error: UnicodeDecodeError) -> str:
    """Half characters from a UTF-16 file are told apart from bytes that are no text."""
    try:
        return text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        says = f"not UTF-8 ({error.reason} at byte {error.start})"
        raise Unreadable("not_utf8", says) from error


def _not_finite(name: str) -> Any:
    raise Unreadable("not_finite", f"{name} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for at, key in enumerate(keys) if key in keys[:at])
        raise Unreadable("duplicate_key", f"the key {twice!r} is there twice")
    return found


def name_of(value: Any) -> str:
    """For people: "a list", "text", "a number"."""
    names = {dict: "an object", list: "a list", str: "text", bool: "a boolean"}
    names[type(None)] = "null"
    return names.get(type(value), "a number")
