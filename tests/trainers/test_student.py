"""The student before training: which layers are kept, and that it still generates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from limbeck.errors import ModelError
from limbeck.hf import load, save
from limbeck.models import ModelName
from limbeck.recipe import Student
from limbeck.teachers.decode import Decoder, Row
from limbeck.trainers.example import PLAIN_TEMPLATE
from limbeck.trainers.student import build_student, keep_layers
from tests.tiny import make_model, make_tokenizer, save_tiny


def tiny_llama(layers: int) -> Any:
    return make_model(make_tokenizer(), layers=layers)


def tiny_gpt2(layers: int) -> Any:
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=400, n_embd=32, n_layer=layers, n_head=4, n_positions=128, initializer_range=0.3
    )
    return transformers.GPT2LMHeadModel(config).eval()


@pytest.mark.parametrize(
    ("total", "count", "expected"),
    [
        (30, 10, [0, 3, 6, 9, 12, 15, 18, 21, 24, 27]),
        (6, 3, [0, 2, 4]),
        (6, 4, [0, 1, 3, 4]),
        (5, 5, [0, 1, 2, 3, 4]),
        (6, 1, [0]),
    ],
)
def test_layers_are_kept_evenly_from_the_first(total: int, count: int, expected: list[int]) -> None:
    model = tiny_llama(total)
    before = list(model.model.layers)
    assert keep_layers(model, count) == expected
    assert all(
        kept is before[place] for kept, place in zip(model.model.layers, expected, strict=True)
    )
    assert model.config.num_hidden_layers == count


@torch.inference_mode()
def assert_cache_agrees(model: Any) -> None:
    """Decoding with the key-value cache gives what the plain forward pass gives."""
    row = Row([5, 6, 7], max_tokens=10)
    done: list[Row] = []
    waiting = [row]
    Decoder(model, eos_ids=[], pad_id=0, size=1).run(
        lambda room: [waiting.pop()] if waiting else [], done.append
    )
    ids = list(row.prompt)
    for token in row.tokens:
        assert token == int(model(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax())
        ids.append(token)
    assert len(ids) == 13


def test_a_shortened_llama_generates_with_its_cache() -> None:
    model = tiny_llama(6)
    keep_layers(model, 4)
    assert [layer.self_attn.layer_idx for layer in model.model.layers] == [0, 1, 2, 3]
    assert_cache_agrees(model)


def test_a_shortened_gpt2_generates_with_its_cache() -> None:
    model = tiny_gpt2(6)
    assert keep_layers(model, 3) == [0, 2, 4]
    assert len(model.transformer.h) == 3
    assert_cache_agrees(model)


def test_a_shortened_model_of_mixed_layers_keeps_each_ones_kind() -> None:
    torch.manual_seed(0)
    config = transformers.Gemma2Config(
        vocab_size=400,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        initializer_range=0.3,
    )
    model = transformers.Gemma2ForCausalLM(config).eval()
    kinds = list(config.layer_types)
    kept = keep_layers(model, 4)
    assert model.config.layer_types == [kinds[place] for place in kept]
    assert_cache_agrees(model)


def test_more_layers_than_there_are_is_refused() -> None:
    with pytest.raises(ModelError, match=r"student\.layers is 7.*only 6"):
        keep_layers(tiny_llama(6), 7)


def test_a_model_whose_layers_cannot_be_found_is_refused() -> None:
    class Odd:
        base_model = torch.nn.Linear(1, 1)

    with pytest.raises(ModelError, match="Odd"):
        keep_layers(Odd(), 1)


def test_a_student_is_float32_and_shortened(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model", layers=6)
    loaded = build_student(Student(model=str(folder), layers=3))
    assert {weight.dtype for weight in loaded.model.parameters()} == {torch.float32}
    assert len(loaded.model.model.layers) == 3


def test_a_student_without_layers_is_the_model_as_it_is(tiny_folder: Path) -> None:
    assert len(build_student(Student(model=str(tiny_folder))).model.model.layers) == 2


def test_a_student_without_chat_template_gets_the_plain_one(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(None)
    save(make_model(tokenizer), tokenizer, tmp_path / "model")
    loaded = build_student(Student(model=str(tmp_path / "model")))
    assert loaded.tokenizer.chat_template == PLAIN_TEMPLATE


def test_a_shortened_student_is_saved_and_loads_again(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model", layers=6)
    loaded = build_student(Student(model=str(folder), layers=3))
    save(loaded.model, loaded.tokenizer, tmp_path / "student")
    again = load(ModelName("path", str(tmp_path / "student")), dtype="float32").model
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.inference_mode():
        assert torch.equal(again(ids).logits, loaded.model(ids).logits)
