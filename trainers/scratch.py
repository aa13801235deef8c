"""A student from scratch: a model's tokenizer and shape, changed by keys, with fresh weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import transformers

from limbeck.errors import ModelError
from limbeck.hf import Loaded, device, load_shape, quiet
from limbeck.models import ModelName, fingerprint
from limbeck.registry import did_you_mean

# What a configuration holds that is no shape, and what would make it another model.
FIXED = {
    "architectures", "auto_map", "dtype", "torch_dtype", "model_type", "quantization_config",
    "transformers_version", "is_encoder_decoder", "id2label", "label2id", "return_dict",
    "output_attentions", "output_hidden_states", "problem_type", "chunk_size_feed_forward",
}  # fmt: skip


def from_scratch(name: ModelName, changes: Mapping[str, Any], *, seed: int) -> Loaded:
    """A model in float32 and eval mode, with weights drawn by `seed`: the same on every machine
    with the same torch. Torch's own generator is left as it was.

    Raises ModelError for a key that the configuration has not, for values that make no model, and
    for a vocabulary smaller than the tokenizer's.
    """
    shape, generation, tokenizer = load_shape(name)
    config = shape_of(name, shape, tokenizer, changes)
    try:
        with quiet(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        with torch.inference_mode():  # what does not fit together shows here, not after the data
            model.eval()(input_ids=torch.tensor([[0, 0]]), use_cache=False)
    except MemoryError:
        raise
    except Exception as error:  # every architecture has its own words for it
        raise ModelError(
            f"student.config makes no model of {name}: {type(error).__name__}: {error}. Its keys "
            "must fit together: hidden_size is a multiple of num_attention_heads, and that one of "
            "num_key_value_heads"
        ) from error
    model.generation_config = generation
    return Loaded(name, model.to(device()), tokenizer, fingerprint(name))


def shape_of(name: ModelName, shape: Any, tokenizer: Any, changes: Mapping[str, Any]) -> Any:
    """The configuration of a student from scratch, with a place for every token. Raises ModelError
    for a key that there is not, and for a vocabulary smaller than the tokenizer's."""
    config = changed(shape, changes)
    if "vocab_size" not in changes:
        config.vocab_size = max(config.vocab_size, len(tokenizer))
    elif config.vocab_size < len(tokenizer):
        raise ModelError(
            f"student.config.vocab_size is {config.vocab_size}, and the tokenizer of {name} has "
            f"{len(tokenizer)} tokens; leave it out"
        )
    return config


def changed(config: Any, changes: Mapping[str, Any]) -> Any:
    """The configuration with these keys changed, and what follows from them drawn anew: the kinds
    of the layers from their number, the size of a head from the width. Raises ModelError."""
    data = {key: value for key, value in config.to_dict().items() if key not in FIXED}
    names = dict(config.attribute_map)  # GPT-2 calls num_hidden_layers n_layer
    known = {key for key in [*data, *names] if not key.startswith("_")}
    for key, value in changes.items():
        if key not in known:
            raise ModelError(
                f"student.config has a key {key!r}, which a {config.model_type} model has not"
                f"{did_you_mean(key, known)}"
            )
        own = names.get(key, key)
        _check_type(key, data.get(own), value)
        data[own] = value
    given = {names.get(key, key) for key in changes}
    depth, width, heads = (
        names.get(key, key) for key in ("num_hidden_layers", "hidden_size", "num_attention_heads")
    )
    if depth in given and "layer_types" not in given:
        data.pop("layer_types", None)
    if given & {width, heads} and "head_dim" not in given and _is_derived(config):
        data["head_dim"] = data[width] // max(1, data[heads])
    try:
        return type(config)(**data)
    except Exception as error:  # every configuration checks itself in its own words
        raise ModelError(f"student.config makes no {config.model_type} model: {error}") from error


def _check_type(key: str, old: Any, new: Any) -> None:
    whole = isinstance(old, int) and not isinstance(old, bool)
    if whole and (not isinstance(new, int) or isinstance(new, bool) or new < 0):
        raise ModelError(f"student.config.{key} must be a whole number, got {new!r}")


def _is_derived(config: Any) -> bool:
    size = getattr(config, "head_dim", None)
    return size is not None and size * config.num_attention_heads == config.hidden_size
