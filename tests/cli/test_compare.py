"""`limbeck compare`: the table, the JSON, and what is no run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from limbeck.cli.app import app
from limbeck.errors import UserError
from limbeck.store import write_json
from tests.evals.test_compare import ONE, TWO, role

RECIPE = "name: r\nseeds: s.jsonl\nteacher: bundled\nstudent: bundled\n"


def run(folder: Path, scores: Sequence[float | None], rows: int) -> Path:
    folder.mkdir()
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    write_json(folder / "eval" / "student.json", role(scores))
    write_json(folder / "eval" / "done.json", {"inputs": "", "counts": {}, "files": {}})
    write_json(folder / "train" / "summary.json", {"examples": rows, "tokens": 10 * rows})
    return folder


def test_the_table_holds_the_others_against_the_first(tmp_path: Path) -> None:
    paths = [run(tmp_path / "full", ONE, 1234), run(tmp_path / "仅答案", TWO, 9)]
    done = CliRunner().invoke(app, ["compare", *map(str, paths)])
    assert done.exit_code == 0, done.output
    assert "dates: 8 items" in done.stdout
    full, other = (line for line in done.stdout.splitlines() if line.startswith(("│full ", "│仅")))
    assert "1,234" in full
    assert "62.5% ±" in full
    assert "−37.5 points [" in other
    assert "0.375" in other
    row = json.loads(CliRunner().invoke(app, ["compare", "--json", *map(str, paths)]).stdout)
    assert [one["name"] for one in row["runs"]] == ["full", "仅答案"]
    assert row["tasks"][0]["standings"][1]["minus_first"]["value"] == -0.375


def test_what_cannot_be_compared_is_a_sentence(tmp_path: Path) -> None:
    one = run(tmp_path / "one", ONE, 5)
    for words, paths in {
        "is no run folder": [one, tmp_path],
        "two of the runs are named 'one'": [one, one],
        "at least two runs, got 1": [one],
    }.items():
        error = CliRunner().invoke(app, ["compare", *map(str, paths)]).exception
        assert isinstance(error, UserError)
        assert words in str(error)
    (one / "eval" / "done.json").unlink()
    with pytest.raises(UserError, match=r"none yet\. Run: limbeck eval"):
        CliRunner().invoke(app, ["compare", str(one), str(one)], catch_exceptions=False)
