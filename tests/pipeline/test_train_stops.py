"""The train stage and what ends it early: cut-off answers, a missing package, Ctrl-C; and which
settings throw no progress away."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import MissingExtra, UserError
from limbeck.pipeline import train as stage
from limbeck.record import Provenance, Record, user
from limbeck.store import read_json
from limbeck.trainers.checkpoint import Checkpoints, State
from tests.pipeline.test_train import RECORDS, TRAIN, Job, fail


def ended(record: Record, reason: str) -> Record:
    return replace(record, meta={**record.meta, "finish_reason": reason})


def test_an_answer_that_was_cut_off_is_not_taught_with_an_end(
    tmp_path: Path, tiny_folder: Path
) -> None:
    cut = [ended(RECORDS[0], "length"), ended(RECORDS[1], "max_tokens")]
    whole = [ended(RECORDS[2], "stop"), *RECORDS[3:]]  # those made by others say nothing
    job = Job(tmp_path, tiny_folder, [*cut, *whole], train={"epochs": 1})
    summary = job.train()
    assert (summary["truncated"], summary["examples"], summary["too_long"]) == (2, 4, 0)
    assert (
        "train: 2 rows whose answer was cut off at the teacher's token limit were left out: the "
        "end was not the teacher's"
    ) in job.said.getvalue()
    assert "| rows left out as cut off | 2 |" in (
        job.run.folder("train") / "student" / "README.md"
    ).read_text("utf-8")
    again = Job(tmp_path / "alone", tiny_folder, whole, train={"epochs": 1})
    assert again.train()["loss_tokens"] == summary["loss_tokens"]


def test_answers_that_were_all_cut_off_are_told(tmp_path: Path, tiny_folder: Path) -> None:
    job = Job(tmp_path, tiny_folder, [ended(row, "length") for row in RECORDS])
    with pytest.raises(UserError, match=r"all of the 6 .* cut off .*raise generate\.max_tokens"):
        job.train()
    odd = Record((user("What is seven?"),), "a long word " * 30, Provenance("t"))
    mixed = Job(tmp_path, tiny_folder, [ended(RECORDS[0], "length"), odd], train={"max_length": 64})
    with pytest.raises(UserError, match=r"none of the 2 training.* 1 are longer .* in 1 were cut"):
        mixed.train()


@pytest.mark.parametrize("package", ["accelerate", "peft"])
def test_a_missing_package_is_told_before_anything_is_written(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    student = {"model": str(tiny_folder), "lora": {}}
    job = Job(tmp_path, tiny_folder, RECORDS, student=student, train={"epochs": 1})
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=rf'{package}.*pip install .*\[train\]"'):
        job.train()
    assert not (job.run.folder("train") / "base").exists()


def test_patience_without_validation_rows_is_told(tmp_path: Path, tiny_folder: Path) -> None:
    job = Job(tmp_path, tiny_folder, RECORDS, train={"epochs": 1, "patience": 1})
    job.train()
    assert "train.patience has no effect: there is no validation row" in job.said.getvalue()


@pytest.mark.parametrize(
    ("change", "is_done", "goes_on"),
    [
        ({"keep_checkpoints": 1}, True, True),
        ({"checkpoint_steps": 9}, True, True),
        ({"micro_tokens": 32}, False, True),
        ({"gradient_checkpointing": True}, False, True),
        ({"learning_rate": 1e-3}, False, False),
        ({"max_length": 512}, False, False),
    ],
)
def test_settings_that_touch_no_result_throw_no_progress_away(
    tmp_path: Path,
    tiny_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    is_done: bool,
    goes_on: bool,
) -> None:
    job = Job(tmp_path, tiny_folder, RECORDS, train=TRAIN)
    with monkeypatch.context() as patch:
        patch.setattr("limbeck.trainers.export.export", fail)
        with pytest.raises(UserError, match="no room"):
            job.train()
    other = Job(tmp_path, tiny_folder, RECORDS, train=TRAIN | change)
    assert (stage.inputs(other.context) == stage.inputs(job.context)) == is_done
    other.train()
    assert ("train: going on from a checkpoint" in other.said.getvalue()) == goes_on
    third = Job(tmp_path, tiny_folder, RECORDS, train=TRAIN)
    third.train()
    assert ("train: already done, nothing changed" in third.said.getvalue()) == is_done


def test_ctrl_c_in_the_stage_leaves_a_checkpoint_to_go_on_from(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    save = Checkpoints.save

    def pressed(self: Checkpoints, model: Any, optimizer: Any, state: State) -> Path:
        path = save(self, model, optimizer, state)
        if state.step == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return path

    settings = TRAIN | {"checkpoint_steps": 2, "epochs": 6}
    try:
        job = Job(tmp_path, tiny_folder, RECORDS, train=settings)
        monkeypatch.setattr(Checkpoints, "save", pressed)
        with pytest.raises(KeyboardInterrupt):
            job.train()
    finally:
        signal.signal(signal.SIGINT, before)
    monkeypatch.setattr(Checkpoints, "save", save)
    assert "stopping after this step" in job.said.getvalue()
    assert (job.run.folder("train") / "checkpoints" / "step-00000003").is_dir()
    job.train()
    assert "train: going on from a checkpoint" in job.said.getvalue()
    assert read_json(job.run.folder("train") / "summary.json")["epochs"] == 6
