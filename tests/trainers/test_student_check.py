"""What is wrong with a student is told from its configuration, before its weights are read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import transformers

from limbeck.errors import MissingExtra, ModelError
from limbeck.hf import load, save
from limbeck.models import ModelName
from limbeck.recipe import Student
from limbeck.trainers import student
from limbeck.trainers.student import build_student, check_student
from tests.tiny import make_model, make_tokenizer


@pytest.fixture
def tied(tmp_path: Path) -> Path:
    """A model of two layers whose head is its embeddings."""
    tokenizer = make_tokenizer()
    model = make_model(tokenizer)
    model.config.tie_word_embeddings = True
    model.lm_head.weight = model.model.embed_tokens.weight
    save(model, tokenizer, tmp_path / "tied")
    return tmp_path / "tied"


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"layers": 3}, r"student\.layers is 3, but the model has only 2 layers"),
        ({"config": {"hiden_size": 16}}, "did you mean 'hidden_size'"),
        ({"lora": {"targets": ["q_porj"]}}, "did you mean 'q_proj'"),
        ({"lora": {"targets": ["lm_head"]}}, "shares its weights with the embeddings"),
    ],
)
def test_wrong_keys_are_told_without_a_weight(
    tied: Path, section: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(student, "load", None)
    with pytest.raises(ModelError, match=words):
        check_student(Student.model_validate({"model": str(tied)} | section))


@pytest.mark.parametrize(
    "section",
    [{}, {"layers": 2}, {"config": {"hidden_size": 16}}, {"lora": {}},
     {"lora": {"targets": ["q_proj", "layers.0.mlp.up_proj"]}}],
)  # fmt: skip
def test_what_can_be_trained_passes(tied: Path, section: dict[str, Any]) -> None:
    check_student(Student.model_validate({"model": str(tied)} | section))


@pytest.mark.parametrize("model", ["fake:x", "openai:x"])
def test_a_student_without_weights_is_told(model: str) -> None:
    with pytest.raises(ModelError, match=f"{model} has no weights here"):
        check_student(Student(model=model))


def test_without_peft_lora_is_told_at_once(tied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtra, match="peft"):
        check_student(Student.model_validate({"model": str(tied), "lora": {}}))


def test_a_slow_tokenizer_is_told(tmp_path: Path) -> None:
    tokenizer = transformers.ByT5Tokenizer()
    save(make_model(tokenizer), tokenizer, tmp_path / "slow")
    assert not load(ModelName("path", str(tmp_path / "slow"))).tokenizer.is_fast
    section = Student(model=str(tmp_path / "slow"))
    for look in (build_student, check_student):
        with pytest.raises(ModelError, match=r"ByT5Tokenizer of .*slow does not say which charact"):
            look(section)


def test_a_tokenizer_without_an_end_is_told_by_both(tmp_path: Path) -> None:
    tokenizer = make_tokenizer()
    model = make_model(tokenizer)
    model.generation_config.eos_token_id = model.config.eos_token_id = None
    tokenizer.eos_token = None
    save(model, tokenizer, tmp_path / "endless")
    section = Student(model=str(tmp_path / "endless"))
    for look in (build_student, check_student):
        with pytest.raises(ModelError, match="has no end token"):
            look(section)
