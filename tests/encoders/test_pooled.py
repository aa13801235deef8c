"""Mean pooling against one text at a time, cut off by hand; what cannot be an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from limbeck.encoders.pooled import Pooled, load_pooled, window
from limbeck.errors import ModelError
from limbeck.hf import Loaded, load_encoder, save
from limbeck.models import ModelName
from tests.encoders.bert import make_tokenizer, save_bert

TEXTS = ["The cat sat", "我喜欢猫 👍", "a", "the dog sat on the mat, doing good films", "", "é"]


def name(folder: Path) -> ModelName:
    return ModelName("path", str(folder))


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load_encoder(name(save_bert(tmp_path_factory.mktemp("bert") / "b")))


def one_by_one(loaded: Loaded, texts: Sequence[str], most: int) -> np.ndarray:
    """No padding, no batch: ids cut off by hand, the mean over all of them, in float64."""
    found = []
    for text in texts:
        ids = loaded.tokenizer(text)["input_ids"]
        ids = ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]
        with torch.no_grad():
            states = loaded.model(torch.tensor([ids])).last_hidden_state[0]
        found.append(states.double().numpy().mean(0))
    return np.array(found)


@pytest.mark.parametrize("budget", [1, 20, 10_000])
def test_a_text_has_the_vector_that_it_has_alone(bert: Loaded, budget: int) -> None:
    found = Pooled(bert, budget=budget).encode(TEXTS)
    assert found.dtype == np.float32
    assert found == pytest.approx(one_by_one(bert, TEXTS, 24), abs=1e-5)
    assert len({tuple(row) for row in found.round(3).tolist()}) == len(TEXTS)


def test_a_long_text_is_cut_off_at_the_window_or_sooner(bert: Loaded) -> None:
    long = "the cat sat on a mat " * 9
    pooled = Pooled(bert)
    assert pooled.max_length == window(bert) == 24
    assert pooled.encode([long]) == pytest.approx(one_by_one(bert, [long], 24), abs=1e-5)
    short = Pooled(bert, max_length=6)
    assert short.encode([long]) == pytest.approx(one_by_one(bert, [long], 6), abs=1e-5)
    assert short.encode([long]).tolist() == short.encode(["the cat sat on"]).tolist()
    assert Pooled(bert, max_length=999).max_length == 24


def test_nothing_at_all(bert: Loaded) -> None:
    assert Pooled(bert).encode([]).shape == (0, 16)


def test_a_causal_model_is_an_encoder_too(tiny_folder: Path) -> None:
    """Its tokenizer adds nothing, so that an empty text has no token, and a vector of zeros."""
    pooled = load_pooled(name(tiny_folder))
    found = pooled.encode(["The capital", "", "东京 👍"])
    assert found[[0, 2]] == pytest.approx(
        one_by_one(pooled.loaded, ["The capital", "东京 👍"], 256), abs=1e-5
    )
    assert not found[1].any()


def test_robertas_window_is_less_than_its_positions(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(window=10**9)
    config = transformers.RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=14,
        pad_token_id=1,
    )
    save(transformers.RobertaModel(config), tokenizer, tmp_path / "r")
    pooled = load_pooled(name(tmp_path / "r"))
    assert pooled.max_length == 12
    assert np.isfinite(pooled.encode(["the cat sat on a mat " * 4])).all()


def test_a_pooler_may_be_missing_and_nothing_else(tmp_path: Path) -> None:
    folder = save_bert(tmp_path / "b", pooler=False)
    assert load_pooled(name(folder)).encode(["a"]).shape == (1, 16)
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"not whole: 1 tensors are missing, the first is encoder"):
        load_pooled(name(folder))


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = save_bert(tmp_path / "b")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="pickled weights only"):
        load_pooled(name(folder))


def test_an_encoder_with_a_decoder_is_refused(tmp_path: Path) -> None:
    tokenizer = make_tokenizer()
    config = transformers.T5Config(
        vocab_size=len(tokenizer), d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2
    )
    save(transformers.T5Model(config), tokenizer, tmp_path / "t5")
    with pytest.raises(ModelError, match=r"an encoder with a decoder \(t5\)"):
        load_pooled(name(tmp_path / "t5"))
