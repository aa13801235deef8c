"""A file of JSON, whatever it is: lines, one list, or one object that holds the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from limbeck.reading.aliases import ROW_KEYS, WRAPPERS
from limbeck.reading.json_rows import json_lines, parse, parse_object
from limbeck.reading.json_walk import Walk, elements, members
from limbeck.reading.unreadable import Refuse, Unreadable

Parts = Callable[[], Iterator[bytes]]
Numbered = Iterator[tuple[int, Mapping[str, Any]]]
_LOOK = 1 << 20
_MOST_WHOLE = 512 << 20  # an object of columns is read whole


@dataclass(frozen=True, slots=True)
class Form:
    """What a file is, for people, and how its rows are read; `splits` are those that it holds."""

    about: str
    rows: Callable[[Refuse], Numbered]
    splits: tuple[str, ...] = ()


def json_form(parts: Parts, split: str | None) -> Form:
    """`parts` gives the file's bytes as UTF-8 from the start, each time it is called."""
    walk = Walk(parts())
    first = walk.peek()
    if first == b"[" and not _lines_of_lists(parts):
        return Form("a JSON list", lambda refuse: _listed(parts, refuse))
    if first != b"{" or _is_lines(parts):
        return Form("JSON lines", lambda refuse: json_lines(parts(), refuse))
    return _object(parts, split)


def _start(parts: Parts) -> tuple[bytes, bytes, bytes]:
    """The first line, the newline, and the start of what follows."""
    held = b""
    with suppress(Unreadable):  # told when the rows are read
        for part in parts():
            held += part
            if len(held) >= _LOOK:
                break
    return held.lstrip().partition(b"\n")


def _second(behind: bytes) -> bytes:
    return next((one.strip() for one in behind.split(b"\n") if one.strip()), b"")


def _lines_of_lists(parts: Parts) -> bool:
    """Whether the bracket at the start is only that of a bad line, with objects on those behind."""
    line, _, behind = _start(parts)
    return _second(behind).startswith(b"{") and line.strip()[-1:] not in b"[{,:"


def _is_lines(parts: Parts) -> bool:
    """Whether the first object ends on its own line, with another behind it; or is a row itself."""
    line, newline, behind = _start(parts)
    if not newline and len(line) >= _LOOK:
        walk = Walk(parts())
        try:
            walk.value(keep=False)
        except Unreadable:
            return False
        return bool(walk.peek())
    try:
        row = parse_object(line)
    except Unreadable:
        # A bad first line among good ones, or the first line of one long object?
        return _second(behind).startswith(b"{") or not _goes_on(line)
    columns = all(isinstance(one, list) and not any(map(_is_object, one)) for one in row.values())
    return bool(behind.strip()) or (bool(ROW_KEYS & row.keys()) and not columns)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _goes_on(line: bytes) -> bool:
    try:
        Walk([line]).value(keep=False)
    except Unreadable:
        return True
    return False


def _listed(parts: Parts, refuse: Refuse) -> Numbered:
    walk = Walk(parts())
    yield from _parsed(elements(walk, refuse), refuse)
    if walk.ended and walk.peek():
        says = f"something follows the end of the list, at byte {walk.place}; it was not read"
        refuse(0, Unreadable("not_json", says))


def _parsed(found: Iterator[tuple[int, bytes]], refuse: Refuse) -> Numbered:
    for place, text in found:
        try:
            row = parse_object(text)
        except Unreadable as bad:
            refuse(place, bad)
            continue
        if isinstance(row.get("row"), dict) and "row_idx" in row:  # as a data server sends rows
            row = row["row"]
        yield place, row


def _object(parts: Parts, split: str | None) -> Form:
    """One object: a row, columns, rows by name, or a wrapper around a list of rows."""
    kinds: dict[str, bytes] = {}
    lists: list[str] = []
    walk = Walk(parts())
    try:
        for key, value in members(walk):
            kinds[key] = value
            if value == b"[":
                walk.step()
                if walk.peek() in (b"{",):
                    lists.append(key)
                _rest_of_list(walk)
    except Unreadable as bad:
        if not lists:
            return Form("one JSON object", _refused(bad))
    if kinds and not lists and set(kinds.values()) == {b"["}:
        return Form("a JSON object of columns", lambda refuse: _columns(parts, refuse))
    row_like = bool(ROW_KEYS & kinds.keys())
    if lists and not row_like:
        key = _chosen(lists, split)
        others = [one for one in lists if one != key]
        more = f" ({', '.join(map(repr, others))} left out)" if others else ""
        return Form(
            f"the list {key!r} of a JSON object{more}",
            lambda refuse: _wrapped(parts, key, refuse),
            tuple(lists),
        )
    if kinds and set(kinds.values()) == {b"{"}:
        return Form("a JSON object of rows", lambda refuse: _by_name(parts, refuse))
    return Form("one JSON object", lambda refuse: _single(parts, refuse))


def _refused(bad: Unreadable) -> Callable[[Refuse], Numbered]:
    def rows(refuse: Refuse) -> Numbered:
        refuse(1, bad)
        return iter(())

    return rows


def _rest_of_list(walk: Walk) -> None:
    while (first := walk.peek()) != b"]":
        if first == b",":
            walk.step()
        elif not walk.value(keep=False) and first not in (b"{", b"["):
            raise Unreadable("cut_short", f"not JSON (byte {walk.place})")
    walk.step()


def _chosen(lists: list[str], split: str | None) -> str:
    if split is not None and split in lists:
        return split
    return next((name for name in WRAPPERS if name in lists), lists[0])


def _wrapped(parts: Parts, wanted: str, refuse: Refuse) -> Numbered:
    walk = Walk(parts())
    try:
        for key, value in members(walk):
            if key == wanted and value == b"[":
                yield from _parsed(elements(walk, refuse), refuse)
    except Unreadable as bad:
        refuse(0, bad)


def _by_name(parts: Parts, refuse: Refuse) -> Numbered:
    walk = Walk(parts())
    place = 0
    try:
        for _, value in members(walk):
            place += 1
            if value == b"{":
                yield from _parsed(iter([(place, walk.value())]), refuse)
    except Unreadable as bad:
        refuse(place, bad)


def _columns(parts: Parts, refuse: Refuse) -> Numbered:
    try:
        found = parse_object(_whole(parts))
    except Unreadable as bad:
        refuse(0, bad)
        return
    lengths = {name: len(values) for name, values in found.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} {number:,}" for name, number in lengths.items())
        says = f"an object of lists that are no columns of one table: their lengths are {told:.300}"
        refuse(0, Unreadable("wrong_fields", says))
        return
    for place, values in enumerate(zip(*found.values(), strict=True), start=1):
        yield place, dict(zip(found, values, strict=True))


def _single(parts: Parts, refuse: Refuse) -> Numbered:
    try:
        row = parse(_whole(parts))
    except Unreadable as bad:
        refuse(1, bad)
        return
    yield 1, row


def _whole(parts: Parts) -> bytes:
    held, size = [], 0
    for part in parts():
        held.append(part)
        size += len(part)
        if size > _MOST_WHOLE:
            says = f"one object of more than {_MOST_WHOLE:,} bytes; write it as JSON lines"
            raise Unreadable("too_long", says)
    return b"".join(held)
