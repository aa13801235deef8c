"""The curve in words and cells."""

from __future__ import annotations

from limbeck.evals.curves.curve import curve
from limbeck.evals.curves.tables import doubling, spread, tables
from tests.evals.curves.test_curve import growing, result, right, run


def test_the_table_has_a_row_for_the_base_and_each_number_of_rows() -> None:
    [table] = tables(curve("r", "1", growing()))
    assert table.title == "数学: acc, 40 items; teacher 80.0%"
    assert table.head == ["rows", "score", "student − base", "gap closed"]
    assert table.rows[0] == ["0, the base", "20.0%", "", ""]
    assert table.rows[1][:2] == ["50", "32.5% [30.0, 35.0]"]
    assert table.rows[1][2].startswith("+12.5 points [")
    assert table.rows[1][3].startswith("21% [")
    [note] = table.notes
    assert note.startswith("Each doubling of the rows: +10.0 points [")
    assert note.endswith("; +16.7% of the gap between base and teacher.")


def test_several_students_are_named_and_compared_by_size() -> None:
    [table] = tables(curve("r", "1", [*growing(), *growing("large", 4000, 0.2)]))
    assert table.head[0] == "student"
    assert {row[0] for row in table.rows} == {"small", "large"}
    assert table.notes[1].startswith("large, each doubling of the rows: +10.0 points")
    assert table.notes[2].startswith(
        "Each doubling of the student's parameters, with 200 rows: +10.0 points"
    )


def test_a_gap_that_cannot_be_measured_is_said_and_is_no_share() -> None:
    runs = [
        run(rows, seed, {"t": right(0.5)}, teacher=result({"t": right(0.2)}))
        for rows in (50, 100)
        for seed in (0, 1)
    ]
    [table] = tables(curve("r", "1", runs))
    assert table.rows[1][3] == "teacher not measurably better"
    assert "of the gap" not in table.notes[0]


def test_a_slope_of_one_seed_alone_has_no_interval() -> None:
    slope = {"value": 0.031, "low": None, "high": None, "p_value": None}
    assert doubling(slope, "share", None, None) == "+3.1 points"
    assert doubling(None, "share", 0.8, 0.2) == ""
    one = {"value": 0.5, "low": 0.5, "high": 0.5, "seeds": [0.5]}
    assert spread(one, "share") == "50.0%"
