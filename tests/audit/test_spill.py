"""Rows come back from the disk as they were."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from limbeck.audit.spill import Instructions, Writer
from limbeck.reading.forms import Row

ROWS = [
    Row("a", "Écris\x00 \u202e", "", "字" * 5000, options=("x", "é"), target=None, place=7),
    Row("b", "", "🌊", "", system="\n", classification=True, target=""),
    Row("c", "two  words", "\ud800", "x", finish_reason="length"),
]


def test_rows_by_their_numbers(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "rows")
    assert writer.add(ROWS[:2]) == (0, 2)
    assert list(writer.part(0, 2)) == ROWS[:2]  # while it is written
    assert writer.add(ROWS[2:]) == (2, 3)
    assert list(writer.part(2, 3)) == ROWS[2:]
    spill = writer.done()
    assert (len(spill), spill[1], list(spill)) == (3, ROWS[1], ROWS)
    assert list(spill.part(1, 3)) == ROWS[1:]
    there = pickle.loads(pickle.dumps(spill))  # as a worker gets it
    assert there[2] == ROWS[2]
    spill.close()
    there.close()
    assert spill[0] == ROWS[0]  # opened again when it is needed
    spill.close()


def test_instructions_are_squeezed_and_cut_as_lists_are(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "rows")
    writer.add(ROWS)
    texts = Instructions(writer.done(), np.array([2, 0]))
    assert (len(texts), texts[0], texts[-1]) == (2, "two words", "Écris\x00 \u202e")
    assert texts[0:5] == list(texts)
    assert list(texts.picked([1])) == ["Écris\x00 \u202e"]


def test_a_book_is_compared_by_how_it_begins(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "rows")
    writer.add([Row("a", "字" * 1_000_000, "", "")])
    [text] = Instructions(writer.done(), np.array([0]))
    assert text == "字" * 20_000


def test_nothing_at_all(tmp_path: Path) -> None:
    assert list(Writer(tmp_path / "rows").done()) == []
