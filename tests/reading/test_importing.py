"""Imported rows are seeds: what `limbeck.seeds` makes of them is what was read."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.run import do_stages
from limbeck.progress import reporter
from limbeck.reading.importing import Imported, import_rows
from limbeck.reading.source import open_source
from limbeck.recipe import Recipe
from limbeck.record import Provenance, Record, user
from limbeck.rundir import RunDir
from limbeck.seeds import read_seeds
from limbeck.store import read_jsonl, write_jsonl


def imported(folder: Path, rows: list[dict[str, Any]], **options: Any) -> tuple[Imported, Path]:
    write_jsonl(folder / "theirs.jsonl", rows)
    to = folder / "seeds.jsonl"
    return import_rows(open_source(folder / "theirs.jsonl", **options), to), to


def test_a_seed_has_what_the_row_had(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"instruction": "Übersetze.", "input": "猫", "output": "Katze", "answer": "Katze"},
        {"instruction": "Add 1 and 2.", "input": "", "output": "It is 3.", "answer": 3,
         "kind": "number", "template": "add"},
        {"instruction": "Pick.", "output": "b", "options": ["a", "b"], "is_classification": True},
        {"instruction": "Say it.", "output": "it", "system": "Be short."},
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"},
                      {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"},
                      {"role": "assistant", "content": "d"}]},
    ]  # fmt: skip
    done, to = imported(tmp_path, rows)
    assert (done.written, done.answered, done.targets, done.again) == (5, 5, 2, 0)
    first, second, pick, short, chat = read_seeds(to)
    assert (first.prompt, first.completion, first.target) == ("Übersetze.\n\n猫", "Katze", "Katze")
    assert first.meta["input"] == "猫"
    assert (second.completion, second.target) == ("It is 3.", "3")
    assert (second.meta["kind"], second.meta["template"]) == ("number", "add")
    assert (pick.target, pick.meta["options"], pick.meta["task"]) == (
        "b", ("a", "b"), "classification",
    )  # fmt: skip
    assert [(m.role, m.content) for m in short.messages] == [
        ("system", "Be short."), ("user", "Say it."),
    ]  # fmt: skip
    assert [m.content for m in chat.messages] == ["s", "a", "b", "c"]
    assert chat.target == "d"
    (row, *_) = open_source(tmp_path / "theirs.jsonl").rows()
    assert first.provenance.parents == (row.id,)


def test_further_columns_go_on_and_what_is_not_carried_is_said(tmp_path: Path) -> None:
    rows = [
        {"prompt": "p", "completion": f"c{at}", "model": "m", "score": at, "index": 1, "id": at}
        for at in range(3)
    ]
    done, to = imported(tmp_path, rows)
    assert done.lost == ("index",), "limbeck's own column"
    assert read_seeds(to)[0].columns == {"prompt_id": 0, "score": 0, "model": "m"}
    assert (done.written, done.again) == (3, 2)


def test_rows_without_a_prompt_are_left_out_and_counted_and_those_with_tools_are_not(
    tmp_path: Path,
) -> None:
    turns = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "call"},
        {"role": "tool", "content": "42"},
        {"role": "assistant", "content": "It is 42."},
    ]
    done, _ = imported(tmp_path, [{"text": "alone"}, {"messages": turns}, {"prompt": "p"}])
    assert (done.written, done.answered) == (2, 1)
    assert done.left_out == {"without a prompt": 1}


def test_nothing_is_written_where_nothing_can_be(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"theirs\.jsonl has no row that can be a seed: .*line 1"):
        imported(tmp_path, [{"foo": 1}])
    assert not (tmp_path / "seeds.jsonl").exists()


def test_filters_run_on_an_imported_set_without_a_teacher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO", raising=False)
    rows = [
        {"problem": f"What is {at} + {at}?", "generation": f"I add.\n\nThe answer is {said}.",
         "answer": 2 * at, "model_name": "m", "distilabel_metadata": {"x": at}}
        for at, said in ((1, 2), (2, 4), (3, 7), (4, 8))
    ]  # fmt: skip
    done, to = imported(tmp_path, rows)
    assert (done.written, done.lost) == (4, ())
    data = {
        "name": "r",
        "seeds": str(to),
        "teacher": {"model": "openai:x", "base_url": "http://127.0.0.1:9/v1", "api_key_env": "NO"},
        "student": "fake:s",
        "generate": "given",
        "filters": ["answer"],
        "format": {"valid": 0, "test": 0},
    }
    run = RunDir(tmp_path / "runs" / "r", Recipe.model_validate(data).resolved(tmp_path))
    context = Context(run, reporter("plain", io.StringIO()), tmp_path / "ledger.sqlite")
    do_stages(context, ("generate", "filter"))
    made = [
        Record.from_json(row)
        for _, row in read_jsonl(run.folder("generate") / "records.jsonl")
    ]  # fmt: skip
    assert [record.completion[-2:] for record in made] == ["2.", "4.", "7.", "8."]
    verdicts = {row["record"]: row["keep"] for _, row in read_jsonl(
        run.folder("filter") / "verdicts.jsonl")}  # fmt: skip
    assert [verdicts[record.id] for record in made] == [True, True, False, True]


@pytest.mark.parametrize("role", ["instruction", "output"])
def test_a_column_named_for_limbecks_own_records_is_refused_and_not_ignored(
    tmp_path: Path, role: str
) -> None:
    made = Record((user("Où?"),), "Là.", Provenance("answers", teacher="fake:x"))
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(made.to_json()) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=f"'id' cannot be read as {role}"):
        open_source(str(path), columns={role: "id"})
    done = import_rows(
        open_source(str(path), columns={"output": "completion"}), tmp_path / "seeds.jsonl"
    )
    assert (done.written, done.answered) == (1, 1)
