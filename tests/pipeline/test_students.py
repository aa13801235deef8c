"""Students of every making, through the stages: from scratch, with LoRA, from soft targets; and
what is exported of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from huggingface_hub import ModelCard
from safetensors.torch import load_file

from limbeck.errors import ModelError, UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.format import read_split
from limbeck.pipeline.run import do_stages
from limbeck.progress import Quiet
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.store import read_json, read_jsonl
from tests.pipeline.test_train import RECORDS, Job
from tests.trainers.families import make

TRAIN = {"epochs": 40, "learning_rate": 1e-2}


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return dict(load_file(folder / "model.safetensors"))


def curve(context: Context) -> list[dict[str, Any]]:
    path = context.run.folder("train") / "metrics.jsonl"
    return [row for _, row in read_jsonl(path)]


def card(job: Job | Context) -> Mapping[str, Any]:
    data: Any = ModelCard.load(job.run.folder("train") / "student" / "README.md").data
    found: dict[str, Any] = data.to_dict()
    return found


@pytest.fixture(scope="module")
def schooled(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    """The folder of a tiny model that answers RECORDS' questions in whole sentences."""
    folder = tmp_path_factory.mktemp("school")
    Job(folder, tiny_folder, RECORDS, train=TRAIN | {"epochs": 120}).train()
    return folder / "run" / "train" / "student"


@pytest.mark.parametrize(
    "student", [{"lora": {"rank": 8, "alpha": 32}}, {"config": {"num_hidden_layers": 1}}]
)
def test_a_student_of_any_making_learns_and_loads(
    tmp_path: Path, tiny_folder: Path, student: dict[str, Any]
) -> None:
    making = {"model": str(tiny_folder), **student}
    job = Job(tmp_path, tiny_folder, RECORDS, train=TRAIN, student=making)
    summary = job.train()
    points = curve(job.context)
    assert points[-1]["train_loss"] < points[0]["train_loss"] / 2
    out = job.run.folder("train")
    model = transformers.AutoModelForCausalLM.from_pretrained(out / "student")
    base = transformers.AutoModelForCausalLM.from_pretrained(out / "base")
    assert set(weights(out / "student")) == set(weights(out / "base"))
    assert sum(w.numel() for w in model.parameters()) == summary["parameters"]
    assert model.config.num_hidden_layers == student.get("config", {}).get("num_hidden_layers", 2)
    given = weights(tiny_folder)["model.embed_tokens.weight"].bfloat16()
    same = torch.equal(base.get_input_embeddings().weight.bfloat16(), given)
    assert same == ("lora" in student)  # one begins from the model's weights, the other does not
    assert card(job)["limbeck"]["rows"]["train"] == len(RECORDS)


def test_lora_changes_the_linear_layers_and_nothing_else(tmp_path: Path, tiny_folder: Path) -> None:
    making = {"model": str(tiny_folder), "lora": {"targets": ["q_proj", "down_proj"]}}
    job = Job(tmp_path, tiny_folder, RECORDS, train=TRAIN | {"epochs": 3}, student=making)
    job.train()
    out = job.run.folder("train")
    before, after = weights(out / "base"), weights(out / "student")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    adapted = {name for name in before if "q_proj" in name or "down_proj" in name}
    assert changed == adapted


def test_the_seed_draws_a_student_from_scratch(tmp_path: Path, tiny_folder: Path) -> None:
    found = []
    for place, seed in enumerate((1, 1, 2)):
        (tmp_path / str(place)).mkdir()
        making = {"model": str(tiny_folder), "config": {}}
        job = Job(
            tmp_path / str(place), tiny_folder, RECORDS, train={"epochs": 1}, student=making,
            seed=seed,
        )  # fmt: skip
        job.train()
        found.append(weights(job.run.folder("train") / "base"))
    assert all(torch.equal(weight, found[1][name]) for name, weight in found[0].items())
    assert not all(torch.equal(weight, found[2][name]) for name, weight in found[0].items())


def test_a_config_that_makes_no_model_is_told_and_nothing_is_written(
    tmp_path: Path, tiny_folder: Path
) -> None:
    making = {"model": str(tiny_folder), "config": {"num_layer": 3}}
    job = Job(tmp_path, tiny_folder, RECORDS, student=making)
    with pytest.raises(ModelError, match=r"student\.config has a key 'num_layer'"):
        job.train()
    assert not (job.run.folder("train") / "base").exists()


def asked(folder: Path, teacher: Path, student: Path, **options: Any) -> Context:
    """RECORDS' questions asked of a teacher with its likeliest tokens, ready to train."""
    lines = "".join(json.dumps({"prompt": row.prompt}) + "\n" for row in RECORDS)
    (folder / "seeds.jsonl").write_text(lines, encoding="utf-8")
    job = {
        "name": "r",
        "seeds": "seeds.jsonl",
        "teacher": {"model": str(teacher), "dtype": "float32"},
        "generate": {"temperature": 0, "max_tokens": 40, "top_logprobs": 5},
        "format": {"valid": 1, "test": 1},
        "student": str(student),
        "train": TRAIN | {"objective": "topk_kl", "options": options},
    }
    recipe = Recipe.model_validate(job).resolved(folder)
    context = Context(RunDir(folder / "run", recipe), Quiet(), folder / "ledger.sqlite")
    do_stages(context, ("generate", "filter", "format"))
    return context


@pytest.mark.parametrize("kind", ["forward", "reverse", "jsd"])
def test_a_student_learns_its_teachers_likeliest_tokens(
    tmp_path: Path, tiny_folder: Path, schooled: Path, kind: str
) -> None:
    context = asked(tmp_path, schooled, tiny_folder, divergence=kind, alpha=0.1)
    rows = read_split(context.run.folder("format"), "train")
    assert len(rows) == len(RECORDS) - 2
    assert all(len(row.meta["logprobs"]["tokens"]) > 5 for row in rows)
    do_stages(context, ("train",))
    folder = context.run.folder("train")
    summary = read_json(folder / "summary.json")
    assert summary["soft_tokens"] * 40 == summary["loss_tokens"]  # epochs; the end token too
    assert summary["other_rows"] == 0
    points = curve(context)
    assert points[-1]["train_loss"] < points[0]["train_loss"] / 3
    assert "topk_kl" in card(context)["tags"]


def test_a_teacher_of_another_vocabulary_is_told_before_anything_is_trained(
    tmp_path: Path, schooled: Path
) -> None:
    from limbeck.hf import save

    other = make("llama")
    save(other.model, other.tokenizer, tmp_path / "llama")
    context = asked(tmp_path, schooled, tmp_path / "llama")
    with pytest.raises(UserError, match=r"vocabulary mismatch.*set train\.objective to sft"):
        do_stages(context, ("train",))
    assert not (context.run.folder("train") / "base").exists()
