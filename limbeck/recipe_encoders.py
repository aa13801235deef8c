"""Encoders that selectors are given by name, their paths taken from the recipe's folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck.recipe_paths import absolute

if TYPE_CHECKING:
    from limbeck.recipe import Generate
    from limbeck.recipe_eval import InContext


def encoder_of(generate: Generate) -> str | None:
    """The encoder that the generator's selector is given by name; None where it is given none."""
    if generate.generator != "demonstrations":
        return None
    return _named(generate.options.get("select_options"))


def with_encoder(folder: Path, generate: Generate) -> Generate:
    """The same with the encoder's folder taken from the recipe's. Raises ModelError for a name
    that is none."""
    if encoder_of(generate) is None:
        return generate
    options = _placed(folder, generate.options["select_options"])
    return generate.model_copy(update={"select_options": options})


def with_files(folder: Path, section: InContext | None) -> InContext | None:
    """The same with its files and encoders taken from the recipe's folder. Raises ModelError."""
    if section is None:
        return None
    files = {name: getattr(section, name) for name in ("rows", "demos")}
    changes: dict[str, Any] = {
        name: absolute(folder, file, f"eval.in_context.{name}")
        for name, file in files.items()
        if file
    }
    changes["select_options"] = {
        select: _placed(folder, options) for select, options in section.select_options.items()
    }
    return section.model_copy(update=changes)


def _named(options: Any) -> str | None:
    name = options.get("encoder") if isinstance(options, Mapping) else None
    return name if isinstance(name, str) else None


def _placed(folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    name = _named(options)
    if name is None:
        return dict(options)
    from limbeck.encoders import encoder_name  # with numpy: only where it must

    return {**options, "encoder": encoder_name(name, folder)}
