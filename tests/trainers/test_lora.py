"""LoRA: adapters alone are trained, and neither adding nor merging them changes what is said."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from limbeck.errors import MissingExtra, ModelError
from limbeck.hf import Loaded, load, save
from limbeck.models import ModelName
from limbeck.recipe import Lora
from limbeck.trainers.lora import add_lora, merge_lora
from tests.trainers.families import FAMILIES, make

IDS = torch.tensor([[5, 6, 7, 8, 9, 10]])


@pytest.fixture(params=FAMILIES)
def loaded(request: pytest.FixtureRequest) -> Loaded:
    return make(request.param)


@torch.inference_mode()
def logits(model: Any) -> torch.Tensor:
    found: torch.Tensor = model.eval()(IDS, use_cache=False).logits
    return found


def trained(model: Any, steps: int = 3) -> None:
    """A few steps on whatever can be trained."""
    optimizer = torch.optim.SGD([w for w in model.parameters() if w.requires_grad], lr=1.0)
    for _ in range(steps):
        model.train()(IDS, labels=IDS).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def test_it_changes_nothing_before_the_first_step(loaded: Loaded) -> None:
    before = logits(loaded.model)
    count = add_lora(loaded.model, Lora(rank=4))
    assert torch.equal(logits(loaded.model), before)
    assert type(loaded.model).__name__.endswith(("ForCausalLM", "LMHeadModel"))
    adapters = {n: w for n, w in loaded.model.named_parameters() if w.requires_grad}
    assert count == sum(weight.numel() for weight in adapters.values()) < loaded.parameters // 2
    assert all("lora_" in name for name in adapters)
    assert not any("lm_head" in name or "embed" in name for name in adapters)


def test_only_adapters_are_trained_and_merging_them_keeps_what_was_learned(
    loaded: Loaded, tmp_path: Path
) -> None:
    names = set(loaded.model.state_dict())
    before = {name: w.clone() for name, w in loaded.model.state_dict().items()}
    plain = logits(loaded.model)
    add_lora(loaded.model, Lora(rank=4, alpha=8))
    trained(loaded.model)
    for name, weight in loaded.model.state_dict().items():
        if "lora_" not in name:
            assert torch.equal(weight, before[name.replace(".base_layer", "")]), name
    learned = logits(loaded.model)
    assert not torch.allclose(learned, plain, atol=1e-2)
    assert merge_lora(loaded.model) > 0
    assert set(loaded.model.state_dict()) == names
    assert torch.allclose(logits(loaded.model), learned, atol=1e-4)
    assert all(weight.requires_grad for weight in loaded.model.parameters())
    assert merge_lora(loaded.model) == 0
    save(loaded.model, loaded.tokenizer, tmp_path / "student")
    again = load(ModelName("path", str(tmp_path / "student")), dtype="float32").model
    assert torch.allclose(logits(again), learned, atol=1e-4)
    assert not [*(tmp_path / "student").glob("adapter*")]


def test_merged_weights_are_the_equation() -> None:
    model = make("llama").model
    layer = "model.layers.0.self_attn.q_proj"
    before = model.get_submodule(layer).weight.detach().clone()
    add_lora(model, Lora(rank=4, alpha=12, targets=("q_proj",)))
    trained(model)
    state = model.state_dict()
    a, b = (state[f"{layer}.lora_{x}.default.weight"] for x in "AB")
    assert a.shape[0] == b.shape[1] == 4
    merge_lora(model)
    assert torch.allclose(model.get_submodule(layer).weight, before + 12 / 4 * b @ a, atol=1e-6)
    assert not torch.equal(model.get_submodule(layer).weight, before)


def test_the_seed_draws_the_adapters_and_leaves_torchs_own_generator(loaded: Loaded) -> None:
    before = torch.random.get_rng_state()
    found = []
    for seed in (1, 1, 2):
        model = make(str(loaded.name)).model
        state = torch.random.get_rng_state()
        add_lora(model, Lora(), seed=seed)
        assert torch.equal(torch.random.get_rng_state(), state)
        found.append({n: w for n, w in model.state_dict().items() if "lora_A" in n})
    assert all(torch.equal(weight, found[1][name]) for name, weight in found[0].items())
    assert not any(torch.equal(weight, found[2][name]) for name, weight in found[0].items())
    torch.random.set_rng_state(before)


def test_named_targets_are_adapted_and_no_others() -> None:
    model = make("llama").model
    add_lora(model, Lora(targets=("q_proj", "v_proj")))
    adapted = {n.split(".")[-4] for n, w in model.named_parameters() if w.requires_grad}
    assert adapted == {"q_proj", "v_proj"}


def test_a_target_that_the_model_has_not_is_refused() -> None:
    with pytest.raises(ModelError, match=r"'q_porj'.*did you mean 'q_proj'"):
        add_lora(make("llama").model, Lora(targets=("v_proj", "q_porj")))


@pytest.mark.parametrize("targets", [("lm_head",), ("q_proj", "lm_head")])
def test_an_output_head_that_is_the_embeddings_too_is_refused(targets: tuple[str, ...]) -> None:
    """Merging would change the embeddings with it, and export another model than was trained."""
    model = make("llama").model
    add_lora(model, Lora(targets=targets))  # it has a head of its own
    tied = make("llama").model
    tied.lm_head.weight = tied.model.embed_tokens.weight
    before = set(tied.state_dict())
    with pytest.raises(ModelError, match=r"'lm_head', which shares its weights with the embedd"):
        add_lora(tied, Lora(targets=targets))
    assert set(tied.state_dict()) == before


def test_without_peft_the_line_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtra, match=r"peft.*pip install .*\[train\]\""):
        add_lora(make("llama").model, Lora())
