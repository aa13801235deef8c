"""The main job on a tiny model, in one process: every stage, the report, the Python API."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

import limbeck
from limbeck.errors import UserError
from limbeck.pipeline.format import read_split
from limbeck.recipe import Recipe
from limbeck.store import read_json, read_jsonl
from limbeck.text import prompt_key

ITEMS = [
    {"id": "a", "question": "Which is a fruit?", "options": ["Apple", "Chair"], "answer": 0},
    {"id": "b", "question": "哪个是颜色？", "options": ["椅子", "红色"], "answer": 1},
    {"id": "c", "question": "Où est Paris ?", "options": ["Italie", "France"], "answer": 1},
]


def write_job(folder: Path, teacher: str, student: Path, **changes: Any) -> Recipe:
    prompts = [{"prompt": f"Tell me about number {i}."} for i in range(40)]
    prompts += [{"prompt": "讲讲数字。🙂"}, {"prompt": "TELL me  about number 3."}]
    rows = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in prompts)
    (folder / "seeds.jsonl").write_text(rows, encoding="utf-8")
    items = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ITEMS)
    (folder / "items.jsonl").write_text(items, encoding="utf-8")
    job: dict[str, Any] = {
        "name": "tiny",
        "seeds": "seeds.jsonl",
        # In bf16 rounding can tip a sample, and who shares a batch is a matter of timing.
        "teacher": {"model": teacher, "batch_size": 8, "dtype": "float32"},
        "generate": {"max_tokens": 12, "temperature": 0.7},
        # A random model never ends its sentences: what it says is kept for this test.
        "filters": ["exact"],
        "format": {"valid": 4, "test": 6},
        "student": {"model": str(student), "layers": 1},
        "train": {"epochs": 2, "batch_tokens": 512},
        "eval": {"tasks": ["imitation", "items.jsonl"], "max_tokens": 8},
    }
    return Recipe.model_validate(job | changes).resolved(folder)


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path
) -> tuple[limbeck.Run, Recipe, Path]:
    folder = tmp_path_factory.mktemp("job")
    recipe = write_job(folder, str(tiny_folder), tiny_folder)
    done = limbeck.run(recipe, into=folder / "runs", ledger=folder / "ledger.sqlite")
    return done, recipe, folder


def test_the_run_folder_holds_what_the_design_says(
    finished: tuple[limbeck.Run, Recipe, Path],
) -> None:
    path = finished[0].path
    for name in (
        "recipe.yaml", "manifest.json", "log.jsonl", "generate/records.jsonl",
        "filter/verdicts.jsonl", "format/train.parquet", "format/valid.parquet",
        "train/metrics.jsonl", "train/student/model.safetensors", "train/base/config.json",
        "eval/base.json", "eval/student.json", "eval/teacher.json",
        "report/index.html", "report/report.json", "report/report.md",
    ):  # fmt: skip
        assert (path / name).is_file(), name


def test_no_prompt_is_on_two_sides(finished: tuple[limbeck.Run, Recipe, Path]) -> None:
    sides = {
        name: {prompt_key(r.messages) for r in read_split(finished[0].path / "format", name)}
        for name in ("train", "valid", "test")
    }
    assert len(sides["valid"]) == 4
    assert len(sides["test"]) == 6
    assert not sides["train"] & sides["valid"]
    assert not sides["train"] & sides["test"]
    assert not sides["valid"] & sides["test"]


def test_the_student_learned_and_its_table_is_what_the_files_say(
    finished: tuple[limbeck.Run, Recipe, Path],
) -> None:
    done = finished[0]
    tasks = {task["task"]: task for task in done.tasks}
    assert set(tasks) == {"imitation_nll", "imitation_rouge_l", "items"}
    nll = tasks["imitation_nll"]
    assert nll["student"]["value"] < nll["base"]["value"]
    assert nll["n"] == 6
    assert tasks["items"]["chance"] == 0.5
    saved = read_json(done.path / "eval" / "base.json")
    [task] = [t for t in saved["tasks"] if t["task"] == "imitation_nll"]
    scores = [item["score"] for item in task["items"]]
    assert math.isclose(sum(scores) / len(scores), nll["base"]["value"])
    assert read_json(done.path / "report" / "report.json") == done.report


def test_the_three_roles_share_one_protocol(finished: tuple[limbeck.Run, Recipe, Path]) -> None:
    folder = finished[0].path / "eval"
    roles = [read_json(folder / f"{role}.json") for role in ("base", "student", "teacher")]
    assert len({role["protocol"]["hash"] for role in roles}) == 1
    asked = [[(i["id"], i["prompt"]) for t in r["tasks"] for i in t["items"]] for r in roles]
    assert asked[0] == asked[1] == asked[2]


def test_a_second_run_is_free_and_the_same(finished: tuple[limbeck.Run, Recipe, Path]) -> None:
    done, recipe, folder = finished
    before = {p: p.read_bytes() for p in done.path.rglob("*") if p.is_file()}
    again = limbeck.run(recipe, into=folder / "runs", ledger=folder / "ledger.sqlite")
    assert again.report == done.report
    changed = [p.name for p, data in before.items() if p.read_bytes() != data]
    assert changed == []


def test_another_folder_and_ledger_give_the_same_records_and_report(
    finished: tuple[limbeck.Run, Recipe, Path], tmp_path: Path
) -> None:
    done, recipe, _ = finished
    other = limbeck.run(recipe, into=tmp_path / "runs", ledger=tmp_path / "ledger.sqlite")
    for name in ("generate/records.jsonl", "filter/verdicts.jsonl", "train/metrics.jsonl"):
        assert (other.path / name).read_bytes() == (done.path / name).read_bytes(), name
    assert other.report == done.report


def test_a_changed_filter_keeps_the_records_and_does_the_rest_again(
    finished: tuple[limbeck.Run, Recipe, Path], tmp_path: Path
) -> None:
    done, recipe, folder = finished
    shutil.copytree(done.path, tmp_path / "runs" / "tiny")
    stage = json.loads((done.path / "generate/done.json").read_text("utf-8"))
    changed = Recipe.model_validate(
        recipe.model_dump() | {"filters": [{"exact": {"on": "completion"}}]}
    )
    run = limbeck.run(changed, into=tmp_path / "runs", ledger=folder / "ledger.sqlite").path
    assert json.loads((run / "generate/done.json").read_text("utf-8")) == stage
    events = [row["event"] for _, row in read_jsonl(run / "log.jsonl")]
    assert events.count("generated") == 1
    assert events.count("filtered") == 2


def test_a_black_box_teacher_makes_all_three_write(tmp_path: Path, tiny_folder: Path) -> None:
    recipe = write_job(tmp_path, "fake:x", tiny_folder)
    done = limbeck.run(recipe, into=tmp_path / "runs", ledger=tmp_path / "ledger.sqlite")
    assert done.report["protocol"]["form"] == "generate"
    tasks = {task["task"]: task for task in done.tasks}
    assert tasks["imitation_nll"]["teacher"] is None
    assert tasks["imitation_nll"]["gap_closed"] is None
    assert tasks["imitation_nll"]["student_minus_base"] is not None
    assert tasks["items"]["teacher"] is not None
    # The fake says the same at any temperature: as a teacher it repeats itself word for word.
    assert tasks["imitation_rouge_l"]["teacher"]["value"] == 1.0


def test_filters_that_keep_nothing_are_a_sentence(tmp_path: Path, tiny_folder: Path) -> None:
    recipe = write_job(tmp_path, "fake:x", tiny_folder, filters=["vote"])  # one path each
    with pytest.raises(UserError, match=r"kept none of the records; why is in .*verdicts.jsonl"):
        limbeck.run(recipe, into=tmp_path / "runs", ledger=tmp_path / "ledger.sqlite")


def test_nothing_left_to_train_on_is_a_sentence(tmp_path: Path, tiny_folder: Path) -> None:
    recipe = write_job(tmp_path, "fake:x", tiny_folder, format={"valid": 20, "test": 40})
    with pytest.raises(UserError, match=r"40 test and 20 valid prompts, but only 41"):
        limbeck.run(recipe, into=tmp_path / "runs", ledger=tmp_path / "ledger.sqlite")
