"""A recipe's generator: its options, and the encoder that it names for its selector of demos."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from limbeck.registry import build

if TYPE_CHECKING:
    from limbeck.recipe import Generate


def check_generate(generate: Generate) -> None:
    """Raises RecipeError for an unknown generator and for options that do not fit."""
    build("generators", generate.generator, generate.options)


def encoder_of(generate: Generate) -> str | None:
    """The encoder that the generator's selector is given by name; None where it is given none."""
    options = generate.options.get("select_options")
    if generate.generator != "demonstrations" or not isinstance(options, Mapping):
        return None
    name = options.get("encoder")
    return name if isinstance(name, str) else None


def with_encoder(folder: Path, generate: Generate) -> Generate:
    """The same with the encoder's folder taken from the recipe's. Raises ModelError for a name
    that is none."""
    name = encoder_of(generate)
    if name is None:
        return generate
    from limbeck.encoders import encoder_name  # with numpy: only where it must

    options = {**generate.options["select_options"], "encoder": encoder_name(name, folder)}
    return generate.model_copy(update={"select_options": options})
