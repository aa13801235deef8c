"""The tables: the paper's numbers stand beside instructions, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.audit import sentences, tables
from limbeck.audit.marks import NOT_MARKED, QUESTIONS, summary
from tests.audit import sheets


def marks(**more: Any) -> dict[str, Any]:
    """40 marked rows, 30 of them right in all ways, and one marked in part."""
    right, part = dict.fromkeys(QUESTIONS, True), {**NOT_MARKED, "input_fits": False}
    rows = {f"r{n}": right if n < 30 else {**right, "output_correct": False} for n in range(40)}
    return {"marks": summary(rows | {"part": part}, ("the model m",)) | more}


@pytest.mark.parametrize(
    ("about", "more", "beside"),
    [
        ("JSON lines, read as instruction, input, output", {}, True),
        ("JSON lines, read 5 as instruction, instances; 3 as messages", {}, True),
        ("JSON lines, 10 rows read as messages", {}, False),
        ("a Parquet file, read as question, answer", {}, False),
        ("CSV, read as frage", {"columns": {"instruction": "frage"}}, False),
        ("records", {"columns": {"instruction": "instruction"}}, True),
        ("the records of the run", {"nearest_seed": sheets.mixed()["nearest_other"]}, True),
    ],
)
def test_where_the_paper_is_beside(about: str, more: dict[str, Any], beside: bool) -> None:
    report = sheets.report(about=about, **marks()) | more
    assert tables.compared(report) is beside
    said = [str(table) for table in tables.tables(report)] + [sentences.marks_line(report)]
    assert any("Self-Instruct" in text for text in said) is beside
    assert all(len(table.rows[0]) == len(table.head) for table in tables.tables(report))
    first = tables.size(report).rows[0]
    assert first == (("Rows", "1,000", "82,439") if beside else ("Rows", "1,000"))


def test_marks_beside_the_paper() -> None:
    table = tables.quality(sheets.report(**marks()))
    assert table is not None
    assert table.rows[-1] == (
        "All three",
        "75.0% [59.8%, 85.8%]",  # 30 of 40, worked out by hand
        "40",
        "54.0% [47.1%, 60.8%]",
    )
    assert table.note == (
        "Marked by the model m. Square brackets hold Wilson's 95% intervals. "
        "Not in the last line: 1 row marked in part."
    )
    judged = {"asked": 44, "unread": 2, "unanswered": 1}
    note = tables.who(marks(judge=judged)["marks"])
    assert "Of 44 rows 2 had no verdict that could be read" in note
    assert tables.quality(sheets.report()) is None


def test_instructions_alone_have_no_numbers_of_outputs() -> None:
    report = sheets.report(outputs=None)
    report["counts"] |= {"with_input": 0, "without_input": 1000}
    assert ("Rows without input", "n/a", "43.5%") in tables.size(report).rows
    assert [table.head for table in tables.tables(report) if table.title == "Scripts"] == [
        ("Script", "Instructions of rows")
    ]
    assert sentences.marks_line(report).startswith("Not marked: these are instructions alone")


def test_bars_are_as_long_as_their_counts() -> None:
    (table,) = [one for one in tables.tables(sheets.report()) if one.bars]
    assert table.title == "Nearest other instruction"
    assert max(table.bars) == table.bars[3] == 1
    assert table.bars[0] == pytest.approx(10 / 300)
    assert table.rows[9] == ("0.9–1.0", "5", "0.5%")


def test_outputs_that_are_no_finding_are_beside_the_rows() -> None:
    assert tables.size(sheets.report()).rows[-1] == ("Outputs equal to the input", "3 (0.3%)", "")


def test_a_report_without_what_measure_may_leave_out() -> None:
    report = sheets.report()
    for key in ("scripts", "verb_noun", "nearest_seed", "nearest_other", "marks"):
        del report[key]
    assert [table.title for table in tables.tables(report)] == ["Rows", "Lengths"]
    assert tables.verb_note(report) == ""
    assert sentences.limits(report)
