"""What cannot be a path is told, with its key, wherever a recipe names a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck.errors import RecipeError
from limbeck.recipe import Recipe
from limbeck.recipe_paths import absolute
from tests.test_recipe import BASE

NULL = "题\0.jsonl"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"seeds": NULL}, "seeds.path"),
        ({"seeds": {"path": "s.jsonl", "demos": NULL}}, "seeds.demos"),
        ({"student": {"model": "bundled", "start": NULL}}, "student.start"),
        ({"eval": {"tasks": [NULL]}}, "eval.tasks"),
        ({"eval": {"style": NULL}}, "eval.style"),
        ({"eval": {"in_context": {"rows": NULL}}}, "eval.in_context.rows"),
        ({"filters": [{"contamination": {"against": [NULL]}}]}, "against"),
        ({"iterate": {"reserve": NULL}}, "iterate.reserve"),
    ],
)
def test_a_null_character_is_no_path(changes: dict[str, Any], key: str) -> None:
    text = yaml.safe_dump(BASE | changes)
    with pytest.raises(RecipeError) as caught:
        Recipe.parse(text, folder=Path("/r"), source="r.yaml")
    assert str(caught.value).startswith("r.yaml, line ")
    assert f"{key}: {NULL} cannot be a path: " in str(caught.value)


def test_a_path_is_taken_from_the_recipe_s_folder(tmp_path: Path) -> None:
    assert absolute(tmp_path, "数/a.jsonl", "k") == tmp_path / "数/a.jsonl"
    assert absolute(tmp_path, "/b", "k") == Path("/b")
    with pytest.raises(RecipeError, match="k: ~nobody-here/x cannot be a path: "):
        absolute(tmp_path, "~nobody-here/x", "k")
