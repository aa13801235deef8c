"""The student before training: a model as it is, with fewer layers, or of the same shape or another
with fresh weights."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from torch import nn

from limbeck.errors import ModelError
from limbeck.hf import Loaded, load, load_shape, quiet
from limbeck.models import ModelName, parse_model
from limbeck.recipe import Student
from limbeck.trainers.example import ensure_template
from limbeck.trainers.start import check_start


def build_student(section: Student, *, seed: int = 0) -> Loaded:
    """The base that training starts from, in float32: masters stay exact, autocast does the rest.
    LoRA's adapters are not in it yet, see `lora.add_lora`, nor are the weights of `start`, see
    `start.start_from`; `seed` draws the weights of `config`.

    Raises ModelError or MissingExtra.
    """
    name = parse_model(section.model)
    if section.config is None:
        loaded = load(name, dtype="float32")
    else:
        from limbeck.trainers.scratch import from_scratch

        loaded = from_scratch(name, section.config, seed=seed)
    _check_tokenizer(name, loaded.tokenizer, has_end=bool(loaded.eos_ids))
    ensure_template(loaded.tokenizer)
    if section.layers is not None:
        keep_layers(loaded.model, section.layers)
    if section.start is not None:
        check_start(section.start, name, loaded.model.config, loaded.tokenizer)
    return loaded


def check_student(section: Student) -> None:
    """What `build_student` and `lora.add_lora` would refuse, as far as configuration and tokenizer
    tell: no weight is read, of `start` neither. Raises ModelError or MissingExtra."""
    name = parse_model(section.model)
    if not name.is_local:
        raise ModelError(f"the student {name} has no weights here, and cannot be trained")
    config, generation, tokenizer = load_shape(name)
    ends = (tokenizer.eos_token_id, generation.eos_token_id)
    _check_tokenizer(name, tokenizer, has_end=any(end is not None for end in ends))
    if section.config is not None:
        from limbeck.trainers.scratch import shape_of

        config = shape_of(name, config, tokenizer, section.config)
    if section.layers is not None:
        _check_layers(section.layers, config.get_text_config().num_hidden_layers)
    if section.lora is not None:
        from limbeck.trainers.lora import check_targets, peft

        peft()
        if section.lora.targets != "auto":
            with quiet(), torch.device("meta"):  # all of its layers, and no weight
                model = transformers.AutoModelForCausalLM.from_config(config)
            model.tie_weights()
            check_targets(model, section.lora.targets)
    if section.start is not None:
        if section.layers is not None:
            total = config.get_text_config().num_hidden_layers
            _keep_in_config(config, _kept(section.layers, total))
        check_start(section.start, name, config, tokenizer)


def _check_tokenizer(name: ModelName, tokenizer: Any, *, has_end: bool) -> None:
    if not has_end:
        raise ModelError(
            f"the tokenizer of the student {name} has no end token, so it could never learn to "
            "stop; set eos_token in its tokenizer_config.json"
        )
    if not tokenizer.is_fast:
        raise ModelError(
            f"the {type(tokenizer).__name__} of {name} does not say which characters a token "
            "stands for, and without that no mask can be drawn; take a student with a fast "
            "tokenizer (a tokenizer.json)"
        )


def _check_layers(count: int, total: int) -> None:
    if count > total:
        raise ModelError(f"student.layers is {count}, but the model has only {total} layers")


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
    _check_layers(count, total)
    kept = _kept(count, total)
    layers = nn.ModuleList(stack[index] for index in kept)
    for place, layer in enumerate(layers):
        for module in layer.modules():  # the place in the key-value cache
            if hasattr(module, "layer_idx"):
                module.layer_idx = place  # type: ignore[assignment]  # torch means a Module
    name = "layers" if getattr(model.base_model, "layers", None) is stack else "h"
    setattr(model.base_model, name, layers)
    _keep_in_config(model.config, kept)
    return kept


def _kept(count: int, total: int) -> list[int]:
    return [place * total // count for place in range(count)]


def _keep_in_config(config: Any, kept: list[int]) -> None:
    config.num_hidden_layers = len(kept)
    if getattr(config, "layer_types", None):
        config.layer_types = [config.layer_types[index] for index in kept]
