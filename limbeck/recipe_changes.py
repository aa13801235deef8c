"""`--set KEY=VALUE`: a recipe with some of its keys changed.

train.epochs=2              a key by its dots
filters.paths.at_most=1     an option of a filter, by the filter's name
filters=[complete, answer]  the value is YAML
teacher=gguf:teacher.gguf   a whole section; paths are taken from where one stands
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from limbeck.errors import RecipeError
from limbeck.recipe import SHORT_FORMS, Recipe
from limbeck.yaml_lines import Places, read_yaml


def changed(recipe: Recipe, changes: Sequence[str], folder: Path) -> Recipe:
    """The recipe after all changes, in their order, checked as a whole.

    Raises RecipeError for what is no KEY=VALUE, a key that there is not, or a bad value.
    """
    if not changes:
        return recipe
    data = recipe.model_dump(mode="json")
    for number, change in enumerate(changes, start=1):
        key, equals, text = change.partition("=")
        if not equals or not key.strip():
            # What was given is not quoted: it may be a secret alone.
            lacks = "key before the =" if equals else "="
            raise RecipeError(
                f"--set wants KEY=VALUE, such as train.epochs=2, and --set number {number} has no "
                f"{lacks}"
            )
        value, _ = read_yaml(text, f"--set {key}")
        _put(data, key.strip().split("."), value, key.strip())
    # The values are not quoted: one may hold a secret, which is about to be refused.
    keys = " ".join(f"--set {change.partition('=')[0]}" for change in changes)
    return Recipe.of(data, folder, Places(None, f"the recipe with {keys}"))


def _put(node: Any, parts: Sequence[str], value: Any, key: str) -> None:
    part, rest = parts[0], parts[1:]
    if isinstance(node, list) and not all(isinstance(item, dict) for item in node):
        above = key.removesuffix("." + ".".join(parts))
        raise RecipeError(
            f"--set {key}: {above} is a list, which is given whole: --set {above}=[...]"
        )
    if isinstance(node, list):
        steps = [step for step in node if step["name"] == part]
        if not rest or len(steps) != 1:
            names = ", ".join(step["name"] for step in node)
            raise RecipeError(
                f"--set {key}: the recipe's filters are {names or 'none'}; say "
                "filters.NAME.OPTION for one that stands once, or filters=[...] for all"
            )
        _put(steps[0]["options"], rest, value, key)
    elif not isinstance(node, dict):
        raise RecipeError(f"--set {key}: {part!r} is below a value that has no keys")
    elif rest:
        child = node.get(part)
        if child is None:
            child = node[part] = {}
        elif isinstance(child, str) and part in SHORT_FORMS:
            child = node[part] = {SHORT_FORMS[part]: child}
        _put(child, rest, value, key)
    else:
        node[part] = value
