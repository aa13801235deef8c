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
from tests.evals.in_context.made import answered, task
from tests.evals.in_context.test_summary import saying
from tests.evals.test_compare import BASE, ONE, TEACHER, TWO, role
from tests.pipeline.iterate.test_compare import loop

RECIPE = "name: r\nseeds: s.jsonl\nteacher: bundled\nstudent: bundled\n"


def run(folder: Path, scores: Sequence[float | None], rows: int) -> Path:
    folder.mkdir(parents=True)
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    write_json(folder / "eval" / "student.json", role(scores))
    write_json(folder / "eval" / "done.json", {"inputs": "", "counts": {}, "files": {}})
    write_json(folder / "train" / "summary.json", {"examples": rows, "tokens": 10 * rows})
    return folder


@pytest.mark.needs("eval")
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


def after_demos(folder: Path, right: set[int], **protocol: object) -> None:
    """What a run's models said after demos: the student is right on these rows."""
    for name, rows in (("base", {0}), ("student", right), ("teacher", set(range(9)))):
        found = answered(saying(rows), task(rows=9))
        given = {"hash": "h", "shots": [0, 1, 2], "form": "base"} | protocol
        saved = {"role": name, "model": name, "protocol": given, "tasks": found, "failures": []}
        write_json(folder / "eval" / "in_context" / f"{name}.json", saved)


@pytest.mark.needs("eval")
def test_in_context_scores_stand_beside_those_of_base_and_teacher(tmp_path: Path) -> None:
    paths = [run(tmp_path / "full", ONE, 5), run(tmp_path / "仅答案", TWO, 9)]
    after_demos(paths[0], {0, 1, 2})
    only = CliRunner().invoke(app, ["compare", *map(str, paths)])  # the other was not asked
    assert "In context" not in only.stdout
    after_demos(paths[1], {0, 1, 2, 3, 4, 5})
    done = CliRunner().invoke(app, ["compare", *map(str, paths)])
    assert done.exit_code == 0, done.output
    assert "In context, no demos: mean of 1 tasks, 9 rows" in done.stdout
    part, gains = done.stdout.split("In context, 2 demos by random")[1].split(
        "In context, accuracy minus that without demos: mean of 1 tasks"
    )
    lines = {line.split("│")[1].strip(): line for line in part.splitlines() if "│" in line}
    assert list(lines) == ["full", "仅答案", "base", "teacher"]
    assert "33.3% [" in lines["full"]
    assert "+33.3 points [" in lines["仅答案"]
    assert "−22.2 points [" in lines["base"]
    assert "100.0% [100.0, 100.0]" in lines["teacher"]
    told = [[cell.strip() for cell in r.split("│")[1:4]] for r in gains.splitlines() if "│" in r]
    assert [cells[:2] for cells in told] == [
        ["1 random", "full"],
        ["", "仅答案"],
        ["", "base"],
        ["", "teacher"],
        ["2 random", "full"],
        ["", "仅答案"],
        ["", "base"],
        ["", "teacher"],
    ]
    # Each is right on the same rows whatever it is shown.
    assert {cells[2] for cells in told} == {"0.0 points [0.0, 0.0]"}
    row = json.loads(CliRunner().invoke(app, ["compare", "--json", *map(str, paths)]).stdout)
    assert len(row["in_context"]["tasks"]) == 1
    gain = row["in_context"]["mean"]["points"][-1]["models"]["仅答案"]["minus_none"]
    assert gain == {"value": 0, "low": 0, "high": 0}
    after_demos(paths[1], {1}, form="chat")
    error = CliRunner().invoke(app, ["compare", *map(str, paths)]).exception
    assert isinstance(error, UserError)
    assert "in different ways (form); evaluate them with the same eval.in_context" in str(error)


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


