"""How many docs lm-eval's tasks have, told from files alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck.errors import DataError
from limbeck.evals.lm_eval_files.task_docs import TaskDocs, task_docs

ROWS = '{"q": "天气\u2028?"}\n\n{"q": "🌧"}\n{"q": "é"}\n'


def put(folder: Path, name: str, **config: Any) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return path


def local(*files: Path, **more: Any) -> dict[str, Any]:
    named = [str(file) for file in files]
    data = {"test": named[0] if len(named) == 1 else named}
    kwargs = {"data_files": data}
    return {"dataset_path": "json", "dataset_kwargs": kwargs, "test_split": "test"} | more


def test_rows_of_files_here_are_counted(tmp_path: Path) -> None:
    one, two = tmp_path / "一.jsonl", tmp_path / "two.json"
    one.write_text(ROWS, encoding="utf-8")
    two.write_text(json.dumps([{"q": "a"}, {"q": "b"}], indent=1), encoding="utf-8")
    put(tmp_path, "_base", **local(one, output_type="multiple_choice"))
    given = put(tmp_path, "天气", include="_base.yaml", task="天气")
    assert task_docs(given) == [TaskDocs("天气", 3)]
    settings = {"max_gen_toks": 40, "until": ["\n"]}
    both = put(tmp_path, "b", task="b", **local(one, two, generation_kwargs=settings))
    assert task_docs(both) == [TaskDocs("b", 5, max_tokens=40)]
    scored = put(tmp_path, "s", task="s", **local(two, output_type="loglikelihood"))
    assert task_docs(scored) == [TaskDocs("s", 2, likelihoods=True)]
    # lm-eval takes the validation split where there is no test split; a plain list is "train".
    valid = local(one)
    valid["validation_split"] = valid.pop("test_split")
    valid["dataset_kwargs"] = {"data_files": {"test": str(two), "validation": str(one)}}
    valid["validation_split"] = "validation"
    assert task_docs(put(tmp_path, "v", task="v", **valid))[0].docs == 3
    plain = {"dataset_path": "json", "dataset_kwargs": {"data_files": [str(one)]}}
    assert task_docs(put(tmp_path, "p", task="p", test_split="train", **plain))[0].docs == 3


def test_what_only_lm_eval_can_tell_is_said(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(ROWS, encoding="utf-8")
    table = tmp_path / "rows.csv"
    table.write_text("q\nx\n", encoding="utf-8")
    field = local(rows)
    field["dataset_kwargs"] = field["dataset_kwargs"] | {"field": "data"}
    for name, config, said in [
        ("hub", {"dataset_path": "org/data", "test_split": "test"}, "loaded the data set org/data"),
        ("code", {"custom_dataset": "x", "test_split": "test"}, "loaded its data"),
        ("part", local(rows, test_split="test[:2]"), r"the split test[:2] has"),
        ("none", local(tmp_path / "none.jsonl"), "none.jsonl is no file of rows here"),
        ("far", local(Path("https://x/rows.jsonl")), "is no file of rows here"),
        ("csv", local(table), "rows.csv is no file of rows here"),
        ("field", field, "does not say which rows"),
    ]:
        (found,) = task_docs(put(tmp_path, name, task=name, **config))
        assert (found.name, found.docs) == (name, None)
        assert said in found.why


def test_a_folder_and_a_group_are_taken_apart(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(ROWS, encoding="utf-8")
    put(tmp_path, "a", task="a", **local(rows))
    put(tmp_path, "b", task="b", tag="some", **local(rows))
    put(tmp_path, "c", task="c", tag=["some", "more"], **local(rows))
    put(tmp_path, "inner", group="inner", task=["some"])
    group = put(tmp_path, "all", group="all", task=["inner", {"task": "a"}, "arc_easy"])
    told = [(one.name, one.docs) for one in task_docs(group)]
    assert told == [("b", 3), ("c", 3), ("a", 3), ("arc_easy", None)]
    assert [(one.name, one.docs) for one in task_docs(tmp_path)] == told
    (tmp_path / "broken.yaml").write_text("task: [", encoding="utf-8")
    assert len(task_docs(group)) == 4  # as lm-eval, which skips it
    with pytest.raises(DataError, match=r"broken\.yaml is not the YAML"):
        task_docs(tmp_path)
