"""The audit on a terminal: short, aligned, and nothing that steers it."""

from __future__ import annotations

from rich.cells import cell_len

from limbeck.audit.marks import NOT_MARKED, QUESTIONS, summary
from limbeck.audit.terminal import WIDTH, compact
from tests.audit import sheets


def test_the_verdict_then_one_line_a_finding() -> None:
    report = sheets.report(
        sheets.finding("duplicates", "problem"),
        sheets.finding("lengths", "good", count=None, share=None, says="46 words on average."),
        sheets.finding("cost", "unknown"),
    )
    assert compact(report) == [
        "rows.jsonl: JSON lines, 1,000 rows read as instruction, input, output",
        "",
        "1 problem in 1,000 rows: duplicates. Not measured: cost.",
        "",
        "✗ Problem       Duplicates  12 of 1,000 rows are so.",
        "✓ Good          Lengths     46 words on average.",
        "? Not measured  Cost        there is no column of that.",
        "",
        "Correctness was not judged: nobody has marked the 200 rows of sheet.csv yet.",
    ]


def test_without_a_sentence_the_numbers_are_said() -> None:
    line = compact(sheets.report(sheets.finding("pii", "note", says="")))[4]
    assert line == "i Note  Pii  12 of 1,000 rows, 1.2% [0.7%, 2.1%]"


def test_titles_in_wide_characters_are_aligned() -> None:
    report = sheets.report(
        sheets.finding("a", "problem", title="重複"),
        sheets.finding("b", "problem", title="cafe\u0301s"),
        sheets.finding("c", "problem", title="Plain"),
    )
    starts = {cell_len(line.split("12 of")[0]) for line in compact(report)[4:7]}
    assert starts == {len("✗ Problem  Plain  ")}


def test_nothing_raw_of_the_data_and_no_line_too_long() -> None:
    lines = compact(sheets.hostile())
    assert all(char.isprintable() for line in lines for char in line)
    findings = [line for line in lines if line[0:1] in ("✗", "!", "i", "✓", "?")]
    assert len(findings) == len(sheets.KEYS)
    for line in findings:
        assert cell_len(line) <= WIDTH
        assert line.endswith("…")


def test_marks_are_said_beside_the_papers_where_they_compare() -> None:
    marks = {f"r{n}": dict.fromkeys(QUESTIONS, n < 30) for n in range(40)} | {"r40": NOT_MARKED}
    report = sheets.report(marks=summary(marks, ()))
    assert compact(report)[-2:] == [
        "75.0% [59.8%, 85.8%] of 40 marked rows are right in all three ways, marked by a human "
        "(54.0% [47.1%, 60.8%] in Self-Instruct).",
        "Marked by a human. Square brackets hold Wilson's 95% intervals.",
    ]
    chats = compact(report | {"about": "JSON lines, 40 rows read as messages"})
    assert "Self-Instruct" not in "\n".join(chats)


def test_guesses_and_columns_that_are_not_read_are_said_below_the_first_line() -> None:
    made = sheets.report(
        notes=["so 'frage' as the instruction is a guess"], not_read=["id", "名\x1b[2J", "🐈"] * 5
    )
    lines = compact(made)
    assert lines[1] == "So 'frage' as the instruction is a guess."
    assert lines[2].startswith("Columns that are not read: id, 名")
    assert lines[2].endswith("🐈 and 3 more.")
    assert "\x1b" not in "".join(lines)
    assert compact(sheets.report())[1] == ""
