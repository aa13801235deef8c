"""The evaluation of a run as a whole: all its parts, nothing asked twice, what is left out said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import limbeck
from limbeck.pipeline.context import Context
from limbeck.pipeline.evaluate import demos, evaluate_roles
from limbeck.pipeline.format import read_split
from limbeck.pipeline.report import write_report
from limbeck.progress import reporter
from limbeck.rundir import RunDir
from limbeck.store import read_json
from limbeck.teachers.local import LocalTeacher
from limbeck.teachers.scoring import Scorer
from tests.pipeline.test_run import ITEMS, write_job

OPEN = [{"prompt": f"Write of {word}."} for word in ("rain", "雪", "la mer", "🙂")]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("evaluated")
    for name, rows in (("open", OPEN), ("other", ITEMS)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    section = {
        "tasks": ["imitation", "items.jsonl"],
        "forgetting": ["other.jsonl"],
        "form": "generate",
        "max_tokens": 8,
        "few_shot_base": 2,
        "style": {"prompts": "open.jsonl", "max_tokens": 6},
        "judge": {"model": "fake:x", "against": ["base"]},
    }
    recipe = write_job(folder, str(tiny_folder), tiny_folder, eval=section)
    limbeck.run(recipe, into=folder / "runs", ledger=folder / "ledger.sqlite")
    return folder


def context_of(folder: Path) -> Context:
    run = RunDir.open(folder / "runs" / "tiny")
    return Context(run, reporter("quiet"), folder / "ledger.sqlite")


@pytest.fixture
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("a model was asked")

    monkeypatch.setattr(LocalTeacher, "ask", never)
    monkeypatch.setattr(Scorer, "__call__", never)


def test_every_part_is_in_the_report(finished: Path) -> None:
    report = read_json(finished / "runs/tiny/report/report.json")
    rows = {row["task"]: row for row in report["tasks"]}
    assert {name: (row["kind"], row["view"]) for name, row in rows.items()} == {
        "imitation_nll": ("imitation", "main"),
        "imitation_rouge_l": ("imitation", "main"),
        "items": ("ability", "main"),
        "items (by likelihood)": ("ability", "likelihood"),
        "other": ("forgetting", "main"),
        "other (by likelihood)": ("forgetting", "likelihood"),
    }
    assert rows["items"]["outcomes"]["student"].keys() == rows["items"]["outcomes"]["base"].keys()
    assert sum(rows["items"]["outcomes"]["teacher"].values()) == 3
    assert rows["items (by likelihood)"]["teacher"] is None
    assert rows["items"]["few_shot_base"]["shots"] == 2
    assert report["style"]["prompts"] + report["style"]["dropped"] == 4
    assert [pair["other"] for pair in report["judge"]["pairs"]] == ["base"]


def test_the_few_shot_base_is_shown_training_rows(finished: Path) -> None:
    context = context_of(finished)
    shown = demos(context)
    rows = read_split(context.run.folder("format"), "train")
    known = {(row.messages[-1].content, row.completion) for row in rows}
    assert [turn.role for turn in shown] == ["user", "assistant"] * 2
    assert {(shown[n].content, shown[n + 1].content) for n in (0, 2)} <= known


@pytest.mark.usefixtures("nobody_answers")
@pytest.mark.parametrize(
    "lose",
    [
        lambda folder: (folder / "student.json").unlink(),
        lambda folder: (folder / "items.json").unlink(),
        lambda folder: (folder / "style/base.json").unlink(),
        lambda folder: (folder / "base_few_shot.json").unlink(),
        lambda folder: (folder / "judge.json").unlink(),
    ],
)
def test_what_was_answered_is_scored_again_without_asking(
    finished: Path, lose: Callable[[Path], None]
) -> None:
    context = context_of(finished)
    folder = context.run.folder("eval")
    names = ("student.json", "items.json", "style/base.json", "base_few_shot.json", "judge.json")
    before = {name: (folder / name).read_bytes() for name in names}
    lose(folder)
    evaluate_roles(context)
    assert {name: (folder / name).read_bytes() for name in names} == before
    write_report(context)
