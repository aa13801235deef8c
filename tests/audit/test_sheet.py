"""The sheet: no cell is a formula, every text comes back, marks are read as people write them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from limbeck.audit.marks import NOT_MARKED, QUESTIONS, Marks
from limbeck.audit.sheet import (
    COLUMNS,
    LONGEST,
    Marked,
    has_marks,
    meant,
    read_marks,
    sampled,
    shown,
    write_sheet,
)
from limbeck.errors import DataError
from limbeck.reading.forms import Row

ROWS = [
    Row("r1", "=1+1", "@SUM(A1)", "-2"),
    Row("r2", "写一首诗 🌊", 'a "quoted"; cell', "first\n- one\n- two\r\nend"),
    Row("r3", "Été", "", "\ttab"),
]
HEAD = "id," + ",".join(QUESTIONS)


def cells(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "marked.csv"
    path.write_bytes(text.encode(encoding))
    return path


@given(st.text())
@example("=1")
@example("'=1")
@example("' '\t=1")
@example("\r=1")
@example("a\n'- b(c)")
@example("a;+b|c;'=d")
def test_every_text_comes_back_from_its_cell(text: str) -> None:
    assert meant(shown(text)) == text


@given(st.text("=+-@\t\r\n;'( |!a＝", max_size=12))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = shown(text)
    assert not cell.startswith(tuple("=+-@\t\r＝＋－＠"))
    assert meant(cell) == text
    # Where a spreadsheet parts cells at other characters, none of the parts is one that calls.
    for part in re.split(r"[;\t\r\n]", cell):
        assert not part.startswith(("=", "@", "＝", "＠"))
        if part.startswith(("+", "-")):
            assert not set(part) & set("(|!")


def test_a_list_within_a_text_stays_as_it_is() -> None:
    text = "Buy:\n- milk\n- eggs\n+ bread"
    assert shown(text) == text
    assert shown("- milk\n- eggs") == "'- milk\n- eggs"
    assert shown("a\n- IMPORTDATA(x)") == "a\n'- IMPORTDATA(x)"


def test_a_sheet_is_csv_that_spreadsheets_know_for_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "表.csv"
    write_sheet(path, ROWS)
    assert path.read_bytes().startswith(b'\xef\xbb\xbf"id","instruction","input","output",')
    found = cells(path)
    assert list(found[0]) == list(COLUMNS)
    assert [cell["instruction"] for cell in found] == ["'=1+1", "写一首诗 🌊", "Été"]
    for row, cell in zip(ROWS, found, strict=True):
        assert (row.instruction, row.input, row.output) == tuple(
            meant(cell[name]) for name in ("instruction", "input", "output")
        )
        assert {cell[question] for question in QUESTIONS} == {""}


def test_a_text_too_long_for_a_cell_says_what_is_left_out(tmp_path: Path) -> None:
    write_sheet(tmp_path / "s.csv", [Row("r", "I", "", "é" * (LONGEST + 7) + "\x00")])
    (cell,) = cells(tmp_path / "s.csv")
    assert cell["output"] == "é" * LONGEST + " … [8 more characters in the dataset]"


def test_marks_come_back_with_who_made_them(tmp_path: Path) -> None:
    marks: dict[str, Marks] = {
        "r1": {**NOT_MARKED, "input_fits": False},
        "r2": dict.fromkeys(QUESTIONS, True),
        "r3": NOT_MARKED,
    }
    marked = Marked(marks, ("=Ana", "the model m"))
    path = tmp_path / "judged.csv"
    write_sheet(path, ROWS, marked)
    assert [cell["marked_by"] for cell in cells(path)] == ["'=Ana, the model m"] * 2 + [""]
    found = read_marks(path, ["r1", "r2", "r3", "r4"])
    assert found.marks == marked.marks
    assert found.by == ("=Ana, the model m",)
    assert has_marks(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_spreadsheets_make_of_the_file_is_read(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    rows = [
        ["Instruction", "Output_Correct", "INPUT_FITS", "instruction_valid", "id", "注"],
        ["你好", "✓", "0", "Yes", "r1", "note"],
        ["", "", "FALSE", "'1", " r2 ", ""],
        ["", "", "", "", "", ""],
        ["short", "", "", "", "r3"],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    found = read_marks(written(tmp_path, text, encoding), ["r1", "r2", "r3"])
    assert {name: tuple(marks.values()) for name, marks in found.marks.items()} == {
        "r1": (True, False, True),
        "r2": (True, False, None),
        "r3": (None, None, None),
    }
    assert found.by == ()


def test_an_x_is_no_beside_a_yes_and_refused_alone(tmp_path: Path) -> None:
    found = read_marks(written(tmp_path, f"{HEAD}\nr1,yes,x,X\n"), ["r1"])
    assert tuple(found.marks["r1"].values()) == (True, False, False)
    alone = written(tmp_path, f"{HEAD}\nr1,x,,\n")
    with pytest.raises(DataError, match="row 2, column instruction_valid: 'x' may mean both"):
        read_marks(alone, ["r1"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEAD}\nr1,maybe,,\n", "row 2, column instruction_valid: 'maybe' is no mark; write yes"),
        (f"{HEAD}\nr9,yes,,\n", "row 2: no row of the dataset has the id 'r9'"),
        (f"{HEAD}\nr1,yes,,\nr1,no,,\n", "row 3: the row r1 is there twice"),
        (f"{HEAD}\n", "has no rows under its heading"),
        ("id,input\nr1,x\n", "no sheet to mark: its first row has no column 'instruction_valid'"),
        ("", "no sheet to mark"),
    ],
)
def test_a_sheet_that_cannot_be_counted_says_where(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError, match=re.escape(words)):
        read_marks(written(tmp_path, text), ["r1"])


def test_a_file_that_is_missing_or_no_text_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*: No such file"):
        read_marks(tmp_path / "none.csv", [])
    with pytest.raises(DataError, match="is not UTF-8 text; save it as CSV UTF-8"):
        read_marks(written(tmp_path, "é", "latin-1"), [])


def test_only_marks_keep_a_sheet_from_being_written_over(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    write_sheet(path, ROWS)
    assert not has_marks(path)
    assert has_marks(written(tmp_path, f"{HEAD}\nr1,,,who knows\n"))
    assert has_marks(written(tmp_path, "somebody's own table"))


def test_the_sample_depends_on_the_seed_and_on_nothing_else() -> None:
    rows = [Row(f"r{n}", "I", "", "o") for n in range(100)]
    drawn = sampled(rows, 10, seed=0)
    assert drawn == sampled(rows[::-1], 10, seed=0)
    assert drawn != sampled(rows, 10, seed=1)
    assert sampled(rows, 20, seed=0)[:10] == drawn
    fewer = [row for row in rows if row not in drawn[:3]]
    assert sampled(fewer, 7, seed=0) == drawn[3:]
    assert len(sampled(rows[:4], 10, seed=0)) == 4


def test_every_row_is_drawn_about_as_often() -> None:
    rows = [Row(f"r{n}", "I", "", "o") for n in range(20)]
    times = dict.fromkeys((row.id for row in rows), 0)
    for seed in range(400):
        for row in sampled(rows, 5, seed):
            times[row.id] += 1
    assert all(60 <= number <= 140 for number in times.values())  # 100 expected, sd 8.7