@pytest.mark.needs("eval")
def test_folders_of_one_name_are_told_apart_by_those_above(tmp_path: Path) -> None:
    paths = [run(tmp_path / part / "dates", ONE, 5) for part in ("x/1", "y/1", "y/2")]
    row = json.loads(CliRunner().invoke(app, ["compare", "--json", *map(str, paths)]).stdout)
    assert [one["name"] for one in row["runs"]] == ["x/1/dates", "y/1/dates", "y/2/dates"]
    assert [one["name"] for one in row["tasks"][0]["standings"]] == [
        one["name"] for one in row["runs"]
    ]


@pytest.mark.needs("eval")
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


@pytest.mark.needs("eval")
def test_imitated_completions_are_from_prompts_and_not_from_templates(tmp_path: Path) -> None:
    paths = [run(tmp_path / name, ONE, 5) for name in ("one", "two")]
    for path, scores in zip(paths, (ONE, TWO), strict=True):
        made = role(scores, task="imitation_rouge_l", prompts=["p", "q"] * 4)
        write_json(path / "eval" / "student.json", made)
    done = CliRunner().invoke(app, ["compare", *map(str, paths)])
    assert "imitation_rouge_l: 8 items from 2 prompts" in done.stdout


def ends(folder: Path, base: str, teacher: str) -> None:
    for name, scores, model in (("base", BASE, base), ("teacher", TEACHER, teacher)):
        write_json(folder / "eval" / f"{name}.json", {**role(scores), "model": model})


@pytest.mark.needs("eval")
def test_arms_of_one_study_are_measured_by_the_first_ones_base_and_teacher(tmp_path: Path) -> None:
    arms = {"teacher": ONE, "shuffled": TWO, "self": TWO, "elsewhere": ONE}
    paths = [run(tmp_path / name, scores * 8, 9) for name, scores in arms.items()]
    for path in paths[:2]:
        ends(path, "b", "t")
    ends(paths[2], "b", "b")
    ends(paths[3], "other", "t")
    done = CliRunner().invoke(app, ["compare", *map(str, paths)])
    assert done.exit_code == 0, done.output
    lines = {line.split("│")[1].strip(): line for line in done.stdout.splitlines() if "│" in line}
    assert "67% [" in lines["teacher"]
    assert "17% [" in lines["shuffled"]
    assert "17% [" in lines["self"]
    assert lines["elsewhere"].rstrip(" │").endswith("1.000")
    assert "Gap closed: between the base and the teacher of teacher." in done.stdout
    assert "Learned from another teacher: self." in done.stdout
    assert "Began from another base, so there is no gap closed: elsewhere." in done.stdout
    row = json.loads(CliRunner().invoke(app, ["compare", "--json", *map(str, paths)]).stdout)
    assert (row["other_base"], row["other_teacher"]) == (["elsewhere"], ["self"])
    assert row["tasks"][0]["standings"][1]["gap_closed"]["bounded"] is True
    assert row["tasks"][0]["standings"][3]["gap_closed"] is None


def test_without_a_base_and_a_teacher_there_is_no_such_column(tmp_path: Path) -> None:
    paths = [run(tmp_path / name, ONE, 9) for name in ("one", "two")]
    done = CliRunner().invoke(app, ["compare", *map(str, paths)])
    assert "gap closed" not in done.stdout.lower()
    assert "Holm" not in done.stdout  # of one task there is nothing to adjust


def test_loops_of_several_seeds_become_one(tmp_path: Path) -> None:
    paths = [loop(tmp_path / f"轮{n}", n, gain) for n, gain in enumerate((12, 11, 13))]
    done = CliRunner().invoke(app, ["compare", *map(str, paths)])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Over 3 seeds, after round 3, the loop is measurably better")
    assert "轮0 +12.0 points, 轮1 +11.0 points, 轮2 +13.0 points" in " ".join(done.stdout.split())
    row = json.loads(CliRunner().invoke(app, ["compare", "--json", *map(str, paths)]).stdout)
    assert row["schema"] == "limbeck.loops/1"
    assert len(row["loops"]) == 3
    alone = CliRunner().invoke(app, ["compare", str(paths[0])])
    assert "at least two loops, got 1" in str(alone.exception)
