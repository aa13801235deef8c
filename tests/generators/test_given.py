"""The generator `given`: rows as they are, without a call, without a teacher, without a key."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.estimate import estimate
from limbeck.pipeline.run import do_stages
from limbeck.progress import reporter
from limbeck.recipe import Recipe
from limbeck.record import Record
from limbeck.rundir import RunDir
from limbeck.store import read_json, read_jsonl, write_jsonl

ROWS: list[dict[str, Any]] = [
    {"prompt": "Wie heißt du?", "completion": "Füchslein 🦊."},
    {"messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"},
                  {"role": "assistant", "content": "Hello."}]},
    {"instruction": "Add.", "input": "1 and 2", "output": "3"},
    {"prompt": "2 + 3?", "target": "5", "solution": "Count on from two."},
]  # fmt: skip


def context(folder: Path, rows: list[dict[str, Any]], **sections: Any) -> Context:
    write_jsonl(folder / "rows.jsonl", rows)
    data = {
        "name": "r",
        "seeds": "rows.jsonl",
        # nothing listens there, and there is no key for it
        "teacher": {"model": "openai:x", "base_url": "http://127.0.0.1:9/v1", "api_key_env": "NO"},
        "student": "fake:s",
        "generate": "given",
        "format": {"valid": 0, "test": 0},
    }
    run = RunDir(folder / "runs" / "r", Recipe.model_validate(data | sections).resolved(folder))
    return Context(run, reporter("plain", io.StringIO()), folder / "ledger.sqlite")


def test_every_row_becomes_a_record_in_its_order_and_nobody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO", raising=False)
    given = context(tmp_path, ROWS)
    do_stages(given, ("generate",))
    folder = given.run.folder("generate")
    records = [Record.from_json(row) for _, row in read_jsonl(folder / "records.jsonl")]
    assert [r.completion for r in records] == ["Füchslein 🦊.", "Hello.", "3", "5"]
    assert [m.role for m in records[1].messages] == ["system", "user"]
    assert records[3].meta["rationale"] == "Count on from two."
    assert {(r.provenance.generator, r.provenance.teacher) for r in records} == {("given", "")}
    counts = read_json(folder / "done.json")["counts"]
    assert (counts["records"], counts["calls"], counts["failures"]) == (4, 0, 0)


def test_an_empty_answer_beside_a_target_stays_empty(tmp_path: Path) -> None:
    rows = [
        {"prompt": "2 + 3?", "completion": "", "target": "5"},
        {"instruction": "再加", "output": "", "target": "6"},
        {"prompt": "2 + 2?", "completion": "four", "target": "4"},
    ]
    given = context(tmp_path, rows)
    do_stages(given, ("generate",))
    written = read_jsonl(given.run.folder("generate") / "records.jsonl")
    records = [Record.from_json(row) for _, row in written]
    assert [(r.completion, r.target) for r in records] == [("", "5"), ("", "6"), ("four", "4")]
    assert all("answered" not in r.meta for r in records)


def test_a_row_without_an_answer_is_named_before_a_record_is_made(tmp_path: Path) -> None:
    given = context(tmp_path, [*ROWS, {"prompt": "And\nyou?"}])
    with pytest.raises(UserError, match=r"the row 'And you\?' has no answer, and the generator"):
        do_stages(given, ("generate",))
    assert given.run.done("generate") is None


def test_there_is_nothing_to_estimate(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="asks the teacher nothing"):
        estimate(context(tmp_path, ROWS))


def test_a_student_is_trained_on_them_alone(tmp_path: Path, tiny_folder: Path) -> None:
    more = {"student": str(tiny_folder), "train": {"epochs": 1}, "teacher": "fake:none"}
    given = context(tmp_path, ROWS, **more)
    do_stages(given, ("generate", "filter", "format", "train"))
    out = given.run.folder("train")
    assert read_json(out / "summary.json")["examples"] == 4
    card = (out / "student" / "README.md").read_text("utf-8")
    assert "Trained on given rows, of no teacher, by limbeck" in card
    assert "fake:none" not in card.partition("## Recipe")[0]


def test_rationales_and_answers_of_ones_own_are_two_tasks(
    tmp_path: Path, tiny_folder: Path
) -> None:
    train = {"objective": "step_by_step", "epochs": 1}
    more = {"student": str(tiny_folder), "train": train}
    do_stages(context(tmp_path, ROWS[3:], **more), ("generate", "filter", "format", "train"))
    with pytest.raises(UserError, match="has no solution"):
        do_stages(replace(context(tmp_path, ROWS, **more), fresh=True), ("generate",))
