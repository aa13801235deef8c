"""The recipes of the loop: what they promise beside loading."""

from __future__ import annotations

from pathlib import Path

import pytest

from limbeck.recipe import Recipe
from limbeck.recipe_iterate_files import checked_files, unused
from limbeck.seeds import read_seeds
from limbeck.text import folded

RECIPES = Path(__file__).parents[1] / "recipes"


@pytest.mark.parametrize("name", ["adversarial", "adversarial_referee"])
def test_its_files_fit_each_other(name: str) -> None:
    recipe = Recipe.load(RECIPES / f"{name}.yaml")
    seeds = read_seeds(recipe.seeds.path, limit=recipe.seeds.limit)
    assert len(seeds) == recipe.seeds.limit
    files = checked_files(recipe, seeds)
    section = recipe.iterate
    assert section is not None
    if section.reserve is not None:
        wanted = section.new * (section.rounds - 1)
        assert len(unused(files.reserve or (), seeds, files.cache)) >= 2 * wanted  # a choice
        assert not files.held_out


def test_what_is_evaluated_is_in_no_pool() -> None:
    recipe = Recipe.load(RECIPES / "adversarial.yaml")
    assert recipe.iterate is not None
    assert recipe.iterate.reserve == recipe.seeds.path
    test = [row for task in recipe.eval.tasks for row in read_seeds(Path(task))]
    train = read_seeds(recipe.seeds.path)
    assert {row.meta["template"] for row in test}.isdisjoint(row.meta["template"] for row in train)


def test_held_out_prompts_are_no_seeds() -> None:
    recipe = Recipe.load(RECIPES / "adversarial_referee.yaml")
    assert recipe.iterate is not None
    assert recipe.iterate.held_out is not None
    held = {folded(row.prompt) for row in read_seeds(recipe.iterate.held_out)}
    assert held.isdisjoint(folded(row.prompt) for row in read_seeds(recipe.seeds.path))
