"""The recipes that come with limbeck."""

from __future__ import annotations

from pathlib import Path

from limbeck.recipe import Recipe


def test_every_recipe_that_comes_with_limbeck_loads() -> None:
    folder = Path(__file__).parents[1] / "recipes"
    names = sorted(folder.rglob("*.yaml"))
    assert names
    for path in names:
        made = Recipe.load(path)
        assert made.name == "_".join(path.relative_to(folder).with_suffix("").parts)
        assert made.seeds.path.is_file()


def test_the_arms_of_a_study_differ_in_nothing_but_what_makes_them() -> None:
    folder = Path(__file__).parents[1] / "recipes" / "arms"
    arms = {path.stem: Recipe.load(path).model_dump() for path in folder.glob("*.yaml")}
    assert set(arms) == {"teacher", "shuffled", "gold", "self"}
    names = {stem: arm.pop("name") for stem, arm in arms.items()}
    assert len(set(names.values())) == 4
    formats = {stem: arm["format"].pop("completions") for stem, arm in arms.items()}
    assert formats == {"teacher": "own", "shuffled": "shuffled", "gold": "target", "self": "own"}
    assert all(arm == arms["teacher"] for arm in arms.values())
    assert arms["self"]["teacher"]["model"] == arms["self"]["student"]["model"]
