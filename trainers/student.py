"""The student before training: a model as it is, with fewer layers, or of the same shape or another
with fresh weights."""

from __future__ import annotations

from typing import Any

from torch import nn

from limbeck.errors import ModelError
from limbeck.hf import Loaded, load
from limbeck.models import parse_model
from limbeck.recipe import Student
from limbeck.trainers.example import ensure_template


def build_student(section: Student, *, seed: int = 0) -> Loaded:
    """The base that training starts from, in float32: masters stay exact, autocast does the rest.
    LoRA's adapters are not in it yet, see `lora.add_lora`; `seed` draws the weights of `config`.

    Raises ModelError or MissingExtra.
    """
    name = parse_model(section.model)
    if section.config is None:
        loaded = load(name, dtype="float32")
    else:
        from limbeck.trainers.scratch import from_scratch

        loaded = from_scratch(name, section.config, seed=seed)
    if not loaded.eos_ids:
        raise ModelError(
            f"the tokenizer of the student {name} has no end token, so it could never learn to "
            "stop; set eos_token in its tokenizer_config.json"
        )
    ensure_template(loaded.tokenizer)
    if section.layers is not None:
        keep_layers(loaded.model, section.layers)
    return loaded


def keep_layers(model: Any, count: int) -> list[int]:
    """Keep `count` of the model's layers, evenly spaced from the first; returns which ones.

    10 of 30 are the layers 0, 3, ... 27. Raises ModelError when there are not so many, or where
    the layers cannot be found.
    """
    stack = getattr(model.base_model, "layers", None)
    if not isinstance(stack, nn.ModuleList):
        stack = getattr(model.base_model, "h", None)  # GPT-2 and its kin
    if not isinstance(stack, nn.ModuleList):
        raise ModelError(f"cannot find the layers of a {type(model).__name__}; leave out layers")
    total = len(stack)
    if count > total:
        raise ModelError(f"student.layers is {count}, but the model has only {total} layers")
    kept = [place * total // count for place in range(count)]
    layers = nn.ModuleList(stack[index] for index in kept)
    for place, layer in enumerate(layers):
        for module in layer.modules():  # the place in the key-value cache
            if hasattr(module, "layer_idx"):
                module.layer_idx = place  # type: ignore[assignment]  # torch means a Module
    name = "layers" if getattr(model.base_model, "layers", None) is stack else "h"
    setattr(model.base_model, name, layers)
    config = model.config
    config.num_hidden_layers = count
    if getattr(config, "layer_types", None):
        config.layer_types = [config.layer_types[index] for index in kept]
    return kept
