"""Tables: every quote that does not fit costs its own line and no other."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.reading.table import delimiter_of, table
from limbeck.reading.unreadable import Unreadable


def read(text: str | bytes, delimiter: str | None = None) -> tuple[list[Any], list[Any]]:
    """Rows as (line, fields in order), and what was refused as (line, reason)."""
    content = text if isinstance(text, bytes) else text.encode()
    refused: list[tuple[int, str]] = []

    def refuse(place: int, bad: Unreadable) -> None:
        refused.append((place, bad.reason))

    found = [
        (place, [*row.values()])
        for place, row in table(iter([content[:7], content[7:]]), delimiter, refuse)
    ]
    return found, refused


def test_cells_over_several_lines() -> None:
    rows, refused = read('prompt,completion\n"a\nb","say ""hi"""\nc,\n')
    assert rows == [(2, ["a\nb", 'say "hi"']), (4, ["c", ""])]
    assert not refused


def test_a_quote_that_is_never_closed_costs_one_line() -> None:
    rows, refused = read('prompt,completion\n"open,a\nb,c\nd,e\n')
    assert rows == [(3, ["b", "c"]), (4, ["d", "e"])]
    assert refused == [(2, "quote_not_closed")]


def test_a_quote_that_the_next_row_closes_costs_one_line() -> None:
    rows, refused = read('prompt,completion\n"open,a\n"b",c\nd,e\n')
    assert rows == [(3, ["b", "c"]), (4, ["d", "e"])]
    assert refused == [(2, "quote_not_closed")]


def test_fields_that_are_missing_or_too_many_are_counted() -> None:
    rows, refused = read("prompt,completion\na\nb,c,d\n\ne,f\n")
    assert rows == [(5, ["e", "f"])]
    assert refused == [(2, "wrong_fields"), (3, "wrong_fields")]


def test_bytes_that_are_no_text_cost_their_line() -> None:
    rows, refused = read(b"prompt,completion\ncaf\xe9,b\nc\xc3\xa9,d\n")
    assert (rows, refused) == ([(3, ["cé", "d"])], [(2, "not_utf8")])


def test_the_returns_of_an_old_mac_and_nul() -> None:
    assert read("prompt,completion\ra,b\rc,d\r")[0] == [(2, ["a", "b"]), (3, ["c", "d"])]
    assert read("prompt,completion\na\0,b\n")[0] == [(2, ["a\0", "b"])]


def test_two_columns_of_one_name_are_refused() -> None:
    assert read("prompt,prompt\na,b\n") == ([], [(1, "duplicate_key")])


def test_the_bound_of_a_cell_is_not_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    before = csv.field_size_limit()
    monkeypatch.setattr("limbeck.reading.table.CELL", 10)
    rows, refused = read("prompt,completion\n" + "x" * 11 + ",b\nc,d\n")
    assert (rows, refused) == ([(3, ["c", "d"])], [(2, "cell_too_long")])
    assert csv.field_size_limit() == before


def test_many_open_quotes_are_not_read_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limbeck.reading.table._AFTER_MANY", 2000)
    taken = 0
    whole = table.__globals__["_split"]

    def counted(parts: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
        nonlocal taken
        for line in whole(parts):
            taken += 1
            yield line

    monkeypatch.setattr("limbeck.reading.table._split", counted)
    lines = 2000
    rows, refused = read("prompt,completion\n" + 'x,"y\n' * lines)
    assert taken == lines + 1
    assert len(rows) + len(refused) >= lines / 2
    assert {reason for _, reason in refused} == {"quote_not_closed"} or not refused


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [("a,b;c", ","), ("frage;antwort,x;y", ";"), ("question\tanswer, or none", "\t"),
     ("one|output", "|"), ("text", ",")],
)  # fmt: skip
def test_the_delimiter_is_that_of_the_header(header: str, delimiter: str) -> None:
    assert delimiter_of(header) == delimiter


_CELL = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=12
).filter(lambda text: not re.search("[\x1c-\x1e\x85\u2028\u2029]", text))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(_CELL, _CELL), max_size=6))
def test_what_csv_writes_is_read_back(cells: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("prompt", "completion"), *cells])
    rows, refused = read(out.getvalue(), ",")
    assert [tuple(fields) for _, fields in rows] == cells
    assert not refused
