"""Students from scratch: a model's tokenizer and shape, and not one of its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from limbeck.errors import ModelError
from limbeck.hf import Loaded, load, save
from limbeck.models import ModelName
from limbeck.recipe import Recipe, Student
from limbeck.trainers.scratch import changed
from limbeck.trainers.student import build_student
from tests.tiny import END, PAD, make_model, make_tokenizer, save_tiny
from tests.trainers.families import FAMILIES, make


@pytest.fixture(params=FAMILIES)
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of a model of a family."""
    loaded = make(request.param)
    save(loaded.model, loaded.tokenizer, tmp_path / "base")
    return tmp_path / "base"


def scratch(folder: Path, seed: int = 0, **config: Any) -> Loaded:
    return build_student(Student(model=str(folder), config=config), seed=seed)


def weights(loaded: Loaded) -> dict[str, torch.Tensor]:
    return dict(loaded.model.state_dict())


def test_its_shape_is_as_asked_and_it_trains(base: Path) -> None:
    loaded = scratch(base, num_hidden_layers=3, hidden_size=16, num_attention_heads=2)
    config = loaded.model.config
    assert (config.num_hidden_layers, config.hidden_size, config.num_attention_heads) == (3, 16, 2)
    assert config.vocab_size == len(loaded.tokenizer)
    assert loaded.model.get_input_embeddings().weight.shape == (len(loaded.tokenizer), 16)
    assert {weight.dtype for weight in loaded.model.parameters()} == {torch.float32}
    ids = torch.tensor([[5, 6, 7]])
    loaded.model(input_ids=ids, labels=ids).loss.backward()
    assert all(weight.grad is not None for weight in loaded.model.parameters())


def test_tokenizer_and_end_tokens_are_the_bases(base: Path) -> None:
    own = load(ModelName("path", str(base)), dtype="float32")
    loaded = scratch(base, num_hidden_layers=1)
    assert loaded.eos_ids == own.eos_ids
    assert loaded.tokenizer.get_vocab() == own.tokenizer.get_vocab()
    assert loaded.tokenizer.chat_template == own.tokenizer.chat_template


def test_no_weight_is_the_bases_and_the_seed_draws_them_all(base: Path) -> None:
    before = torch.random.get_rng_state()
    one, again, other = scratch(base, 3), scratch(base, 3), scratch(base, 4)
    assert torch.equal(torch.random.get_rng_state(), before)
    trained = load(ModelName("path", str(base)), dtype="float32").model.state_dict()
    matrices = [name for name, weight in weights(one).items() if weight.std() > 0]
    assert len(matrices) > 5
    for name, weight in weights(one).items():
        assert torch.equal(weight, weights(again)[name]), name
        if name in matrices:
            assert not torch.equal(weight, weights(other)[name]), name
            assert not torch.equal(weight, trained[name]), name


def test_it_is_saved_and_loads_again(base: Path, tmp_path: Path) -> None:
    loaded = scratch(base, num_hidden_layers=3)
    save(loaded.model, loaded.tokenizer, tmp_path / "student")
    again = load(ModelName("path", str(tmp_path / "student")), dtype="float32").model
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.inference_mode():
        assert torch.equal(again(ids).logits, loaded.model(ids).logits)


def test_an_empty_config_is_the_bases_shape_with_fresh_weights(tiny_folder: Path) -> None:
    loaded = scratch(tiny_folder)
    assert loaded.model.config.num_hidden_layers == 2
    assert loaded.parameters == build_student(Student(model=str(tiny_folder))).parameters


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"num_hiden_layers": 2}, r"'num_hiden_layers'.*llama.*did you mean 'num_hidden_layers'"),
        ({"model_type": "gpt2"}, "'model_type'"),
        ({"hidden_size": "128"}, r"config\.hidden_size must be a whole number, got '128'"),
        ({"hidden_size": True}, "whole number"),
        ({"num_hidden_layers": -1}, "whole number"),
        ({"hidden_size": 30}, "makes no"),
        ({"num_attention_heads": 3, "hidden_size": 36}, "num_key_value_heads"),
        ({"vocab_size": 10}, r"vocab_size is 10, and the tokenizer of .* has \d+ tokens"),
        ({"hidden_act": "abacus"}, "abacus"),
    ],
)
def test_what_makes_no_model_is_refused(
    tiny_folder: Path, config: dict[str, Any], said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        scratch(tiny_folder, **config)


def test_a_head_keeps_its_share_of_the_width_and_one_that_is_given_its_size() -> None:
    config = transformers.Qwen3Config(hidden_size=64, num_attention_heads=4, head_dim=16)
    assert changed(config, {"hidden_size": 32}).head_dim == 8
    assert changed(config, {"hidden_size": 32, "head_dim": 24}).head_dim == 24
    own = transformers.Qwen3Config(hidden_size=64, num_attention_heads=4, head_dim=24)
    assert changed(own, {"hidden_size": 32}).head_dim == 24  # it was no share of it before


def test_the_kinds_of_the_layers_follow_their_number() -> None:
    config = transformers.Gemma2Config(num_hidden_layers=6)
    assert changed(config, {"num_hidden_layers": 3}).layer_types == config.layer_types[:3]
    longer = changed(config, {"num_hidden_layers": 8}).layer_types
    assert len(longer) == 8
    assert longer[:6] == config.layer_types


def test_a_student_of_one_place_has_its_weights_from_there() -> None:
    start = {"name": "r", "seeds": "s.jsonl", "teacher": "fake:x"}
    more: dict[str, Any]
    for more in ({"layers": 2}, {"lora": {}}):
        student = {"model": "bundled", "config": {"hidden_size": 64}, **more}
        with pytest.raises(ValueError, match="config"):
            Recipe.model_validate({**start, "student": student})


def test_a_tokenizer_without_end_token_is_refused_before_anything_is_trained(
    tmp_path: Path,
) -> None:
    tokenizer = make_tokenizer()
    model = make_model(tokenizer)
    tokenizer.eos_token = None
    model.config.eos_token_id = model.generation_config.eos_token_id = None
    save(model, tokenizer, tmp_path / "model")
    for section in (
        Student(model=str(tmp_path / "model")),
        Student(model=str(tmp_path / "model"), config={}),
    ):
        with pytest.raises(ModelError, match=r"no end token.*eos_token"):
            build_student(section)


def test_a_tokenizer_with_neither_pad_nor_end_nor_unknown_token_is_refused(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    tokenizer = make_tokenizer()
    tokenizer.pad_token = tokenizer.eos_token = None
    tokenizer.save_pretrained(folder)
    for section in (Student(model=str(folder)), Student(model=str(folder), config={})):
        with pytest.raises(ModelError, match="no pad, end or unknown token"):
            build_student(section)


def test_a_tokenizer_without_pad_token_pads_with_its_end(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    tokenizer = make_tokenizer()
    assert tokenizer.pad_token == PAD
    tokenizer.pad_token = None
    tokenizer.save_pretrained(folder)
    assert scratch(folder).tokenizer.pad_token == END
