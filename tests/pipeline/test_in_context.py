"""In-context ability as a part of a run: asked of three models, once, and reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import limbeck
from limbeck.errors import DataError, RecipeError
from limbeck.hf import load
from limbeck.models import ModelName
from limbeck.pipeline.in_context import protocol
from limbeck.recipe import Recipe
from limbeck.store import read_json, write_json
from tests.pipeline.test_train import Job
from tests.trainers.objectives.labelled import RECORDS

LABELS = ["sun ☀", "rain", "雾"]


def rows(kind: str, count: int, task: str = "天气") -> list[dict[str, Any]]:
    words = ["我喜欢 the sea", "streets under water", "nothing to be seen, très gris"]
    return [
        {
            "task": task,
            "id": f"{kind}{n}",
            "input": f"{words[n % 3]} {kind} {'abcdefghij'[n % 10] * 5} {n}",
            "output": LABELS[n % 3],
            "options": LABELS,
        }
        for n in range(count)
    ]


def written(path: Path, lines: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")


def recipe_of(folder: Path, model: Path, **changes: Any) -> Recipe:
    written(folder / "rows.jsonl", rows("row", 8))
    written(folder / "pool.jsonl", rows("demo", 9))
    written(folder / "test.jsonl", rows("test", 5))
    section = {"rows": "test.jsonl", "shots": [0, 1], "seeds": 2, "select": ["random", "bm25"]}
    job: dict[str, Any] = {
        "name": "tiny",
        "seeds": {"path": "rows.jsonl", "demos": "pool.jsonl"},
        "teacher": {"model": str(model), "dtype": "float32"},
        "generate": {"generator": "demonstrations", "shots": 1, "form": "base"},
        "filters": [],
        "format": {"valid": 0, "test": 0},
        "student": {"model": str(model)},
        "train": {"objective": "icl_tuning", "epochs": 3, "learning_rate": 1e-2},
        "eval": {"tasks": [], "in_context": section | changes.pop("in_context", {})},
    }
    return Recipe.model_validate(job | changes).resolved(folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> tuple[Any, Path]:
    folder = tmp_path_factory.mktemp("in-context")
    recipe = recipe_of(folder, tiny_folder)
    done = limbeck.run(recipe, into=folder / "runs", ledger=folder / "ledger.sqlite")
    return done, folder


def answers(done: Any, role: str) -> Any:
    return read_json(done.path / "eval" / "in_context" / f"{role}.json")


def test_a_models_probabilities_are_those_of_its_weights(finished: tuple[Any, Path]) -> None:
    done, _ = finished
    [task] = answers(done, "student")["tasks"]
    loaded = load(ModelName("path", str(done.path / "train" / "student")), dtype="float32")
    conditions = {one["condition"]: one for one in task["conditions"]}
    pool = {row["id"]: row for row in rows("demo", 9)}
    asked = rows("test", 5)[3]

    def score(prompt: str, label: str) -> float:
        ids = loaded.tokenizer(prompt + label, return_tensors="pt")["input_ids"]
        start = len(loaded.tokenizer(prompt)["input_ids"])
        with torch.no_grad():
            logs = loaded.model(ids).logits[0].double().log_softmax(-1)
        return sum(float(logs[at - 1, ids[0, at]]) for at in range(start, ids.shape[1]))

    for key, seed in (("none/0", 0), ("random/1", 1)):
        shown = [pool[name] for name in conditions[key]["demos"][seed][0]]
        prompt = "".join(f"{one['input']}\n{one['output']}\n\n\n" for one in shown)
        prompt += f"{asked['input']}\n"
        end = "\n\n\n" if shown else ""
        scores = torch.tensor([score(prompt, label + end) for label in LABELS])
        expected = scores.softmax(-1).tolist()
        assert conditions[key]["probabilities"][seed][3] == pytest.approx(expected, abs=2e-4)


def test_the_report_has_points_baselines_and_the_protocol(finished: tuple[Any, Path]) -> None:
    done, _ = finished
    found = done.report["in_context"]
    [task] = found["tasks"]
    assert (task["task"], task["n"], task["pool"]) == ("天气", 5, 9)
    keys = [point["condition"] for point in task["points"]]
    assert keys == [
        *("none/0", "random/1", "bm25/1"),
        *("random/1/flipped", "random/1/random_words"),
    ]
    assert {one["name"] for one in task["baselines"]} >= {"random", "majority", "knn_bm25"}
    assert set(task["points"][0]["models"]) == {"base", "student", "teacher"}
    assert found["failed_calls"] == {"base": 0, "student": 0, "teacher": 0}
    assert found["protocol"]["form"] == "base"  # as the teacher was asked for the data
    assert found["protocol"]["hash"] == answers(done, "teacher")["protocol"]["hash"]
    # Base and teacher are the same weights but for rounding, and are asked alike.
    one = task["points"][1]
    assert one["agreement"]["base"]["value"] == 1
    assert one["distance"]["base"]["value"] < 0.02 < one["distance"]["student"]["value"]


def test_what_was_asked_is_not_asked_again(finished: tuple[Any, Path], tiny_folder: Path) -> None:
    done, folder = finished
    path = done.path / "eval" / "in_context" / "teacher.json"
    marked = read_json(path)
    marked["tasks"][0]["near"] = 99  # a mark that another evaluation would wipe out
    write_json(path, marked)
    (done.path / "eval" / "done.json").unlink()
    recipe = recipe_of(folder, tiny_folder)
    again = limbeck.run(recipe, into=folder / "runs", ledger=folder / "ledger.sqlite")
    assert again.report["in_context"]["tasks"][0]["near"] == 0  # the report tells of the base's
    assert read_json(path)["tasks"][0]["near"] == 99


def test_other_rows_or_shots_are_another_protocol(tmp_path: Path, tiny_folder: Path) -> None:
    def hashed(**changes: Any) -> str:
        job = Job(tmp_path / "x", tiny_folder, RECORDS)
        object.__setattr__(job.run, "recipe", recipe_of(tmp_path, tiny_folder, **changes))
        found = protocol(job.context)
        assert found is not None
        return str(found["hash"])

    first = hashed()
    assert hashed() == first
    others = [
        hashed(in_context={"shots": [0, 2]}),
        hashed(in_context={"seeds": 3}),
        hashed(in_context={"form": "chat"}),
        hashed(generate={"generator": "demonstrations", "form": "chat"}),
    ]
    recipe = recipe_of(tmp_path, tiny_folder)
    written(tmp_path / "test.jsonl", rows("test", 6))
    job = Job(tmp_path / "x", tiny_folder, RECORDS)
    object.__setattr__(job.run, "recipe", recipe)
    found = protocol(job.context)
    assert found is not None
    assert others[2] == others[3]  # the form is asked for here or there
    assert len({first, *others, found["hash"]}) == 5


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"select": "bm52"}, r"unknown selector 'bm52'; did you mean 'bm25'"),
        ({"select": "bm25", "select_options": {"bm25": {"k2": 1}}}, "has no option 'k2'"),
        ({"select_options": {"bm25": {"k1": 1}}}, "options of 'bm25', which is not in select"),
        ({"select": "reward"}, "the selector reward needs the option scores"),
        ({"select_options": {"random": {"seed": 3}}}, "would make all draws the same"),
        ({"shots": [1, 1]}, "shots has 1 twice"),
        ({"shots": []}, "at least 1"),
        ({"controls": ["swapped"]}, "flipped"),
    ],
)
def test_a_section_that_cannot_be_is_refused_when_it_is_read(
    tmp_path: Path, tiny_folder: Path, section: dict[str, Any], said: str
) -> None:
    text = json.dumps(
        {
            "name": "x",
            "seeds": "rows.jsonl",
            "teacher": "fake:t",
            "student": "fake:s",
            "eval": {"in_context": {"rows": "test.jsonl", **section}},
        }
    )
    with pytest.raises(RecipeError, match=said):
        Recipe.parse(text, folder=tmp_path)


def test_rows_that_cannot_be_asked_are_told_before_anything_is(
    tmp_path: Path, tiny_folder: Path
) -> None:
    recipe = recipe_of(tmp_path, tiny_folder)
    written(tmp_path / "test.jsonl", rows("test", 2, task="other"))
    with pytest.raises(DataError, match=r"pool.jsonl has no demo of the task 'other'"):
        limbeck.run(recipe, into=tmp_path / "runs", ledger=tmp_path / "ledger.sqlite")
    assert not (tmp_path / "runs" / "tiny" / "generate").exists()
