"""A study of several students: one set of rows, nested; what is the same is done once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import RecipeError, UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.curve import Study, outlook, run_study, study_of
from limbeck.pipeline.format import read_split
from limbeck.progress import Quiet
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.store import read_json, read_jsonl
from tests.pipeline.test_run import write_job

ROWS, SEEDS = (4, 8), (0, 1)


def job(folder: Path, tiny_folder: Path, **changes: Any) -> Recipe:
    train = {"epochs": 1, "batch_tokens": 128, "learning_rate": 1e-2}
    return write_job(folder, "fake:x", tiny_folder, **{"train": train} | changes)


def study(
    recipe: Recipe, folder: Path, *, rows: Sequence[int] = ROWS, students: Sequence[str] = ()
) -> Study:
    context = Context(RunDir(folder / "runs" / recipe.name, recipe), Quiet(), folder / "l.sqlite")
    return study_of(context, folder / "study", rows=rows, seeds=SEEDS, students=students)


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path
) -> tuple[Path, Recipe, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("curve")
    recipe = job(folder, tiny_folder)
    return folder, recipe, run_study(study(recipe, folder))


Finished = tuple[Path, Recipe, dict[str, Any]]


def children(folder: Path) -> dict[str, Path]:
    found = sorted(path.parent for path in (folder / "study").glob("*/manifest.json"))
    return {path.name.removeprefix("tiny-1-"): path for path in found}


def test_every_student_has_a_whole_run_of_nested_rows(finished: Finished) -> None:
    folder, _, made = finished
    runs = children(folder)
    assert list(runs) == ["rows4-seed0", "rows4-seed1", "rows8-seed0", "rows8-seed1"]
    sides = {
        name: {
            side: {r.id for r in read_split(path / "format", side)}
            for side in ("train", "valid", "test")
        }
        for name, path in runs.items()
    }
    assert sides["rows4-seed0"]["train"] < sides["rows8-seed0"]["train"]
    assert sides["rows4-seed0"]["train"] == sides["rows4-seed1"]["train"]
    assert len({frozenset(side["test"]) for side in sides.values()}) == 1
    assert (made["rows"], made["seeds"]) == ([4, 8], [0, 1])
    assert read_json(folder / "study" / "curve.json") == made
    assert {run["examples"] for run in made["runs"]} == {4, 8}
    for name in ("curve.md", "curve.html"):
        assert "tiny" in (folder / "study" / name).read_text(encoding="utf-8")


def test_what_is_the_same_for_all_is_done_once(finished: Finished) -> None:
    folder, _, made = finished
    runs = list(children(folder).values())
    events = [row["event"] for _, row in read_jsonl(folder / "study" / "data" / "log.jsonl")]
    assert events.count("generated") == 1
    for path in runs:
        assert not {"generated", "filtered"} & {
            r["event"] for _, r in read_jsonl(path / "log.jsonl")
        }
        assert (path / "id").read_text() == (folder / "study" / "data" / "id").read_text()
    for name in ("generate/records.jsonl", "eval/base.json", "eval/teacher.json"):
        assert all((path / name).samefile(runs[0] / name) for path in runs), name
    assert len({(path / "eval/student.json").read_bytes() for path in runs}) == 4
    assert len({(path / "train/base/model.safetensors").stat().st_ino for path in runs}) == 1
    [nll] = [task for task in made["tasks"] if task["task"] == "imitation_nll"]
    scores = [run["scores"]["imitation_nll"] for run in made["runs"]]
    assert len(set(scores)) == 4  # a seed of the training alone moves a student
    assert nll["curves"][0]["per_doubling"]["value"] == pytest.approx(
        sum(s for s, r in zip(scores, made["runs"], strict=True) if r["rows"] == 8) / 2
        - sum(s for s, r in zip(scores, made["runs"], strict=True) if r["rows"] == 4) / 2
    )


def test_again_it_does_nothing_and_half_of_it_goes_on(finished: Finished, tmp_path: Path) -> None:
    folder, recipe, made = finished
    for name in ("study", "l.sqlite"):
        source = folder / name
        copy: Any = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, tmp_path / name)
    before = {p: p.read_bytes() for p in (tmp_path / "study").rglob("*.json*") if p.is_file()}
    assert run_study(study(recipe, tmp_path)) == made
    assert [p for p, data in before.items() if p.read_bytes() != data] == []
    for name in ("rows8-seed0/eval", "rows8-seed1"):
        child, _, stage = name.partition("/")
        shutil.rmtree(children(tmp_path)[child] / stage)
    os.remove(tmp_path / "study" / "curve.json")
    lines = outlook(study(recipe, tmp_path))
    assert [line.partition(": ")[2] for line in lines[3:]] == [
        "done", "trained, to evaluate", "done", "to train",
    ]  # fmt: skip
    assert run_study(study(recipe, tmp_path)) == made


def test_the_outlook_says_what_is_to_ask_and_writes_nothing(
    tmp_path: Path, tiny_folder: Path, finished: Finished
) -> None:
    recipe = job(tmp_path, tiny_folder)
    lines = outlook(study(recipe, tmp_path))
    assert lines[0].endswith("study: 4 students")
    assert lines[1].endswith(
        "to generate and filter; 42 calls, 0 answered in the ledger, 42 left to ask"
    )
    assert lines[2] == "teacher fake:x: to evaluate once; bases: 1, each evaluated once"
    assert all(line.endswith(": to train") for line in lines[3:])
    assert not (tmp_path / "study").exists()
    folder, done, _ = finished
    after = outlook(study(done, folder))
    assert after[1].endswith("rows kept")
    assert "evaluated once" in after[2]
    assert all(line.endswith(": done") for line in after[3:])


def test_more_rows_than_there_are_cost_no_training(tmp_path: Path, tiny_folder: Path) -> None:
    recipe = job(tmp_path, tiny_folder)
    with pytest.raises(UserError, match=r"format\.rows asks for 999 training rows, and there are"):
        run_study(study(recipe, tmp_path, rows=(4, 999)))
    assert not list((tmp_path / "study").glob("*/train"))


def test_the_rows_of_a_run_that_is_there_are_taken(
    finished: Finished, tmp_path: Path, tiny_folder: Path
) -> None:
    folder, recipe, _ = finished
    shutil.copytree(folder / "study" / "data", tmp_path / "runs" / recipe.name)
    found = study(recipe, tmp_path)
    assert found.data.run.path == tmp_path / "runs" / recipe.name
    assert outlook(found)[1].endswith("rows kept")


def test_students_are_named_by_model_and_layers(tmp_path: Path, tiny_folder: Path) -> None:
    recipe = job(tmp_path, tiny_folder)
    students = [f"{tiny_folder}:1", str(tiny_folder)]
    found = study(recipe, tmp_path, students=students, rows=(4,))
    assert [(c.student, c.run.recipe.need_student().layers) for c in found.children] == [
        ("tiny-1", 1), ("tiny-1", 1), ("tiny", None), ("tiny", None),
    ]  # fmt: skip
    assert [c.run.recipe.training_seed for c in found.children] == [0, 1, 0, 1]
    assert {c.run.recipe.seed for c in found.children} == {0}
    assert found.children[0].run.recipe.name == "tiny.tiny-1-rows4-seed0"
    with pytest.raises(UserError, match="two of the students have one name"):
        study(recipe, tmp_path, students=["a/tiny", "b/tiny"])
    with pytest.raises(RecipeError, match=r"the recipe with the student bundled:0"):
        study(recipe, tmp_path, students=["bundled:0"])
    with pytest.raises(UserError, match=r"--rows wants different numbers.*\[4, 4\]"):
        study(recipe, tmp_path, rows=(4, 4))
