"""What a run's filters left: by bits, by changed rows, and of an old run by ids."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.errors import DataError
from limbeck.kept import CHANGED, KEPT, RECORDS, VERDICTS, LineSet, kept_lines, kept_records
from limbeck.record import Provenance, Record, Verdict, user
from limbeck.store import write_jsonl


@given(st.sets(st.integers(1, 70_000), max_size=40), st.integers(1, 70_000))
def test_bits_are_a_set_of_numbers(numbers: set[int], other: int) -> None:
    lines = LineSet()
    for number in sorted(numbers, reverse=True):
        lines.add(number)
    again = LineSet(lines.to_bytes())
    assert len(lines) == len(again) == len(numbers)
    assert all(number in again for number in numbers)
    assert (other in again) is (other in numbers)
    assert lines.to_bytes() == bytes(again._bytes)
    assert len(lines.to_bytes()) == (max(numbers, default=0) + 7) // 8


def test_the_first_line_is_the_lowest_bit_of_the_first_byte() -> None:
    lines = LineSet()
    for number in (1, 3, 9, 16):
        lines.add(number)
    assert lines.to_bytes() == bytes([0b00000101, 0b10000001])


def records(count: int) -> list[Record]:
    made = Provenance("t")
    return [Record((user("Why?"),), f"n° {number}", made, id="same") for number in range(count)]


def test_kept_rows_are_those_of_the_bits_in_their_changed_form(tmp_path: Path) -> None:
    rows = records(5)
    write_jsonl(tmp_path / RECORDS, (row.to_json() for row in rows))
    text = (tmp_path / RECORDS).read_bytes()
    (tmp_path / RECORDS).write_bytes(b"\n" + text)  # the first line is blank
    (tmp_path / KEPT).parent.mkdir()
    (tmp_path / KEPT).write_bytes(bytes([0b00111010]))
    masked = rows[2].to_json() | {"completion": "[卡]\ud800"}
    gone = rows[1].to_json() | {"completion": "not kept"}
    write_jsonl(tmp_path / CHANGED, [{"line": 3, "record": gone}, {"line": 4, "record": masked}])
    found = list(kept_records(tmp_path))
    assert [row.completion for row in found] == ["n° 0", "[卡]\ud800", "n° 3", "n° 4"]
    assert [number for number, _ in kept_lines(tmp_path)] == [2, 4, 5, 6]
    (tmp_path / CHANGED).unlink()
    assert [row.completion for row in kept_records(tmp_path)] == ["n° 0", "n° 2", "n° 3", "n° 4"]


def test_a_run_without_bits_is_read_by_the_ids_of_its_verdicts(tmp_path: Path) -> None:
    made = Provenance("t")
    rows = [Record((user("Why?"),), "x", made, id=name) for name in "abcd"]
    write_jsonl(tmp_path / RECORDS, (row.to_json() for row in rows))
    verdicts = [Verdict(name, "f", name not in "bd") for name in "abcd"]
    write_jsonl(tmp_path / VERDICTS, (verdict.to_json() for verdict in verdicts))
    assert [row.id for row in kept_records(tmp_path)] == ["a", "c"]


@pytest.mark.parametrize("text", ['{"record": {}}', '{"line": "x", "record": {}}', "[]"])
def test_a_file_of_changed_rows_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    write_jsonl(tmp_path / RECORDS, (row.to_json() for row in records(1)))
    (tmp_path / KEPT).parent.mkdir()
    (tmp_path / KEPT).write_bytes(b"\1")
    (tmp_path / CHANGED).write_text(text + "\n")
    with pytest.raises(DataError, match=r"changed\.jsonl, line 1: not a"):
        list(kept_records(tmp_path))
