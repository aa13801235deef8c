"""`limbeck compare`: the table, the JSON, and what is no run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from limbeck.cli.app import app
from limbeck.errors import UserError
from limbeck.models import ModelName, fingerprint
from limbeck.store import write_json
from tests.evals.test_compare import ONE, TWO, role

RECIPE = "name: r\nseeds: s.jsonl\nteacher: bundled\nstudent: bundled\n"


def run(folder: Path, scores: Sequence[float | None], rows: int) -> Path:
    folder.mkdir(parents=True)
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
    one, two = run(tmp_path / "one", ONE, 5), run(tmp_path / "two", ONE, 5)
    for words, paths in {
        "is no run folder": [one, tmp_path],
        "is given twice; give each folder once": [one, tmp_path / "x" / ".." / "one"],
        "at least two runs, got 1": [one],
    }.items():
        error = CliRunner().invoke(app, ["compare", *map(str, paths)]).exception
        assert isinstance(error, UserError)
        assert words in str(error)
    (one / "eval" / "done.json").unlink()
    with pytest.raises(UserError, match=r"none yet\. Run: limbeck eval"):
        CliRunner().invoke(app, ["compare", str(two), str(one)], catch_exceptions=False)


def test_folders_of_one_name_are_told_apart_by_those_above(tmp_path: Path) -> None:
    paths = [run(tmp_path / part / "dates", ONE, 5) for part in ("x/1", "y/1", "y/2")]
    row = json.loads(CliRunner().invoke(app, ["compare", "--json", *map(str, paths)]).stdout)
    assert [one["name"] for one in row["runs"]] == ["x/1/dates", "y/1/dates", "y/2/dates"]
    assert [one["name"] for one in row["tasks"][0]["standings"]] == [
        one["name"] for one in row["runs"]
    ]


def test_a_student_that_was_trained_again_is_not_shown_with_its_old_scores(tmp_path: Path) -> None:
    paths = [run(tmp_path / "one", ONE, 5), run(tmp_path / "two", TWO, 5)]
    weights = paths[1] / "train" / "student"
    weights.mkdir()
    for name in ("config.json", "model.safetensors"):
        (weights / name).write_text("{}", encoding="utf-8")
    results = paths[1] / "eval" / "student.json"
    write_json(results, {**role(TWO), "model": fingerprint(ModelName("path", str(weights)))})
    assert CliRunner().invoke(app, ["compare", *map(str, paths)]).exit_code == 0
    (weights / "model.safetensors").write_text('{"trained": "again"}', encoding="utf-8")
    error = CliRunner().invoke(app, ["compare", *map(str, paths)]).exception
    assert isinstance(error, UserError)
    assert "two was trained again since it was evaluated. Run: limbeck eval" in str(error)
    (weights / "model.safetensors").unlink()  # the weights are gone: what was measured stands
    assert CliRunner().invoke(app, ["compare", *map(str, paths)]).exit_code == 0


def test_imitated_completions_are_from_prompts_and_not_from_templates(tmp_path: Path) -> None:
    paths = [run(tmp_path / name, ONE, 5) for name in ("one", "two")]
    for path, scores in zip(paths, (ONE, TWO), strict=True):
        made = role(scores, task="imitation_rouge_l", prompts=["p", "q"] * 4)
        write_json(path / "eval" / "student.json", made)
    done = CliRunner().invoke(app, ["compare", *map(str, paths)])
    assert "imitation_rouge_l: 8 items from 2 prompts" in done.stdout
