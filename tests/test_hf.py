"""Loading and saving models: what is refused, and with which words."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from limbeck.errors import ModelError, UserError
from limbeck.hf import Loaded, cache_folder, chat_prompt, load, save, user_prompt
from limbeck.models import ModelName
from tests.tiny import END, load_tiny, make_model, make_tokenizer


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may spoil."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


def named(folder: Path) -> ModelName:
    return ModelName("path", str(folder))


def refused(folder: Path) -> str:
    """The one sentence that a folder is refused with."""
    with pytest.raises(ModelError) as caught:
        load(named(folder))
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_saved_model_loads_with_the_same_weights(tmp_path: Path) -> None:
    tokenizer = make_tokenizer()
    model = make_model(tokenizer, seed=3)
    save(model, tokenizer, tmp_path / "model")
    loaded = load_tiny(tmp_path / "model")
    expected = model.state_dict()
    assert set(loaded.model.state_dict()) == set(expected)
    for name, weight in loaded.model.state_dict().items():
        assert torch.equal(weight, expected[name]), name
    text = "Ünïcode 東京 🦊"
    assert loaded.tokenizer(text)["input_ids"] == tokenizer(text)["input_ids"]
    assert loaded.tokenizer.chat_template == tokenizer.chat_template


def test_weights_are_written_as_safetensors_only(tiny_folder: Path) -> None:
    assert list(tiny_folder.glob("*.safetensors"))
    assert not [*tiny_folder.glob("*.bin"), *tiny_folder.glob("*.pt")]


def test_a_loaded_model_is_in_eval_mode_and_in_the_type_asked_for(tiny_folder: Path) -> None:
    for dtype in ("bfloat16", "float32"):
        model = load(named(tiny_folder), dtype=dtype).model
        assert not model.training
        assert {weight.dtype for weight in model.parameters()} == {getattr(torch, dtype)}


def test_parameters_count_every_weight_once(tiny: Loaded) -> None:
    vocabulary, hidden, inner = len(tiny.tokenizer), 32, 64
    attention = 2 * hidden * hidden + 2 * hidden * (hidden // 2)
    layer = attention + 3 * hidden * inner + 2 * hidden
    assert tiny.parameters == 2 * vocabulary * hidden + 2 * layer + hidden


def test_end_tokens_are_the_tokenizers_and_the_generation_configs(folder: Path) -> None:
    loaded = load_tiny(folder)
    end = loaded.tokenizer.eos_token_id
    assert loaded.eos_ids == [end]
    loaded.model.generation_config.eos_token_id = [7, end]
    assert loaded.eos_ids == [end, 7]


def test_the_fingerprint_changes_with_the_weights(folder: Path) -> None:
    before = load_tiny(folder).fingerprint
    assert load_tiny(folder).fingerprint == before
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"][0] += 1
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert load_tiny(folder).fingerprint != before


def test_pickled_weights_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert "pickled" in refused(folder)


def test_pickled_weights_beside_safetensors_are_never_opened(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"not even a pickle")
    load(named(folder))


def test_a_folder_without_config_is_refused(folder: Path) -> None:
    (folder / "config.json").unlink()
    assert "config.json" in refused(folder)


def test_a_config_that_is_no_json_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text("{oops")
    assert "cannot load the model" in refused(folder)


def test_an_unknown_architecture_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "abacus"}')
    assert "abacus" in refused(folder)


def test_a_folder_without_weights_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert "safetensors" in refused(folder)


@pytest.mark.parametrize("keep", [0, 5, 100, 5000])
def test_a_broken_safetensors_file_is_refused(folder: Path, keep: int) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    assert "cannot load the model" in refused(folder)


def test_weights_that_lack_a_tensor_are_refused_not_filled_with_random_numbers(
    folder: Path,
) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert "model.layers.1.mlp.up_proj.weight" in refused(folder)


def test_a_folder_without_tokenizer_is_refused(folder: Path) -> None:
    for path in folder.glob("*token*"):
        path.unlink()
    refused(folder)


def test_a_model_that_runs_elsewhere_has_no_weights_here() -> None:
    with pytest.raises(ModelError, match="local model"):
        load(ModelName("openai", "some-model"))


def test_a_tokenizer_without_pad_token_pads_with_its_end_token(tmp_path: Path) -> None:
    tokenizer = make_tokenizer()
    tokenizer.pad_token = None
    save(make_model(make_tokenizer()), tokenizer, tmp_path / "model")
    assert load_tiny(tmp_path / "model").tokenizer.pad_token == END


def test_a_save_that_fails_leaves_the_old_folder_as_it_was(folder: Path) -> None:
    class Broken:
        def save_pretrained(self, draft: Path) -> None:
            raise OSError("the disk is full")

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UserError, match="cannot write"):
        save(make_model(make_tokenizer(), seed=9), Broken(), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(folder.parent.iterdir()) == [folder]


def test_a_save_that_fails_leaves_no_folder_where_none_was(tmp_path: Path) -> None:
    class Broken:
        def save_pretrained(self, draft: Path) -> None:
            raise RuntimeError("anything at all")

    with pytest.raises(RuntimeError):
        save(make_model(make_tokenizer()), Broken(), tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_save_over_an_old_folder_leaves_nothing_of_it(folder: Path) -> None:
    (folder / "stale.txt").write_text("old")
    tokenizer = make_tokenizer()
    save(make_model(tokenizer, layers=3), tokenizer, folder)
    assert not (folder / "stale.txt").exists()
    assert load_tiny(folder).model.config.num_hidden_layers == 3


def test_the_cache_folder_can_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIMBECK_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("LIMBECK_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "limbeck"


def test_a_chat_prompt_ends_where_the_answer_begins(tiny: Loaded) -> None:
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert chat_prompt(tiny.tokenizer, turns) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_a_user_prompt_ends_where_the_users_words_begin(tiny: Loaded) -> None:
    turns = [{"role": "system", "content": "Sois bref. 🙂"}]
    assert user_prompt(tiny.tokenizer, turns) == (
        "<|im_start|>system\nSois bref. 🙂<|im_end|>\n<|im_start|>user\n"
    )
    assert user_prompt(tiny.tokenizer, []).endswith("<|im_start|>user\n")


def test_a_template_that_hides_the_users_words_has_no_user_prompt() -> None:
    tokenizer: Any = make_tokenizer("{{ raise_exception('no user turn') }}")
    with pytest.raises(UserError, match="no user turn"):
        user_prompt(tokenizer, [])
    with pytest.raises(UserError, match="does not show where"):
        user_prompt(make_tokenizer("Hello."), [])


def test_a_template_that_refuses_a_conversation_is_told_to_the_user() -> None:
    tokenizer: Any = make_tokenizer("{{ raise_exception('no system turn') }}")
    with pytest.raises(UserError, match="no system turn"):
        chat_prompt(tokenizer, [{"role": "user", "content": "Hi"}])
