"""The evaluation's questions in the training data: refused by the filter, counted by the report."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import limbeck
from limbeck.errors import DataError, RecipeError, UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.estimate import estimate
from limbeck.pipeline.filter import filter_records, filters_of, inputs
from limbeck.pipeline.format import to_row
from limbeck.pipeline.overlap import compared
from limbeck.pipeline.run import do_stages
from limbeck.pipeline.texts import as_text
from limbeck.progress import reporter
from limbeck.questions import masked_overlap
from limbeck.recipe import Recipe
from limbeck.recipe_changes import changed
from limbeck.record import Provenance, Record, user
from limbeck.rundir import RunDir
from limbeck.store import (
    read_json,
    read_jsonl,
    read_records,
    write_json,
    write_jsonl,
    write_parquet,
)

QUESTIONS = [
    {"id": "q1", "prompt": "Ada had 3 kites. How many has Ada now?", "target": "3"},
    {"id": "q2", "prompt": "A tram leaves at 9. When does it arrive?", "target": "10"},
]
ITEMS = [
    {"id": "c", "question": "Où est Paris ?", "options": ["Italie", "France"], "answer": 1},
    {"id": "d", "question": "哪个是颜色？", "options": ["椅子", "红色"], "answer": 1},
]
TRAIN = [
    "Ada had 3 kites. How many has Ada now?",
    "José had 7 kites. How many has José now?",
    "A tram leaves at 4. Is it late?",
    "Où est Rome ?",
    "Which animal barks?",
]


def job(folder: Path, **changes: Any) -> Recipe:
    """A recipe whose files are there: seeds, questions and items."""
    write_jsonl(folder / "seeds.jsonl", [{"prompt": text} for text in TRAIN])
    write_jsonl(folder / "questions.jsonl", QUESTIONS)
    write_jsonl(folder / "items.jsonl", ITEMS)
    data: dict[str, Any] = {
        "name": "r",
        "seeds": "seeds.jsonl",
        "teacher": "fake:t",
        "student": "fake:s",
        "filters": ["contamination"],
        "eval": {"tasks": ["imitation", "questions.jsonl", "items.jsonl"], "max_tokens": 8},
    }
    return Recipe.model_validate(data | changes).resolved(folder)


def asked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a test as eval/items.json has them."""
    return [
        {
            "id": row.get("id", place),
            "doc": "",
            "question": row.get("question") or row["prompt"],
            "options": row.get("options", []),
            "target": row.get("target", ""),
            "cluster": "",
        }
        for place, row in enumerate(rows)
    ]


def answered(recipe: Recipe, folder: Path) -> tuple[Context, io.StringIO]:
    """A run whose teacher has answered every seed, and what is said to the user."""
    said = io.StringIO()
    run = RunDir(folder / "runs" / "r", recipe)
    with run.stage("generate", "given") as done:
        rows = [
            Record((user(text),), f"It is {n}.", Provenance("t")) for n, text in enumerate(TRAIN)
        ]
        write_jsonl(run.folder("generate") / "records.jsonl", (row.to_json() for row in rows))
        done.counts["records"] = len(rows)
        done.files.append("records.jsonl")
    return Context(run, reporter("plain", said), folder / "ledger.sqlite"), said


def refused(context: Context) -> list[tuple[str, str | None]]:
    rows = [row for _, row in read_jsonl(context.run.folder("filter") / "verdicts.jsonl")]
    return [(row["reason"], row["nearest"]) for row in rows]


def test_the_recipes_own_evaluation_is_what_is_compared_with(tmp_path: Path) -> None:
    context, said = answered(job(tmp_path), tmp_path)
    filter_records(context)
    assert refused(context) == [
        ("same", "questions/q1"),
        ("template", "questions/q1"),
        ("", None),
        ("template", "items/c"),
        ("", None),
    ]
    assert (
        "contamination: 3 of 5 rows share a question with the evaluation (1 word for word, 2 "
        "but for numbers, dates and names) and were refused. That is most of the data"
    ) in said.getvalue()
    counts = read_json(context.run.folder("filter") / "done.json")["counts"]
    assert counts["refused"] == {"contamination: same": 1, "contamination: template": 2}


def test_its_own_files_come_first_and_lie_beside_the_recipe(tmp_path: Path) -> None:
    filters = [{"contamination": {"by": "context", "against": ["items.jsonl"]}}]
    recipe = job(tmp_path, filters=filters)
    assert recipe.filters[0].options["against"] == [str(tmp_path / "items.jsonl")]
    context, said = answered(recipe, tmp_path)
    filter_records(context)
    assert refused(context) == [("", None)] * 3 + [("template", "items/c"), ("", None)]
    assert said.getvalue().count("contamination: 1 of 5 rows") == 1
    assert "most of the data" not in said.getvalue()


