"""`--set KEY=VALUE`: a recipe with some of its keys changed.

train.epochs=2              a key by its dots
paths.at_most=1             an option of a filter, by the filter's name
filters.paths.at_most=1     the same, for a filter that is named like a section
filters.0.at_most=1         the same by its place from 0, for one that stands twice
filters=[complete, answer]  the value is YAML
teacher=gguf:teacher.gguf   a whole section; paths are taken from where one stands
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from limbeck.errors import RecipeError
from limbeck.recipe import SHORT_FORMS, Recipe
from limbeck.recipe_errors import is_secret
from limbeck.registry import did_you_mean, find
from limbeck.yaml_lines import Places, read_yaml

# With those that stand inside a section.
_SHORT_FORMS = SHORT_FORMS | {"referee": "model", "judge": "model"}


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
        _put(data, _full(key.strip().split("."), data, key.strip()), value, key.strip())
        if key.strip() == "filters" and isinstance(value, list):
            data["filters"] = [_long(step) for step in value]
    # The values are not quoted: one may hold a secret, which is about to be refused.
    keys = " ".join(f"--set {change.partition('=')[0]}" for change in changes)
    return Recipe.of(data, folder, Places(None, f"the recipe with {keys}"))


def _full(parts: list[str], data: Mapping[str, Any], key: str) -> list[str]:
    """The parts of a key, where a filter's name may stand first. Raises RecipeError for what is
    neither a section nor one of the recipe's filters."""
    name = parts[0]
    if name in Recipe.model_fields or is_secret(name):
        return parts
    names = [step["name"] for step in data["filters"] if isinstance(step, dict)]
    if name in names:
        return ["filters", *parts]
    if _is_filter(name):
        there = ", ".join(names) or "none"
        raise RecipeError(
            f"--set {key}: unknown key {name!r}; a filter has that name, but the recipe's filters "
            f"are {there}. To add it: --set 'filters=[{', '.join([*names, name])}]'"
        )
    raise RecipeError(
        f"--set {key}: unknown key {name!r}, no section of a recipe and none of its filters"
        f"{did_you_mean(name, [*Recipe.model_fields, *names])}"
    )


def _long(step: Any) -> Any:
    """A filter as name and options; what is none is left for the recipe to refuse."""
    if isinstance(step, dict) and len(step) == 1 and "name" not in step:
        ((name, options),) = step.items()
        return {"name": name, "options": options or {}}
    return {"name": step, "options": {}} if isinstance(step, str) else step


def _is_filter(name: str) -> bool:
    try:
        find("filters", name)
    except RecipeError:
        return False
    return True


def _put(node: Any, parts: Sequence[str], value: Any, key: str) -> None:
    part, rest = parts[0], parts[1:]
    if isinstance(node, list) and not all(isinstance(item, dict) for item in node):
        above = key.removesuffix("." + ".".join(parts))
        raise RecipeError(
            f"--set {key}: {above} is a list, which is given whole: --set {above}=[...]"
        )
    if isinstance(node, list):
        _put(_step(node, part, rest, key).setdefault("options", {}), rest, value, key)
    elif not isinstance(node, dict):
        raise RecipeError(f"--set {key}: {part!r} is below a value that has no keys")
    elif rest:
        child = node.get(part)
        if child is None:
            child = node[part] = {}
        elif isinstance(child, str) and part in _SHORT_FORMS:
            child = node[part] = {_SHORT_FORMS[part]: child}
        _put(child, rest, value, key)
    else:
        node[part] = value


def _step(steps: list[Any], part: str, rest: Sequence[str], key: str) -> Any:
    """The filter of that name, or at that place from 0."""
    found = [step for step in steps if step["name"] == part]
    if not found and part.isdecimal() and int(part) < len(steps):
        found = [steps[int(part)]]
    if rest and len(found) == 1:
        return found[0]
    names = ", ".join(step["name"] for step in steps)
    means = "filters.NAME.OPTION for one that stands once"
    if rest and found:
        places = [place for place, step in enumerate(steps) if step["name"] == part]
        means = " or ".join(f"filters.{place}.{'.'.join(rest)}" for place in places)
    raise RecipeError(
        f"--set {key}: the recipe's filters are {names or 'none'}; say {means}, or filters=[...] "
        "for all"
    )
