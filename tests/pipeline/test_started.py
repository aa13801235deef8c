"""A student that starts from another's weights: its base stays the model that it is of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import limbeck
from limbeck.errors import ModelError, UserError
from limbeck.models import ModelName, fingerprint
from limbeck.pipeline.run import do_stages
from limbeck.pipeline.train import inputs
from limbeck.recipe import Recipe
from limbeck.store import read_json, read_jsonl
from tests.pipeline.test_beforehand import GOOD, RUN
from tests.pipeline.test_beforehand import context as untouched
from tests.pipeline.test_run import write_job
from tests.pipeline.test_students import weights
from tests.pipeline.test_train import RECORDS, Job
from tests.tiny import save_tiny

STILL = {"epochs": 1, "learning_rate": 1e-12}
MAKINGS = [{}, {"layers": 1}, {"config": {"num_hidden_layers": 1}}, {"lora": {"rank": 2}}]


@pytest.mark.parametrize("making", MAKINGS)
def test_training_goes_on_where_the_other_student_ended(
    tmp_path: Path, tiny_folder: Path, making: dict[str, Any]
) -> None:
    own = {"model": str(tiny_folder), **making}
    first = Job(
        tmp_path / "1", tiny_folder, RECORDS, train={"epochs": 2, "learning_rate": 1e-2},
        student=own,
    )  # fmt: skip
    first.train()
    before = first.run.folder("train")
    again = Job(
        tmp_path / "2", tiny_folder, RECORDS, train=STILL,
        student=own | {"start": "../1/run/train/student"},
    )  # fmt: skip
    summary = again.train()
    after = again.run.folder("train")
    ended, went_on = weights(before / "student"), weights(after / "student")
    assert ended.keys() == went_on.keys()
    assert all(torch.equal(went_on[name], weight) for name, weight in ended.items())
    base, same = weights(before / "base"), weights(after / "base")
    assert all(torch.equal(same[name], weight) for name, weight in base.items())
    assert any(not torch.equal(same[name], weight) for name, weight in ended.items())
    losses = [row["train_loss"] for _, row in read_jsonl(after / "metrics.jsonl")]
    learned = [row["train_loss"] for _, row in read_jsonl(before / "metrics.jsonl")]
    assert losses[0] < learned[0]
    assert summary["parameters"] == sum(weight.numel() for weight in went_on.values())


def test_the_weights_are_a_part_of_what_the_stage_is_of(tmp_path: Path, tiny_folder: Path) -> None:
    start = save_tiny(tmp_path / "start", seed=3)
    plain = Job(tmp_path / "plain", tiny_folder, RECORDS, train=STILL)
    jobs = [
        Job(
            tmp_path / name, tiny_folder, RECORDS, train=STILL,
            student={"model": str(tiny_folder), "start": str(folder)},
        )
        for name, folder in (("a", start), ("b", save_tiny(tmp_path / "same", seed=3)))
    ]  # fmt: skip
    hashes = [inputs(job.context) for job in (plain, *jobs)]
    assert hashes[0] != hashes[1] == hashes[2], "the weights count, and not where they are"
    jobs[0].train()
    done = jobs[0].run.need("train", by="eval")
    save_tiny(start, seed=4)
    assert inputs(jobs[0].context) != done.inputs


def test_a_run_without_a_start_keeps_the_hash_it_had(tmp_path: Path, tiny_folder: Path) -> None:
    """As limbeck wrote it before there was the key: its parts are spelt out here."""
    from limbeck.record import content_hash

    job = Job(tmp_path, tiny_folder, RECORDS, train=STILL)
    train = job.run.recipe.train.model_dump(mode="json", exclude={"seed"})
    told = {
        "rows": job.run.need("format", by="train").outputs,
        "student": {"model": str(tiny_folder), "layers": None, "config": None, "lora": None},
        "weights": fingerprint(ModelName("path", str(tiny_folder))),
        "train": train,
        "seed": 0,
    }
    assert inputs(job.context) == content_hash(told)


def test_a_start_that_is_none_is_told_before_the_first_call(
    tmp_path: Path, tiny_folder: Path
) -> None:
    deep = save_tiny(tmp_path / "deep", layers=5)
    for start, words in (
        (deep, "has another shape.*its num_hidden_layers is 5, and the student's 2"),
        ("nirgends", r"student\.start: .*nirgends is no model folder: it has no config\.json"),
    ):
        making = {"model": str(tiny_folder), "start": str(start)}
        given, _ = untouched(tmp_path, [GOOD], student=making)
        with pytest.raises(ModelError, match=words):
            do_stages(given, RUN)
        assert not given.run.folder("generate").exists()


def test_a_run_cannot_start_from_what_it_writes_over(tmp_path: Path, tiny_folder: Path) -> None:
    own = tmp_path / "run" / "train" / "student"
    save_tiny(own)
    making = {"model": str(tiny_folder), "start": str(own)}
    job = Job(tmp_path, tiny_folder, RECORDS, train=STILL, student=making)
    with pytest.raises(UserError, match=r"student\.start .* which training writes anew"):
        job.train()
    assert (own / "model.safetensors").is_file()


def test_the_path_is_taken_from_the_recipes_folder_and_stays(tmp_path: Path) -> None:
    text = "name: r\nseeds: s.jsonl\nteacher: fake:x\n"
    text += "student: {model: fake:s, start: 模型/é}\n"
    made = Recipe.parse(text, folder=tmp_path)
    assert made.need_student().start == tmp_path / "模型" / "é"
    assert Recipe.parse(made.to_yaml(), folder=Path("/elsewhere")) == made


def test_the_report_and_the_card_say_where_it_started(tmp_path: Path, tiny_folder: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    recipe = write_job(tmp_path, "fake:x", tiny_folder, train={"epochs": 1})
    first = limbeck.run(recipe, into=tmp_path / "runs", ledger=ledger)
    start = first.path / "train" / "student"
    recipe = recipe.model_copy(
        update={
            "name": "next",
            "student": recipe.need_student().model_copy(update={"start": start}),
        }
    )
    second = limbeck.run(recipe, into=tmp_path / "runs", ledger=ledger)
    bases = [read_json(run.path / "eval" / "base.json")["model"] for run in (first, second)]
    assert bases[0] == bases[1]
    models = second.report["models"]
    assert models["student"]["about"].endswith(
        "1 layers kept, started from tiny/train/student, after training"
    )
    assert models["base"]["about"].endswith("1 layers kept, before training")
    assert "started" not in first.report["models"]["student"]["about"]
    for name in ("report.md", "index.html"):
        assert "tiny/train/student" in (second.path / "report" / name).read_text(encoding="utf-8")
    card = (second.path / "train" / "student" / "README.md").read_text(encoding="utf-8")
    words = "layers were kept, with the weights of `tiny/train/student` in place of its own."
    assert words in card
    assert str(tmp_path) not in card
