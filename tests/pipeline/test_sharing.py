"""What one run takes over from another: where it is alike, and nothing of a finished evaluation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.pipeline import evaluate
from limbeck.pipeline.context import Context
from limbeck.pipeline.sharing import give_data, link, share_roles
from limbeck.progress import Quiet
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir

RECIPE = {"name": "r", "seeds": "seeds.jsonl", "teacher": "fake:x", "student": "bundled"}


def run_in(folder: Path) -> RunDir:
    return RunDir(folder, Recipe.model_validate(RECIPE).resolved(folder.parent))


def context_of(run: RunDir) -> Context:
    return Context(run, Quiet(), run.path / "ledger.sqlite")


def saved(path: Path, model: str, protocol: str, value: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    row = {"model": model, "protocol": {"hash": protocol}, "value": value}
    path.write_text(json.dumps(row), encoding="utf-8")


def evaluated(folder: Path, model: str, protocol: str, asked: str) -> RunDir:
    """A run of which the evaluation's files are there."""
    run = run_in(folder)
    results = run.folder("eval")
    for name in ("base", "base_few_shot", "style/base", "student", "teacher", "style/teacher"):
        saved(results / f"{name}.json", model, protocol, folder.name)
    (results / "items.json").write_text(asked, encoding="utf-8")
    return run


def whose(run: RunDir, name: str) -> str:
    text = (run.folder("eval") / f"{name}.json").read_text(encoding="utf-8")
    return str(json.loads(text)["value"])


def test_base_and_teacher_come_from_their_runs_and_the_student_from_none(tmp_path: Path) -> None:
    base = evaluated(tmp_path / "基", "m", "p", "{}")
    teacher = evaluated(tmp_path / "professeur", "m", "p", '{"t": "é"}')
    new = run_in(tmp_path / "new")
    share_roles(context_of(new), same_base=base, teacher_of=teacher)
    for name in ("base", "base_few_shot", "style/base"):
        assert whose(new, name) == "基"
    for name in ("teacher", "style/teacher"):
        assert whose(new, name) == "professeur"
    results = new.folder("eval")
    assert not (results / "student.json").exists()
    assert (results / "items.json").read_text(encoding="utf-8") == '{"t": "é"}'
    assert (results / "base.json").samefile(base.folder("eval") / "base.json")
    assert not list(results.rglob("*.part"))


def test_nothing_to_take_from_is_nothing_taken(tmp_path: Path) -> None:
    new = run_in(tmp_path / "new")
    share_roles(context_of(new))
    share_roles(context_of(new), same_base=run_in(tmp_path / "a"), teacher_of=run_in(tmp_path))
    assert not new.folder("eval").exists()


@pytest.mark.parametrize(("model", "protocol", "taken"), [
    ("m", "p", False), ("other", "p", True), ("m", "other", True),
])  # fmt: skip
def test_a_result_of_the_same_model_and_protocol_stays_and_its_items_with_it(
    tmp_path: Path, model: str, protocol: str, taken: bool
) -> None:
    old = evaluated(tmp_path / "old", "m", "p", "old's")
    new = evaluated(tmp_path / "new", model, protocol, "new's")
    share_roles(context_of(new), same_base=old)
    assert whose(new, "base") == ("old" if taken else "new")
    assert whose(new, "teacher") == "new"
    text = (new.folder("eval") / "items.json").read_text(encoding="utf-8")
    assert text == ("old's" if taken else "new's")


@pytest.mark.parametrize("inputs", ["now", "before"])
def test_a_run_that_is_evaluated_keeps_its_own_until_what_it_is_asked_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: str
) -> None:
    """The rounds of a loop may hold other prompts out: the base's results of one, under its own
    protocol, must not come into the finished evaluation of another."""
    monkeypatch.setattr(evaluate, "inputs", lambda context: "now")
    old = evaluated(tmp_path / "old", "m", "p", "{}")
    new = evaluated(tmp_path / "new", "m", "p2", "{}")
    with new.stage("eval", inputs) as done:
        done.files += ["base.json", "items.json"]
    share_roles(context_of(new), same_base=old, teacher_of=old)
    assert whose(new, "base") == whose(new, "teacher") == ("new" if inputs == "now" else "old")


def test_equal_weights_of_the_base_are_on_the_disk_once_and_others_stay(tmp_path: Path) -> None:
    old, new = run_in(tmp_path / "old"), run_in(tmp_path / "new")
    for run, texts in ((old, (b"same", b"one", b"more")), (new, (b"same", b"two"))):
        folder = run.folder("train") / "base"
        folder.mkdir(parents=True)
        for number, text in enumerate(texts):
            (folder / f"{number}.safetensors").write_bytes(text)
    share_roles(context_of(new), same_base=old)
    ours, theirs = (run.folder("train") / "base" for run in (new, old))
    assert (ours / "0.safetensors").samefile(theirs / "0.safetensors")
    assert (ours / "1.safetensors").read_bytes() == b"two"
    assert (theirs / "1.safetensors").read_bytes() == b"one"
    assert not (ours / "2.safetensors").exists()


def finished(folder: Path, text: str) -> RunDir:
    run = run_in(folder)
    for stage in ("generate", "filter"):
        with run.stage(stage, "hash") as done:
            (run.folder(stage) / "rows.jsonl").write_text(text, encoding="utf-8")
            done.files.append("rows.jsonl")
    return run


def test_rows_are_given_whole_and_paid_by_one(tmp_path: Path) -> None:
    data, run = finished(tmp_path / "data", "一\n"), finished(tmp_path / "run", "old\n")
    (run.folder("filter") / "left_over.jsonl").write_text("x", encoding="utf-8")
    give_data(data, run)
    assert run.id == data.id
    for stage in ("generate", "filter"):
        names = sorted(path.name for path in run.folder(stage).iterdir())
        assert names == ["done.json", "rows.jsonl"]
        assert all((run.folder(stage) / n).samefile(data.folder(stage) / n) for n in names)
    mine = run.folder("generate") / "mine.txt"
    mine.touch()
    give_data(data, run)
    assert mine.exists(), "what is there already is not made again"


def test_a_folder_where_another_is_at_work_is_left_alone(tmp_path: Path) -> None:
    old, new = evaluated(tmp_path / "old", "m", "p", "{}"), run_in(tmp_path / "new")
    with new.locked():
        with pytest.raises(UserError, match="another limbeck is at work"):
            share_roles(context_of(new), same_base=old)
        with pytest.raises(UserError, match="another limbeck is at work"):
            give_data(old, new)
    assert not new.folder("eval").exists()


def test_without_links_it_is_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(source: Any, target: Any) -> None:
        raise OSError("no links here")

    monkeypatch.setattr("os.link", refused)
    source, target = tmp_path / "a", tmp_path / "deep" / "b"
    source.write_text("é", encoding="utf-8")
    link(source, target)
    assert target.read_text(encoding="utf-8") == "é"
    assert not target.samefile(source)
