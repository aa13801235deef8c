"""LoRA (Hu et al. 2021, arXiv:2106.09685): adapters in a model, and merged into its weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from limbeck.errors import MissingExtra, ModelError
from limbeck.recipe import Lora
from limbeck.registry import did_you_mean


def peft() -> Any:
    """The package. Raises MissingExtra."""
    try:
        import peft
    except ImportError as error:
        raise MissingExtra("LoRA (the package peft)", "train") from error
    return peft


def add_lora(model: Any, section: Lora, *, seed: int = 0) -> int:
    """Put adapters into the model, in place, with weights drawn by `seed`; returns how many weights
    there are to train. Nothing else is trained any more, and nothing is changed before the first
    step: B begins at zero.

    Raises MissingExtra without peft, ModelError for a target that the model has not, or that
    shares its weights with the embeddings.
    """
    made = peft()
    if section.targets != "auto":
        check_targets(model, section.targets)
    config = made.LoraConfig(
        r=section.rank,
        lora_alpha=section.alpha,
        lora_dropout=section.dropout,
        target_modules="all-linear" if section.targets == "auto" else list(section.targets),
        task_type="CAUSAL_LM",
        # GPT-2 keeps its matrices transposed
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),
    )
    where = next(model.parameters()).device
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        torch.manual_seed(seed)
        made.inject_adapter_in_model(config, model)
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


def merge_lora(model: Any) -> int:
    """Add the adapters to the weights, in place, and take them out; returns how many there were.
    Afterwards the model is as it would be without LoRA, and all of it can be trained."""
    adapters = {name: module for name, module in model.named_modules() if hasattr(module, "lora_A")}
    for name, module in adapters.items():
        module.merge()
        parent, _, own = name.rpartition(".")
        setattr(model.get_submodule(parent), own, module.get_base_layer())
    if adapters:
        model.requires_grad_(True)
        if hasattr(model, "peft_config"):
            del model.peft_config
    return len(adapters)


def check_targets(model: Any, targets: tuple[str, ...]) -> None:
    """Whether the model has these linear layers. Raises ModelError."""
    linear = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | Conv1D)
    }
    embeddings = model.get_input_embeddings().weight
    for target in targets:
        found = [
            module
            for name, module in linear.items()
            if name == target or name.endswith(f".{target}")
        ]
        if any(module.weight is embeddings for module in found):
            raise ModelError(
                f"student.lora.targets names {target!r}, which shares its weights with the "
                "embeddings: merging the adapter would change both; leave it out"
            )
        if not found:
            known = {name.rpartition(".")[2] for name in linear}
            raise ModelError(
                f"student.lora.targets names {target!r}, and the model has no such linear layer"
                f"{did_you_mean(target, known)}"
            )
