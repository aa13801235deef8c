"""Weights to start from: they must be of the student's own shape and vocabulary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from limbeck.errors import ModelError
from limbeck.hf import save
from limbeck.recipe import Student
from limbeck.trainers import start
from limbeck.trainers.start import start_from
from limbeck.trainers.student import build_student, check_student
from tests.tiny import make_model, make_tokenizer, save_tiny

BASE = 1  # the seed of `tiny_folder`'s weights is another one


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("base") / "base", layers=3, seed=BASE)


def section(base: Path, folder: Path, **more: Any) -> Student:
    return Student.model_validate({"model": str(base), "start": folder, **more})


def edited(folder: Path, **changes: Any) -> Path:
    """A model whose configuration says something else."""
    path = folder / "config.json"
    data = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(data), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("making", "layers"),
    [({}, 3), ({"layers": 2}, 2), ({"config": {"num_hidden_layers": 1}}, 1), ({"lora": {}}, 3)],
)
def test_the_models_weights_become_those_of_the_folder(
    tmp_path: Path, base: Path, making: dict[str, Any], layers: int
) -> None:
    folder = save_tiny(tmp_path / "été 开始", layers=layers, seed=5)
    given = section(base, folder, **making)
    check_student(given)
    loaded = build_student(given)
    before = {name: weight.clone() for name, weight in loaded.model.state_dict().items()}
    start_from(loaded, folder)
    expected = load_file(folder / "model.safetensors")
    found = loaded.model.state_dict()
    assert all(torch.equal(found[name], weight) for name, weight in expected.items())
    assert not any(torch.equal(before[name], expected[name]) for name in expected if "proj" in name)
    assert str(loaded.name) == str(base)
    words = loaded.model(input_ids=torch.tensor([[5, 6]])).logits
    plain = transformers.AutoModelForCausalLM.from_pretrained(folder)
    assert torch.allclose(words, plain(input_ids=torch.tensor([[5, 6]])).logits)


def test_weights_in_bfloat16_are_trained_in_float32(tmp_path: Path, base: Path) -> None:
    tokenizer = make_tokenizer()
    save(make_model(tokenizer, layers=3, seed=4).bfloat16(), tokenizer, tmp_path / "half")
    loaded = build_student(section(base, tmp_path / "half"))
    start_from(loaded, tmp_path / "half")
    assert {weight.dtype for weight in loaded.model.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"num_attention_heads": 2}, "its num_attention_heads is 2, and the student's 4"),
        ({"rms_norm_eps": 1e-5}, "its rms_norm_eps is 1e-05, and the student's 1e-06"),
        ({"tie_word_embeddings": True}, "its tie_word_embeddings is True"),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": 77.0}}, "its rope_parameters"),
        ({"model_type": "mistral"}, "its model_type is 'mistral', and the student's 'llama'"),
    ],
)
def test_what_computes_something_else_is_refused_before_a_weight_is_read(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch, changes: Any, words: str
) -> None:
    folder = edited(save_tiny(tmp_path / "other", layers=3), **changes)
    monkeypatch.setattr(start, "load", None)
    with pytest.raises(ModelError, match=f"student.start .*other has another shape .*{words}"):
        check_student(section(base, folder))
    with pytest.raises(ModelError, match=words):
        build_student(section(base, folder))


@pytest.mark.parametrize(
    "changes",
    [
        {"use_cache": False, "dtype": "bfloat16", "eos_token_id": 7, "attention_dropout": 0.1},
        {"rms_norm_eps": 1.0000001e-06, "is_written_by": "another tool"},
    ],
)
def test_what_changes_nothing_passes(tmp_path: Path, base: Path, changes: Any) -> None:
    folder = edited(save_tiny(tmp_path / "other", layers=3), **changes)
    check_student(section(base, folder))


@pytest.mark.parametrize("making", [{"layers": 2}, {"config": {"hidden_size": 16}}])
def test_the_shape_is_that_of_the_student_and_not_of_its_model(
    base: Path, making: dict[str, Any]
) -> None:
    with pytest.raises(ModelError, match="has another shape than the student"):
        check_student(section(base, base, **making))


def test_another_vocabulary_is_refused(tmp_path: Path, base: Path) -> None:
    folder = save_tiny(tmp_path / "other", layers=3)
    path = folder / "tokenizer.json"
    text = path.read_text(encoding="utf-8")
    tokenizer = json.loads(text)
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["A"], vocabulary["B"] = vocabulary["B"], vocabulary["A"]
    path.write_text(json.dumps(tokenizer), encoding="utf-8")
    with pytest.raises(ModelError, match=r"has another vocabulary than the student .*: 2 tokens"):
        check_student(section(base, folder))
    more = transformers.AutoTokenizer.from_pretrained(base)
    more.add_tokens(["<新>"])
    more.save_pretrained(folder)
    with pytest.raises(ModelError, match=r"has another vocabulary than the student .*: 1 tokens"):
        check_student(section(base, folder))


def test_weights_that_are_not_whole_are_refused(tmp_path: Path, base: Path) -> None:
    folder = save_tiny(tmp_path / "part", layers=3)
    weights = load_file(folder / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    loaded = build_student(section(base, folder))
    with pytest.raises(ModelError, match=r"not whole: 1 tensors are missing.*model\.norm"):
        start_from(loaded, folder)


def test_tensors_of_another_model_are_refused(tmp_path: Path, base: Path) -> None:
    """Without `build_student`'s look at the configuration, the tensors are still compared."""
    folder = save_tiny(tmp_path / "deep", layers=4)
    loaded = build_student(Student(model=str(base)))
    before = loaded.model.lm_head.weight.clone()
    with pytest.raises(ModelError, match=r"9 tensors .* the first is model\.layers\.3\.input"):
        start_from(loaded, folder)
    assert torch.equal(loaded.model.lm_head.weight, before)
