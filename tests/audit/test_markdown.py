"""The audit as Markdown: the page's content, which no text of the data can break."""

from __future__ import annotations

import re

import pytest

from limbeck.audit import markdown, tables
from limbeck.audit.grades import LEVELS
from tests.audit import sheets


def _outside_fences(text: str) -> list[str]:
    """The lines that Markdown reads."""
    fence, kept = "", []
    for line in text.split("\n"):
        ticks = re.match("`{3,}", line)
        if fence:
            fence = "" if line == fence else fence
        elif ticks:
            fence = ticks[0]
        else:
            kept.append(line)
    assert not fence, "a fence is left open"
    return kept


@pytest.mark.parametrize("level", LEVELS)
def test_every_finding_at_every_level(level: str) -> None:
    text = markdown.render(sheets.every(level))
    sheet = [line for line in text.split("\n") if line.startswith("| " + LEVELS[level][2])]
    assert len(sheet) == len(sheets.KEYS)
    word = f"{LEVELS[level][2]} {LEVELS[level][0]}"
    assert all(line.startswith(f"| {word} | ") for line in sheet)
    if level != "unknown":
        assert "| 12 of 1,000 rows | 1.2% \\[0.7%, 2.1%\\] |" in sheet[0]
        assert "**Rows 3 and 1,017, Jaccard 0.93**" in text
    else:
        assert "| there is no column of that. |" in sheet[0]


def test_no_text_of_the_data_is_read_as_markdown() -> None:
    text = markdown.render(sheets.hostile())
    lines = _outside_fences(text)
    outside = "\n".join(lines)
    assert "<script" not in outside
    assert "<img" not in outside
    assert not re.search(r"(?<!\\)\]\(", outside)  # no link
    assert not re.search(r"(?<!\\)!?\[(?!\\)", outside)
    assert not [line for line in lines if line.startswith("# ") and "Audit" not in line]
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]", text
    )
    widths = {
        len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("| ✗ Problem")
    }
    assert widths == {7}  # six cells
    assert len(text) < 1_000_000
    assert "9,999,500 more characters are in audit.json." in text


def test_every_number_of_the_tables_is_there() -> None:
    report = sheets.mixed()
    text = markdown.render(report).replace("\\", "")
    for table in tables.tables(report):
        assert f"## {table.title}" in text
        for row in table.rows:
            assert f"| {' | '.join(row)} |" in text
    assert "**5 problems in 1,000 rows: " in text


def test_text_with_fences_and_long_text() -> None:
    example = {"places": [1], "texts": [["Output", "a\n```\nb"], ["Input", "y" * 700], ["T", ""]]}
    text = markdown.render(sheets.report(sheets.finding("format", "note", examples=[example])))
    assert "\n````text\na\n```\nb\n````\n" in text
    assert f"\n```text\n{'y' * 500}\n```\n\n200 more characters are in audit.json.\n" in text
    assert "T:\n\n(empty)\n" in text
