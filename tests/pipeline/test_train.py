"""The train stage: what is left out, and a student of two tasks from its records to its score."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.format import to_row
from limbeck.pipeline.run import do_stages
from limbeck.pipeline.texts import as_text
from limbeck.progress import reporter
from limbeck.recipe import Format, Recipe
from limbeck.record import Provenance, Record, user
from limbeck.rundir import RunDir
from limbeck.store import read_json, read_jsonl, write_parquet
from limbeck.trainers.checkpoint import Checkpoints, State

WORDS = ["one", "two", "three", "four", "five", "six"]


def row(question: str, rationale: str, target: str) -> Record:
    meta = {"rationale": rationale, "kind": "number"}
    return Record((user(question),), f"{rationale} So {target}.", Provenance("t"), target, meta)


RECORDS = [
    row(f"Which number is {word}?", f"We count up to {word}.", str(number))
    for number, word in enumerate(WORDS, start=1)
]


class Job:
    """A run folder whose splits are there, ready to train."""

    def __init__(self, folder: Path, model: Path, records: list[Record], **sections: Any) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "seeds.jsonl").write_text('{"prompt": "x"}\n', encoding="utf-8")
        rows = [{"prompt": r.prompt, "target": r.target, "kind": "number"} for r in RECORDS]
        lines = "".join(json.dumps(question) + "\n" for question in rows)
        (folder / "numbers.jsonl").write_text(lines, encoding="utf-8")
        job = {
            "name": "r",
            "seeds": "seeds.jsonl",
            "teacher": {"model": str(model), "dtype": "float32"},
            "student": str(model),
            "eval": {"tasks": ["numbers.jsonl"], "max_tokens": 16},
        }
        recipe = Recipe.model_validate(job | sections).resolved(folder)
        self.said = io.StringIO()
        self.run = RunDir(folder / "run", recipe)
        with self.run.stage("format", "given") as done:
            rows_of = [to_row(record) for record in records]
            write_parquet(self.run.folder("format") / "train.parquet", rows_of)
            done.files.append("train.parquet")
        self.context = Context(self.run, reporter("plain", self.said), folder / "ledger.sqlite")

    def train(self) -> dict[str, Any]:
        do_stages(self.context, ("train",))
        return dict(read_json(self.run.folder("train") / "summary.json"))

    def outputs(self, role: str) -> tuple[list[str], list[float]]:
        """What a role answered to the questions, and its scores."""
        [task] = read_json(self.run.folder("eval") / f"{role}.json")["tasks"]
        items = task["items"]
        return [item["output"].strip() for item in items], [item["score"] for item in items]


@pytest.mark.parametrize("text", ["chat", "arrow"])
def test_a_student_of_two_tasks_answers_as_it_learned(
    tmp_path: Path, tiny_folder: Path, text: str
) -> None:
    records = as_text(RECORDS, Format.model_validate({"text": text}), 0)
    train = {"objective": "step_by_step", "epochs": 80, "learning_rate": 1e-2}
    job = Job(tmp_path, tiny_folder, records, train=train, format={"text": text})
    summary = job.train()
    assert summary["examples"] == len(RECORDS)
    assert summary["loss_tokens"] > 80 * 4 * len(RECORDS)
    do_stages(job.context, ("eval",))
    outputs, scores = job.outputs("student")
    assert outputs == [record.target for record in RECORDS]  # the answer alone, no rationale
    assert set(scores) == {1.0}
    assert sum(job.outputs("base")[1]) < len(RECORDS)


def test_imitation_says_what_it_compares_a_student_of_two_tasks_with(
    tmp_path: Path, tiny_folder: Path
) -> None:
    train = {"objective": "step_by_step", "epochs": 1}
    tasks = ["imitation", "numbers.jsonl"]
    job = Job(tmp_path, tiny_folder, RECORDS, train=train, eval={"tasks": tasks, "limit": 1})
    job.train()
    with pytest.raises(UserError, match="held-out"):
        do_stages(job.context, ("eval",))
    assert "read its scores on questions" in job.said.getvalue()


@pytest.mark.parametrize("long", ["rationale", "question"])
def test_a_record_with_an_example_too_long_is_left_out_whole_and_counted_once(
    tmp_path: Path, tiny_folder: Path, long: str
) -> None:
    words = "a long word " * 30
    odd = row(words, "Short.", "7") if long == "question" else row("What is seven?", words, "7")
    train = {"objective": "step_by_step", "epochs": 1, "max_length": 64}
    job = Job(tmp_path, tiny_folder, [*RECORDS, odd], train=train)
    summary = job.train()
    assert (summary["examples"], summary["too_long"]) == (len(RECORDS), 1)
    said = "train: 1 rows longer than the 64 tokens of train.max_length were left out, not cut"
    assert said in job.said.getvalue()


def test_what_is_longer_than_the_students_window_is_left_out_too(
    tmp_path: Path, tiny_folder: Path
) -> None:
    odd = Record((user("What is this?"),), "🙂 " * 200, Provenance("t"))
    job = Job(tmp_path, tiny_folder, [*RECORDS, odd], train={"epochs": 1})
    assert job.train()["too_long"] == 1
    assert "longer than the 256 tokens of the student's window" in job.said.getvalue()


def test_training_rows_that_are_all_too_long_are_told(tmp_path: Path, tiny_folder: Path) -> None:
    job = Job(tmp_path, tiny_folder, RECORDS, train={"max_length": 8})
    with pytest.raises(UserError, match="every one of the 6 training rows is longer than the 8"):
        job.train()


def test_records_without_rationale_are_told_before_anything_is_trained(
    tmp_path: Path, tiny_folder: Path
) -> None:
    plain = Record((user("What?"),), "That.", Provenance("t"), "7")
    train = {"objective": "step_by_step"}
    job = Job(tmp_path, tiny_folder, [*RECORDS, plain], train=train)
    with pytest.raises(UserError, match=f"the record {plain.id} lacks a rationale"):
        job.train()
    assert not (job.run.folder("train") / "base").exists()


TRAIN = {"epochs": 4, "batch_tokens": 64, "checkpoint_steps": 2, "learning_rate": 1e-2}


def result(job: Job) -> dict[str, bytes]:
    """Every result file; speed.json and TensorBoard's hold times, and are none."""
    out = job.run.folder("train")
    return {
        name: (out / name).read_bytes()
        for name in ("metrics.jsonl", "summary.json", "student/model.safetensors")
    }


