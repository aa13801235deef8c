"""The recipe's section eval.style."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import RecipeError
from limbeck.recipe import Recipe

RECIPE = """
name: r
seeds: seeds.jsonl
teacher: bundled
student: bundled
eval:
  style: {}
"""


def style(folder: Path, text: str) -> Any:
    return Recipe.parse(RECIPE.format(text), folder=folder).eval.style


def test_the_file_alone_and_a_path_from_the_recipes_folder(tmp_path: Path) -> None:
    found = style(tmp_path, "open.jsonl")
    assert found.prompts == tmp_path / "open.jsonl"
    assert (found.limit, found.temperature, found.max_tokens, found.system) == (100, 0.7, 256, "")


def test_all_keys_and_back_through_yaml(tmp_path: Path) -> None:
    keys = "{prompts: ../a.jsonl, limit: 7, temperature: 1, max_tokens: 9, system: 你好}"
    found = style(tmp_path, keys)
    assert found.prompts == tmp_path.parent / "a.jsonl"
    assert (found.limit, found.temperature, found.max_tokens) == (7, 1.0, 9)
    text = Recipe.parse(RECIPE.format(keys), folder=tmp_path).to_yaml()
    again = Recipe.parse(text, folder=Path("/elsewhere"))
    assert again.eval.style == found


def test_none_is_asked_by_default(tmp_path: Path) -> None:
    assert style(tmp_path, "null") is None


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("{prompts: a.jsonl, temperature: 0}", "temperature"),
        ("{prompts: a.jsonl, limit: 0}", "limit"),
        ("{limit: 3}", "prompts"),
        ("{prompts: a.jsonl, judge: x}", "judge"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        style(tmp_path, keys)
