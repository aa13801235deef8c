"""A recipe without a student makes data: rows in, filtered rows out, and nothing else is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import limbeck
from limbeck.errors import RecipeError
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.testing import FaultyServer
from tests.engine import limbeck as command
from tests.test_recipe import BASE, refused

DATA = {key: value for key, value in BASE.items() if key != "student"}


def write(folder: Path, url: str = "", **more: object) -> Path:
    prompts = [f"第{n}个问题 – qu’est-ce que c’est, n° {n}? 🙂" for n in range(24)]
    lines = "".join(json.dumps({"prompt": text}) + "\n" for text in prompts)
    (folder / "seeds.jsonl").write_text(lines, encoding="utf-8")
    teacher = {"model": "openai:m", "base_url": url, "price": {"input": 1, "output": 2}}
    recipe = DATA | {"teacher": teacher if url else "fake:t"} | more
    (folder / "r.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    return folder / "r.yaml"


def test_run_makes_the_rows_and_ends_there(tmp_path: Path) -> None:
    with FaultyServer() as server:
        recipe = write(tmp_path, server.base_url)
        seen = command(tmp_path, "estimate", "r.yaml", "--sample", "4")
        assert "evaluation" not in seen
        assert "whole run" in seen
        done = command(tmp_path, "run", "r.yaml")
    assert "24 of 24 records kept" in done
    assert "the run ends here, with its rows in runs/x/format" in done
    assert sorted(p.name for p in (tmp_path / "runs/x").iterdir() if p.is_dir()) == [
        "filter", "format", "generate",
    ]  # fmt: skip
    kept = yaml.safe_load((tmp_path / "runs/x/recipe.yaml").read_text("utf-8"))
    assert not {"student", "train", "eval"} & kept.keys()
    assert "everything done" in command(tmp_path, "run", "runs/x")
    for verb in ("train", "eval", "report"):
        said = command(tmp_path, verb, "runs/x", code=2)
        assert "has no student" in said
        assert "--set student=MODEL" in said
    assert Recipe.load(recipe).student is None


def test_the_same_from_python_and_a_student_may_come_later(tmp_path: Path) -> None:
    recipe = Recipe.load(write(tmp_path))
    done = limbeck.run(recipe, into=tmp_path / "runs", ledger=tmp_path / "ledger.sqlite")
    assert (done.report, done.tasks) == ({}, [])
    later = Recipe.load(write(tmp_path, student="fake:s"))
    marked = RunDir(done.path, recipe).done("format")
    assert marked is not None
    from limbeck.pipeline import filter, format, generate
    from limbeck.pipeline.context import Context
    from limbeck.progress import Quiet

    context = Context(RunDir(done.path, later), Quiet())
    for stage, module in (("generate", generate), ("filter", filter), ("format", format)):
        assert context.run.need(stage, by="train").inputs == module.inputs(context)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"train": {"epochs": 2}}, "line 4: the section train is about a student"),
        ({"eval": {"max_tokens": 5}}, "line 4: the section eval is about a student"),
        ({"filters": ["contamination"], "eval": {"tasks": ["a.jsonl"], "max_tokens": 5}},
         "only the filters read its section eval"),
        ({"filters": ["contamination"], "eval": {"tasks": ["a.jsonl"]}, "iterate": {"rounds": 2}},
         "the recipe x has no student"),
    ],
)  # fmt: skip
def test_what_only_a_student_makes_use_of_is_refused(more: dict[str, object], said: str) -> None:
    assert said in refused(yaml.safe_dump(DATA | more, sort_keys=False))
    files = {"filters": ["contamination"], "eval": {"tasks": ["a.jsonl"]}}
    assert Recipe.parse(yaml.safe_dump(DATA | files)).eval.files
    with pytest.raises(RecipeError, match="has no student"):
        Recipe.parse(yaml.safe_dump(DATA)).need_student()