def test_where_nothing_is_refused_nothing_is_said(tmp_path: Path) -> None:
    recipe = job(tmp_path, filters=[{"contamination": {"against": ["other.jsonl"]}}, "exact"])
    write_jsonl(tmp_path / "other.jsonl", [{"prompt": "Why is the sky blue?"}])
    context, said = answered(recipe, tmp_path)
    filter_records(context)
    assert "contamination" not in said.getvalue()


def test_a_changed_test_file_filters_again_and_a_moved_one_does_not(tmp_path: Path) -> None:
    context, _ = answered(job(tmp_path), tmp_path)
    before = inputs(context)
    (tmp_path / "moved").mkdir()
    moved, _ = answered(job(tmp_path / "moved"), tmp_path)
    assert inputs(moved) == before
    write_jsonl(tmp_path / "questions.jsonl", [*QUESTIONS, {"prompt": "Why?", "target": "x"}])
    assert inputs(context) != before


def test_filters_without_files_have_the_inputs_that_they_had(tmp_path: Path) -> None:
    context, _ = answered(job(tmp_path, filters=["exact"]), tmp_path)
    before = inputs(context)
    write_jsonl(tmp_path / "questions.jsonl", QUESTIONS[:1])
    assert inputs(context) == before


def test_a_lost_test_file_is_a_sentence(tmp_path: Path) -> None:
    context, _ = answered(job(tmp_path), tmp_path)
    (tmp_path / "items.jsonl").unlink()
    for work in (inputs, filter_records):
        with pytest.raises(DataError, match=r"cannot read .*items\.jsonl: No such file"):
            work(context)


def test_nothing_to_compare_with_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="the filter contamination has nothing to compare with"):
        job(tmp_path, eval={"tasks": ["imitation", "gsm8k"]})
    files = [{"contamination": {"against": ["seeds.jsonl"]}}]
    assert job(tmp_path, eval={"tasks": ["imitation"]}, filters=files).filters


def test_other_tasks_by_set_are_the_ones_compared_with(tmp_path: Path) -> None:
    recipe = changed(job(tmp_path), ["eval.tasks=[items.jsonl]"], tmp_path)
    [judge] = filters_of(recipe)
    assert judge.against == (tmp_path / "items.jsonl",)  # type: ignore[attr-defined]


def test_an_estimate_filters_its_sample_too(tmp_path: Path) -> None:
    recipe = job(tmp_path, generate={"max_tokens": 8})
    context = Context(RunDir(tmp_path / "r", recipe), reporter("plain", io.StringIO()), None)
    found = estimate(Context(context.run, context.reporter, tmp_path / "l.sqlite"), sample=5)
    assert found.survival.value == pytest.approx(2 / 5)


# The report


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path
) -> tuple[limbeck.Run, Recipe, Path]:
    """A whole run on a tiny model, of which no row is refused."""
    folder = tmp_path_factory.mktemp("leaky")
    recipe = job(
        folder,
        student=str(tiny_folder),
        filters=[],
        format={"valid": 0, "test": 0},
        train={"epochs": 1},
        eval={"tasks": ["questions.jsonl", "items.jsonl"], "max_tokens": 8},
    )
    done = limbeck.run(recipe, into=folder / "runs", ledger=folder / "ledger.sqlite")
    return done, recipe, folder


def test_the_report_counts_what_the_training_rows_give_away(
    finished: tuple[limbeck.Run, Recipe, Path],
) -> None:
    done = finished[0]
    questions, items = done.report["contamination"]
    records = {row["messages"][0]["content"]: row["id"] for _, row in read_jsonl(
        done.path / "generate" / "records.jsonl"
    )}  # fmt: skip
    names = [
        item["id"] for item in read_json(done.path / "eval" / "base.json")["tasks"][0]["items"]
    ]
    assert {key: questions[key] for key in ("task", "items", "rows", "questions")} == {
        "task": "questions", "items": 2, "rows": 5, "questions": 5,
    }  # fmt: skip
    assert [questions[key] for key in ("same", "template", "context")] == [1, 1, 2]
    named = ("place", "item", "rule", "row", "side", "text", "question")
    assert [[hit[key] for key in named] for hit in questions["found"]] == [
        [0, names[0], "same", records[TRAIN[0]], "prompt", TRAIN[0], QUESTIONS[0]["prompt"]],
        [1, names[1], "context", records[TRAIN[2]], "prompt", TRAIN[2], QUESTIONS[1]["prompt"]],
    ]
    assert [items[key] for key in ("same", "template", "context")] == [0, 1, 1]
    assert [[hit[key] for key in named[:4]] for hit in items["found"]] == [
        [0, "c", "template", records[TRAIN[3]]]
    ]
    usual = masked_overlap(TRAIN, [row["prompt"] for row in QUESTIONS])
    assert (questions["ngram"], questions["short"]) == (usual.ngram, usual.short) == (1, 0)
    assert questions["clean"] is None  # a single item is left
    assert (questions["flagged"], items["flagged"]) == (1, 1)
    report = (done.path / "report" / "report.md").read_text("utf-8")
    assert "2 of 4 items are found in training rows, in the same words or nearly" in report
    assert "2 of 4 items are found" in (done.path / "report" / "index.html").read_text("utf-8")


