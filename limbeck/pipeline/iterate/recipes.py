"""The recipe of one run of the loop: the loop's own, with the round's seeds and start."""

from __future__ import annotations

from pathlib import Path

from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.yaml_lines import Places


def run_recipe(
    recipe: Recipe,
    name: str,
    *,
    seeds: Path | None = None,
    previous: RunDir | None = None,
) -> Recipe:
    """The recipe of the run `name`: `seeds` is its train pool (None: the recipe's own), `previous`
    the run whose student it goes on from."""
    data = recipe.model_dump(mode="json")
    del data["iterate"]
    data["name"] = f"{recipe.name[: max(1, 99 - len(name))]}.{name}"[:100]
    if seeds is not None:
        demos = data["seeds"]["demos"]
        data["seeds"] = {"path": str(seeds), "demos": demos, "licence": data["seeds"]["licence"]}
    if previous is not None:
        data["student"] |= {"start": str(previous.folder("train") / "student")}
    return Recipe.of(data, Path.cwd(), Places(None, f"the recipe of {name}"))
