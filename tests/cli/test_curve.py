"""`limbeck curve`: its options, what it says beforehand, its table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from limbeck.cli.app import app
from limbeck.errors import UserError
from limbeck.evals.curves.curve import curve
from limbeck.pipeline import curve as pipeline
from limbeck.pipeline.curve import Study
from tests.evals.curves.test_curve import growing

RECIPE = "name: r\nseeds: s.jsonl\nteacher: fake:x\nstudent: bundled\nformat: {test: 1}\n"


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    (tmp_path / "s.jsonl").write_text(json.dumps({"prompt": "数到三"}) + "\n", encoding="utf-8")
    (tmp_path / "r.yaml").write_text(RECIPE, encoding="utf-8")
    return tmp_path / "r.yaml"


def test_a_dry_run_says_what_would_be_done_and_does_nothing(recipe: Path, tmp_path: Path) -> None:
    into = ["--into", str(tmp_path / "runs"), "--ledger", str(tmp_path / "l.sqlite")]
    given = ["--rows", "100, 50", "--seeds", "0,1", "--students", "bundled:10,bundled", *into]
    done = CliRunner().invoke(app, ["curve", str(recipe), *given, "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "r-curve: 8 students" in done.stdout
    assert "1 calls, 0 answered in the ledger, 1 left to ask" in done.stdout
    names = [line.partition(":")[0] for line in done.stdout.splitlines()[3:]]
    assert names[0] == "bundled-10-rows50-seed0"
    assert names[-1] == "bundled-rows100-seed1"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("rows", ["", "50,", "0", "ten", "-5", "५०", "1.5"])
def test_rows_are_whole_numbers(recipe: Path, rows: str) -> None:
    error = CliRunner().invoke(app, ["curve", str(recipe), f"--rows={rows}"]).exception
    assert isinstance(error, UserError)
    assert "--rows wants whole numbers from 1 on" in str(error)


@pytest.mark.needs("eval")
def test_the_tables_are_printed_and_the_page_is_named(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Study] = []

    def run_study(study: Study) -> object:
        seen.append(study)
        return curve("r", "1", growing())

    monkeypatch.setattr(pipeline, "run_study", run_study)
    given = ["--rows", "50,100,200", "--into", str(tmp_path / "runs")]
    done = CliRunner().invoke(app, ["curve", str(recipe), *given])
    assert done.exit_code == 0, done.output
    assert "数学: acc, 40 items; teacher 80.0%" in done.stdout
    assert "32.5% [30.0, 35.0]" in done.stdout
    assert "Each doubling of the rows: +10.0 points [" in done.stdout
    assert str(tmp_path / "runs" / "r-curve" / "curve.html") in done.stdout
    [study] = seen
    assert len(study.children) == 9  # three seeds, unless they are given
