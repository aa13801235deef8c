"""What is written: the same audit in three forms, and a sheet nobody loses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from limbeck.audit.marks import QUESTIONS
from limbeck.audit.sheet import Marked, sampled
from limbeck.audit.write import write_audit
from limbeck.reading.forms import Row
from tests.audit import sheets

ROWS = [Row(f"r{n}", f"Instruction {n} 指示", "", f"=output {n}", place=n) for n in range(1, 9)]
FILES = ["audit.json", "audit.md", "index.html", "sheet.csv"]


def test_all_files_are_written_and_a_marked_sheet_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "审计"
    report = sheets.mixed()
    rows = sampled(ROWS, 5, 0)
    assert write_audit(folder, report, rows)
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert json.loads((folder / "audit.json").read_text("utf-8")) == report
    sheet = folder / "sheet.csv"
    before = sheet.read_bytes()
    assert len(list(csv.reader(before.decode("utf-8-sig").splitlines()))) == 6
    assert write_audit(folder, report, rows[:2])  # nobody has marked it: a new sample
    assert sheet.read_bytes() != before
    sheet.write_bytes(before.replace(b'"","","",""', b'"yes","","",""', 1))
    kept = sheet.read_bytes()
    assert kept != before
    judged = Marked({row.id: dict.fromkeys(QUESTIONS, True) for row in rows}, ("the model m",))
    assert not write_audit(folder, report, rows, judged)
    assert sheet.read_bytes() == kept
    assert (folder / "judged.csv").read_bytes().count(b'"yes"') == 3 * len(rows)


def test_half_characters_do_not_stop_it(tmp_path: Path) -> None:
    report = sheets.hostile() | {"name": "bad\udcff.jsonl"}
    report["findings"][1]["examples"] = []  # ten megabytes are for the page's own test
    write_audit(tmp_path / "a", report, [])
    found = json.loads((tmp_path / "a" / "audit.json").read_bytes())
    assert found["name"] == "bad\ufffd.jsonl"
    assert "half \ufffd a character" in found["findings"][0]["says"]
    for name in ("audit.md", "index.html"):
        assert "bad\ufffd.jsonl" in (tmp_path / "a" / name).read_text("utf-8")


def test_the_same_data_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_audit(tmp_path / folder, sheets.mixed(), sampled(ROWS, 200, 0))
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == FILES
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
