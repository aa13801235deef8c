"""What is written: three renderings that say the same, safely, and a sheet nobody loses."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from limbeck.audit import markdown, page, tables
from limbeck.audit.marks import NOT_MARKED, QUESTIONS, summary
from limbeck.audit.measure import measure
from limbeck.audit.sheet import Marked, sampled
from limbeck.audit.terminal import compact
from limbeck.audit.write import write_audit
from limbeck.reading.rows import read_dataset
from tests.audit.small import ROWS, write_rows


@pytest.fixture
def report(tmp_path: Path) -> dict[str, Any]:
    dataset = read_dataset(write_rows(tmp_path / "数据<b>.jsonl"))
    found = measure(dataset, version="1", seeds=["Sing a song."])
    return found | {"sheet_rows": 8}


def marked(report: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The report with 40 marked rows, 30 of them right in all ways."""
    right, wrong = dict.fromkeys(QUESTIONS, True), {**NOT_MARKED, "input_fits": False}
    rows = {f"r{n}": right if n < 30 else {**right, "output_correct": False} for n in range(40)}
    return report | {"marks": summary(rows | {"part": wrong}, ("the model m",)) | more}


class Page(HTMLParser):
    """The tags of a page and its text, one line for each piece."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.said: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.said.append(" ".join(data.split()))


def test_the_page_shows_text_and_runs_nothing(report: dict[str, Any]) -> None:
    text = page.render(report)
    found = Page(text)
    assert "script" not in found.tags
    assert set(found.links) == {"#first"}
    assert "default-src 'none'" in text
    assert not re.search(r"https?://|@import|url\(", text)
    assert "数据<b>.jsonl" in found.said
    assert "Good." in found.said  # of the contradiction
    assert "The sea is blue 🌊 and so am I" in " ".join(found.said)
    assert "prefers-color-scheme: dark" in text


def test_every_number_of_the_tables_is_on_the_page_and_in_the_markdown(
    report: dict[str, Any],
) -> None:
    report = marked(report)
    said = " ".join(Page(page.render(report)).said)
    text = markdown.render(report).replace("\\", "")
    shown = tables.tables(report)
    assert [table.title for table in shown[:4]] == ["Quality", "Lengths", "Rows", "Outputs"]
    for table in shown:
        assert table.title in said
        for row in table.rows:
            assert f"| {' | '.join(row)} |" in text
            for cell in row:
                assert cell in said


def test_quality_beside_the_paper(report: dict[str, Any]) -> None:
    table = tables.quality(marked(report))
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
    note = tables.who(marked(report, judge=judged)["marks"])
    assert "Of 44 rows 2 had no verdict that could be read" in note
    assert tables.quality(report) is None


def test_the_terminal_says_how_the_data_was_read(report: dict[str, Any]) -> None:
    lines = compact(marked(report))
    assert lines[0].startswith("数据<b>.jsonl: JSON lines, read ")
    by_name = {line.split("  ")[0]: line.split()[-1] for line in lines[2:-2]}
    assert by_name["Words of instruction, mean"] == "15.9"
    assert "Output is correct" in by_name
    assert len({line.index("82,439") for line in lines if "82,439" in line}) == 1


def test_instructions_alone_have_no_numbers_of_outputs(tmp_path: Path) -> None:
    dataset = read_dataset(write_rows(tmp_path / "d.jsonl", [{"instruction": "Sing."}]))
    report = measure(dataset, version="1") | {"sheet_rows": 1}
    assert "Outputs" not in [table.title for table in tables.tables(report)]
    text = markdown.render(report)
    assert "these are instructions alone, without outputs" in text
    assert "| Output | n/a | n/a |" in text
    assert "| Script | Instructions of rows |\n" in text
    assert "| Rows without input | n/a | 43.5% |" in text
    missing = {"verb_noun": {"missing": "no instruction is in English"}}
    last = compact(report | missing)[-1]
    assert last == "Verbs and nouns were not looked for: no instruction is in English."
    assert "conflicting" not in "\n".join(compact(report))


def test_markdown_is_not_broken_by_the_data(tmp_path: Path) -> None:
    rows = [
        {"instruction": "a | b\n# not a heading ```", "output": "```\n<img src=x>"},
        {"instruction": "a | b\n# not a heading ```", "output": "x" * 2000},
    ]
    dataset = read_dataset(write_rows(tmp_path / "a|b<i>.jsonl", rows))
    text = markdown.render(measure(dataset, version="1") | {"sheet_rows": 2})
    assert text.startswith("# Audit: a\\|b&lt;i&gt;.jsonl\n")
    assert "\n````text\na | b\n# not a heading ```\n````\n" in text
    assert "\n1,500 more characters are in audit.json.\n" in text


def test_all_files_are_written_and_a_marked_sheet_is_left_alone(
    tmp_path: Path, report: dict[str, Any]
) -> None:
    folder = tmp_path / "审计"
    rows = sampled(read_dataset(tmp_path / "数据<b>.jsonl").rows, 5, 0)
    assert write_audit(folder, report, rows)
    assert sorted(path.name for path in folder.iterdir()) == [
        "audit.json",
        "audit.md",
        "index.html",
        "sheet.csv",
    ]
    assert json.loads((folder / "audit.json").read_text("utf-8")) == report
    sheet = folder / "sheet.csv"
    before = sheet.read_bytes()
    assert len(list(csv.reader(before.decode("utf-8-sig").splitlines()))) >= 6
    assert write_audit(folder, report, rows[:2])  # nobody has marked it: a new sample
    assert sheet.read_bytes() != before
    sheet.write_bytes(before.replace(b'"","","",""', b'"yes","","",""', 1))
    kept = sheet.read_bytes()
    assert kept != before
    judged = Marked({row.id: dict.fromkeys(QUESTIONS, True) for row in rows}, ("the model m",))
    assert not write_audit(folder, report, rows, judged)
    assert sheet.read_bytes() == kept
    assert (folder / "judged.csv").read_bytes().count(b'"yes"') == 3 * len(rows)


def test_half_characters_of_a_file_name_do_not_stop_it(
    tmp_path: Path, report: dict[str, Any]
) -> None:
    write_audit(tmp_path / "a", report | {"name": "bad\udcff.jsonl"}, [])
    assert json.loads((tmp_path / "a" / "audit.json").read_bytes())["name"] == "bad\ufffd.jsonl"
    for name in ("audit.md", "index.html"):
        assert "bad\ufffd.jsonl" in (tmp_path / "a" / name).read_text("utf-8")


def test_the_same_data_gives_the_same_bytes(tmp_path: Path, report: dict[str, Any]) -> None:
    rows = sampled(read_dataset(tmp_path / "数据<b>.jsonl").rows, 200, 0)
    assert len(rows) == len(ROWS)
    for folder in ("a", "b"):
        write_audit(tmp_path / folder, report, rows)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
