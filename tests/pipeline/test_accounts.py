"""Context.accounts: the stage generate writes down which replies it used, and what they cost."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limbeck.pipeline.context import Context
from limbeck.pipeline.run import do_stages
from limbeck.progress import Quiet
from limbeck.rundir import RunDir
from limbeck.store import file_hash
from tests.engine import rows
from tests.pipeline.test_run import write_job


def context_in(folder: Path, tiny_folder: Path, name: str, *, accounts: bool) -> Context:
    recipe = write_job(folder, "fake:x", tiny_folder)
    run = RunDir(folder / name, recipe)
    return Context(run, Quiet(), folder / f"{name}.sqlite", accounts=accounts)


def replies(context: Context) -> list[dict[str, Any]]:
    return rows(context.run.folder("generate") / "replies.jsonl")


def test_every_reply_that_was_used_is_there_once_in_the_order_of_the_records(
    tmp_path: Path, tiny_folder: Path
) -> None:
    context = context_in(tmp_path, tiny_folder, "first", accounts=True)
    do_stages(context, ("generate",))
    done = context.run.need("generate", by="filter")
    found = replies(context)
    made = rows(context.run.folder("generate") / "records.jsonl")
    assert [row["key"] for row in found] == [row["provenance"]["request"] for row in made]
    assert {row["who"] for row in found} == {"teacher"}
    for name in ("prompt_tokens", "completion_tokens"):
        assert sum(row[name] for row in found) == done.counts[name] > 0
    path = context.run.folder("generate") / "replies.jsonl"
    assert done.files["replies.jsonl"] == file_hash(path)
    with sqlite3.connect(tmp_path / "first.sqlite") as ledger:
        keys = {key for (key,) in ledger.execute("SELECT key FROM replies")}
    assert {row["key"] for row in found} == keys

    before = path.read_bytes()
    (path.parent / "done.json").unlink()  # as killed before the end: all of it is a replay
    do_stages(context, ("generate",))
    assert path.read_bytes() == before


def test_a_stage_that_was_done_without_them_is_done_again_from_the_ledger(
    tmp_path: Path, tiny_folder: Path
) -> None:
    context = context_in(tmp_path, tiny_folder, "one", accounts=False)
    do_stages(context, ("generate",))
    without = context.run.need("generate", by="filter").files
    wanted = replace(context, accounts=True)
    for _ in range(2):  # and once more nothing is to do
        do_stages(wanted, ("generate",))
    files = context.run.need("generate", by="filter").files
    assert {name: files[name] for name in without} == without
    assert len(replies(context)) == len(rows(context.run.folder("generate") / "records.jsonl"))
    events = [row for row in rows(context.run.path / "log.jsonl") if row["event"] == "generated"]
    assert [row["new_calls"] for row in events] == [len(replies(context)), 0]


@pytest.mark.parametrize("accounts", [True, False])
def test_they_are_written_where_they_are_asked_for_alone(
    tmp_path: Path, tiny_folder: Path, accounts: bool
) -> None:
    context = context_in(tmp_path, tiny_folder, "one", accounts=accounts)
    do_stages(context, ("generate",))
    assert (context.run.folder("generate") / "replies.jsonl").is_file() == accounts
    assert ("replies.jsonl" in context.run.need("generate", by="filter").files) == accounts
