"""`limbeck transfer`: the table, the files, the JSON, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from limbeck.cli.app import app
from limbeck.errors import UserError
from tests.evals.lm_eval_made import write_run, written


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """The three folders: base has 2 of 12 right, the student 6, the teacher all."""
    right = {"base": 2, "student": 6, "teacher": 12}
    for role, most in right.items():
        rows = [written(n, float(n < most)) for n in range(12)]
        write_run(tmp_path / role, {"sums": rows})
    return [word for role in right for word in (f"--{role}", str(tmp_path / role))]


@pytest.mark.needs("eval")
def test_the_table_and_the_files(options: list[str], tmp_path: Path) -> None:
    into = tmp_path / "out" / "报告"
    done = CliRunner().invoke(app, ["transfer", *options, "--into", str(into)])
    assert done.exit_code == 0, done.output
    line = next(line for line in done.stdout.splitlines() if line.startswith("│sums"))
    assert [cell in line for cell in ("16.7%", "50.0%", "100.0%", "40%")] == [True] * 4
    assert "what the student was trained on" in " ".join(done.stdout.split())
    assert {path.name for path in into.iterdir()} == {"report.json", "report.md", "index.html"}


@pytest.mark.needs("eval")
def test_json_is_the_report(options: list[str]) -> None:
    done = CliRunner().invoke(app, ["transfer", *options, "--json"])
    report = json.loads(done.stdout)
    assert report["tasks"][0]["gap_closed"]["value"] == pytest.approx(0.4)


def test_one_folder_for_two_models_is_refused(options: list[str], tmp_path: Path) -> None:
    options[1] = str(tmp_path / "x" / ".." / "student")
    (tmp_path / "x").mkdir()
    error = CliRunner().invoke(app, ["transfer", *options]).exception
    assert isinstance(error, UserError)
    assert "two of the models are the same folder" in str(error)
