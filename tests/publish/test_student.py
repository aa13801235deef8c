"""The card says what a student learned, in the report's words, where a report is of these rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.pipeline import report as reporting
from limbeck.pipeline.context import Context
from limbeck.publish.folder import publish
from limbeck.publish.verify import verify
from limbeck.store import file_hash, read_json, write_json, write_text
from tests.publish.runs import YES, rows, run_of


def interval(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def task(**change: Any) -> dict[str, Any]:
    """20 points of 40 are closed: 50%."""
    return {
        "task": "数学|x", "kind": "ability", "view": "main", "metric": "acc", "unit": "share",
        "higher_is_better": True, "n": 100, "chance": None,
        "base": {"value": 0.2, "stderr": 0.04}, "student": {"value": 0.4, "stderr": 0.05},
        "teacher": {"value": 0.6, "stderr": 0.05},
        "student_minus_base": interval(0.2, 0.1, 0.3) | {"p_value": 0.001, "p_holm": 0.002},
        "teacher_minus_base": interval(0.4, 0.3, 0.5),
        "gap_closed": interval(0.5, 0.25, 0.75) | {"bounded": True},
        "smallest_detectable": 0.1, "about": "",
    } | change  # fmt: skip


@pytest.fixture
def context(tmp_path: Path) -> Context:
    made = run_of(tmp_path, rows())
    with made.run.stage("eval", "x") as done:
        write_json(made.run.folder("eval") / "base.json", {})
        done.files.append("base.json")
    report = {
        "models": {"teacher": {"name": "gguf:/home/ana/t.gguf", "about": "t 🙂"}},
        "tasks": [task(), task(view="likelihood", task="other view")],
        "pooled": [],
        "contamination": [],
    }
    with made.run.stage("report", reporting.inputs(made)) as done:
        write_json(made.run.folder("report") / "report.json", report)
        done.files.append("report.json")
    return made


def test_the_transfer_table_is_on_the_card(context: Context, tmp_path: Path) -> None:
    publish(context, tmp_path / "d", YES)
    text = (tmp_path / "d" / "README.md").read_text("utf-8")
    assert "## What a student learned from it" in text
    (line,) = [line for line in text.splitlines() if line.startswith("| 数学")]
    cells = [cell.strip() for cell in line.replace("\\|", "¦").strip("|").split("|")]
    assert cells[0] == "数学¦x (acc, higher is better)"
    assert [cell.split(" ")[0] for cell in cells[1:4]] == ["20.0%", "40.0%", "60.0%"]
    assert cells[4].startswith("\\+20.0 points \\[+10.0, +30.0\\]")
    assert cells[5:] == ["50% \\[25%, 75%\\]", "100"]
    assert "other view" not in text
    assert "teacher: gguf:t.gguf (t 🙂)" in text
    for path in (tmp_path / "d").rglob("*.*"):
        assert b"/home/ana" not in path.read_bytes()
    assert verify(tmp_path / "d").ok


def test_a_changed_result_is_found(context: Context, tmp_path: Path) -> None:
    publish(context, tmp_path / "d", YES)
    path = tmp_path / "d" / "README.md"
    write_text(path, path.read_text("utf-8").replace("60.0%", "61.0%"))
    found = read_json(tmp_path / "d" / "limbeck.json")
    about = {"bytes": path.stat().st_size, "sha256": file_hash(path)}
    found["files"]["README.md"] = about
    write_json(tmp_path / "d" / "limbeck.json", found)
    (only,) = verify(tmp_path / "d").mismatches
    assert "61.0%" in only


def test_a_report_of_other_rows_is_not_told(context: Context, tmp_path: Path) -> None:
    with context.run.stage("eval", "another evaluation") as done:
        write_json(context.run.folder("eval") / "base.json", {"n": 1})
        done.files.append("base.json")
    made = publish(context, tmp_path / "d", YES)
    assert made.manifest["measured"]["student"] is None
    assert "What a student learned" not in (tmp_path / "d" / "README.md").read_text("utf-8")