def context_of(finished: tuple[limbeck.Run, Recipe, Path], recipe: Recipe | None = None) -> Context:
    done, own, _ = finished
    return Context(RunDir(done.path, recipe or own), reporter("plain", io.StringIO()), None)


def test_only_the_items_that_were_asked_are_counted(
    finished: tuple[limbeck.Run, Recipe, Path], tmp_path: Path
) -> None:
    done, recipe, _ = finished
    shutil.copytree(done.path, tmp_path / "r")
    path = tmp_path / "r" / "eval" / "items.json"
    write_json(path, {task: rows[:1] for task, rows in read_json(path).items()})
    context = Context(RunDir(tmp_path / "r", recipe), reporter("plain", io.StringIO()), None)
    (questions, items), similar = compared(context)
    assert (questions["items"], items["items"]) == (1, 1)
    assert [hit["rule"] for hit in questions["found"]] == ["same"]
    assert {task: len(found) for task, found in similar.items()} == {"questions": 1, "items": 1}


def test_rows_that_learn_another_text_are_compared_by_their_questions(tmp_path: Path) -> None:
    """In Fine-tune-CoT's form a question ends in ###, which would be its last sentence."""
    recipe = job(tmp_path, filters=[], format={"text": "answer", "valid": 0, "test": 1})
    context, _ = answered(recipe, tmp_path)
    records = list(read_records(context.run.folder("generate") / "records.jsonl"))
    kept = [replace(record, target="3") for record in records[1:]]
    rows = [to_row(record) for record in as_text(kept, recipe.format, 0)]
    assert rows[0]["prompt"].endswith(" ###")
    write_parquet(context.run.folder("format") / "train.parquet", rows)
    write_json(context.run.folder("eval") / "items.json", {"questions": asked(QUESTIONS)})
    [questions], _ = compared(context)
    assert [(hit["rule"], hit["row"]) for hit in questions["found"]] == [
        ("template", records[1].id),
        ("context", records[2].id),
    ]
    assert (questions["rows"], questions["same"]) == (4, 0)


def test_items_are_compared_with_their_options(tmp_path: Path) -> None:
    recipe = job(tmp_path, filters=[], eval={"tasks": ["items.jsonl"]})
    context, _ = answered(recipe, tmp_path)
    texts = ("Où est Paris ?\n(A) au nord\n(B) au sud", "哪个是颜色？\n(A) 红色\n(B) 桌子")
    records = [Record((user(text),), "x", Provenance("t")) for text in texts]
    write_jsonl(context.run.folder("generate") / "records.jsonl", (r.to_json() for r in records))
    write_parquet(context.run.folder("format") / "train.parquet", [to_row(r) for r in records])
    write_json(context.run.folder("eval") / "items.json", {"items": asked(ITEMS)})
    [items], _ = compared(context)
    named = [(hit["place"], hit["item"], hit["rule"], hit["row"]) for hit in items["found"]]
    assert named == [(1, "d", "same", records[1].id)]


def test_a_second_report_is_the_same(finished: tuple[limbeck.Run, Recipe, Path]) -> None:
    context = context_of(finished)
    before = (finished[0].path / "report" / "report.json").read_bytes()
    (finished[0].path / "report" / "done.json").unlink()
    do_stages(context, ("report",))
    assert (finished[0].path / "report" / "report.json").read_bytes() == before
    assert json.loads(before)["contamination"]


def test_rows_that_changed_after_the_training_make_no_report(
    finished: tuple[limbeck.Run, Recipe, Path], tmp_path: Path
) -> None:
    """Filtered anew, the rows would look clean, and the student has learned from the others."""
    done, recipe, _ = finished
    shutil.copytree(done.path, tmp_path / "r")
    cleaned = Recipe.model_validate(recipe.model_dump() | {"filters": ["contamination"]})
    context = Context(RunDir(tmp_path / "r", cleaned), reporter("plain", io.StringIO()), None)
    do_stages(context, ("filter", "format"))
    with pytest.raises(UserError, match=r"changed since it was trained\. Run: limbeck train"):
        do_stages(context, ("report",))
    do_stages(context, ("train", "eval", "report"))
    report = read_json(tmp_path / "r" / "report" / "report.json")
    assert [entry["template"] for entry in report["contamination"]] == [0, 0]
