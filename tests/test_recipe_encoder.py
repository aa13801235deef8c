"""An encoder that a recipe names: its folder is the recipe's, and a wrong name has its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import RecipeError
from limbeck.recipe import Recipe
from limbeck.recipe_encoders import encoder_of

TEXT = """name: x
seeds: rows.jsonl
teacher: fake:t
student: fake:s
generate:
  generator: demonstrations
  select: learned
  select_options:
    encoder: {encoder}
"""


def recipe(folder: Path, encoder: str) -> Recipe:
    return Recipe.parse(TEXT.format(encoder=encoder), folder=folder)


def test_a_folder_is_taken_from_the_recipes(tmp_path: Path) -> None:
    (tmp_path / "检索").mkdir()
    made = recipe(tmp_path, "检索")
    assert encoder_of(made.generate) == str(tmp_path / "检索")
    again = Recipe.parse(made.to_yaml(), folder=Path("/"))
    assert again == made


@pytest.mark.parametrize("name", ["ngrams", "hf:a/b"])
def test_other_names_stay(tmp_path: Path, name: str) -> None:
    assert encoder_of(recipe(tmp_path, name).generate) == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "unknown encoder 'nowhere'. An encoder is named ngrams"),
        ("openai:m", "openai:m has no weights here that could encode texts"),
    ],
)
def test_a_wrong_name_has_its_line(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(RecipeError, match=r"recipe, line \d+") as caught:
        recipe(tmp_path, name)
    assert said in str(caught.value)


@pytest.mark.parametrize("options", [None, {}, {"encoder": 3}, {"k1": 1.0}])
def test_without_a_name_there_is_none(options: Any) -> None:
    from limbeck.recipe import Generate

    made = Generate.model_validate({"generator": "demonstrations", "select_options": options})
    assert encoder_of(made) is None
    other = Generate.model_validate({"generator": "mine", "select_options": {"encoder": "x"}})
    assert encoder_of(other) is None
