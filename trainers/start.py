"""Weights that a student's training begins from in place of its base's: those of another model of
the same shape and vocabulary, as a student that was trained before."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from limbeck.errors import ModelError
from limbeck.hf import Loaded, load, load_shape
from limbeck.models import ModelName
from limbeck.trainers.scratch import FIXED

# What a configuration holds beside FIXED that changes nothing of what given weights compute.
NO_SHAPE = FIXED - {"model_type"} | {
    "use_cache", "initializer_range", "bos_token_id", "eos_token_id", "pad_token_id",
}  # fmt: skip
ROUNDED = 1e-6  # relative: a GGUF file has a configuration's numbers in float32


def check_start(folder: Path, name: ModelName, config: Any, tokenizer: Any) -> None:
    """Whether the model in `folder` has the shape `config` and the vocabulary of the student `name`
    before training; no weight is read. Raises ModelError."""
    found, _, other = load_shape(ModelName("path", str(folder)))
    apart = _apart(config, found)
    if apart is not None:
        key, own, given = apart
        raise ModelError(
            f"student.start {folder} has another shape than the student {name}: its {key} is "
            f"{reprlib.repr(given)}, and the student's {reprlib.repr(own)}; name a folder with a "
            "student of the same model, layers and config"
        )
    own, given = tokenizer.get_vocab(), other.get_vocab()
    if own != given:
        count = sum(given.get(token) != number for token, number in own.items())
        count = count or len(given) - len(own)
        raise ModelError(
            f"student.start {folder} has another vocabulary than the student {name}: {count} "
            "tokens have another number, or are in one of them alone; name a folder with a student "
            "of the same model"
        )


def start_from(loaded: Loaded, folder: Path) -> None:
    """Put the weights in `folder` into the model, in place and in float32; configuration, tokenizer
    and template stay the model's own. Raises ModelError where they are not the weights of this
    model."""
    weights = load(ModelName("path", str(folder)), dtype="float32").model.state_dict()
    own = {name: tensor.shape for name, tensor in loaded.model.state_dict().items()}
    given = {name: tensor.shape for name, tensor in weights.items()}
    apart = sorted(name for name in own.keys() | given.keys() if own.get(name) != given.get(name))
    if apart:
        raise ModelError(
            f"student.start {folder} has not the student's weights: {len(apart)} tensors differ in "
            f"shape or are in one of them alone, the first is {apart[0]}"
        )
    loaded.model.float().load_state_dict(weights)


def _apart(own: Any, given: Any) -> tuple[str, Any, Any] | None:
    """The first key in which two configurations are different models, and its two values. A key
    that one of them has not, other tools than transformers wrote."""
    if type(own) is not type(given):
        return "model_type", own.model_type, given.model_type
    left, right = own.to_dict(), given.to_dict()
    for key in sorted(left.keys() & right.keys() - NO_SHAPE):
        is_shape = not key.startswith("_") and "drop" not in key
        if is_shape and not _same(left[key], right[key]):
            return key, left[key], right[key]
    return None


def _same(own: Any, given: Any) -> bool:
    if isinstance(own, Mapping) and isinstance(given, Mapping):
        return own.keys() == given.keys() and all(_same(own[key], given[key]) for key in own)
    if isinstance(own, float) and isinstance(given, int | float):
        return math.isclose(own, given, rel_tol=ROUNDED)
    return bool(own == given)