def test_a_train_stage_that_was_stopped_goes_on_and_ends_the_same(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "whole").mkdir()
    whole = Job(tmp_path / "whole", tiny_folder, RECORDS, train=TRAIN)
    whole.train()
    (tmp_path / "torn").mkdir()
    torn = Job(tmp_path / "torn", tiny_folder, RECORDS, train=TRAIN)
    save = Checkpoints.save

    def stopped(self: Checkpoints, model: Any, optimizer: Any, state: State) -> Path:
        path = save(self, model, optimizer, state)
        if state.step == 6:
            raise KeyboardInterrupt
        return path

    monkeypatch.setattr(Checkpoints, "save", stopped)
    with pytest.raises(KeyboardInterrupt):
        torn.train()
    out = torn.run.folder("train")
    written = read_rows(out / "metrics.jsonl")  # point by point, not only in the end
    assert [point["step"] for point in written] == list(range(7))
    with (out / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 7, "half a li')  # killed while it wrote
    monkeypatch.setattr(Checkpoints, "save", save)
    torn.train()
    assert "train: going on from a checkpoint" in torn.said.getvalue()
    assert result(torn) == result(whole)
    assert not (out / "checkpoints").exists()
    speed = read_json(out / "speed.json")
    assert speed["tokens_per_second"] > 0
    assert speed["mfu"] is None


def test_other_settings_do_not_go_on_from_old_checkpoints(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job(tmp_path, tiny_folder, RECORDS, train=TRAIN)
    with monkeypatch.context() as patch:
        patch.setattr("limbeck.trainers.export.export", fail)
        with pytest.raises(UserError, match="no room"):
            job.train()
    (job.run.folder("train") / "tensorboard").mkdir(exist_ok=True)
    other = Job(tmp_path, tiny_folder, RECORDS, train=TRAIN | {"learning_rate": 1e-3})
    other.train()
    assert "of other rows, another student or other settings" in other.said.getvalue()
    assert read_rows(other.run.folder("train") / "metrics.jsonl")[1]["learning_rate"] < 1e-3


def fail(*_: Any) -> None:
    raise UserError("no room")


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [row for _, row in read_jsonl(path)]


def test_a_seed_of_the_training_moves_the_student_and_not_its_base(
    tmp_path: Path, tiny_folder: Path
) -> None:
    """Rows come in another order; the recipe's own seed, spelt out, is the same training."""
    found, hashes = {}, {}
    for name, seed in {"none": None, "same": 0, "other": 1}.items():
        train = {"epochs": 2, "learning_rate": 1e-2, "batch_tokens": 64, "seed": seed}
        lora = {"model": str(tiny_folder), "lora": {"rank": 2}}
        job = Job(tmp_path / name, tiny_folder, RECORDS, train=train, student=lora)
        job.train()
        out = job.run.folder("train")
        found[name] = {
            role: (out / role / "model.safetensors").read_bytes() for role in ("base", "student")
        }
        hashes[name] = read_json(out / "done.json")["inputs"]
    assert found["same"] == found["none"]
    assert found["other"]["base"] == found["none"]["base"]
    assert found["other"]["student"] != found["none"]["student"]
    assert hashes["same"] == hashes["none"] != hashes["other"]
