"""Paths in a recipe: from its own folder, and absolute once it is read."""

from __future__ import annotations

from pathlib import Path

from limbeck.errors import RecipeError


def absolute(folder: Path, path: str | Path, key: str) -> Path:
    """The path that stands at `key`, from the recipe's folder. Raises RecipeError for what cannot
    be one: the home of somebody who is not here, a null character."""
    try:
        return Path(folder / Path(path).expanduser()).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise RecipeError(f"{key}: {path} cannot be a path: {error}") from error
