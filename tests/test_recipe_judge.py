"""The recipe's judge: named as a teacher is, with its own budget, and nothing without answers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from limbeck.errors import ModelError, RecipeError
from limbeck.models import OPENAI_URL
from limbeck.recipe import Budget, Judge, Recipe, TeacherSection
from limbeck.recipe_conflicts import check_judge
from tests.test_recipe import BASE, refused


def judge(**fields: Any) -> Judge:
    return Judge.model_validate({"model": "openai:gpt-模型"} | fields)


def checked(section: Judge | None, style: object = None) -> None:
    recipe: Any = SimpleNamespace(eval=SimpleNamespace(judge=section, style=style))
    check_judge(recipe)


def test_a_judge_is_a_teacher_section_with_its_own_defaults() -> None:
    made = judge()
    assert isinstance(made, TeacherSection)
    assert (made.against, made.limit, made.max_tokens) == (("base", "teacher"), None, 512)
    assert made.budget == Budget()
    assert judge(against="teacher_again", budget={"tokens": "2M"}).budget.tokens == 2_000_000
    assert judge(against=["base"], limit=5).against == ("base",)


def test_a_model_alone_is_enough() -> None:
    made = Recipe.model_validate(BASE | {"eval": {"judge": "fake:j"}})
    assert made.eval.judge == Judge(model="fake:j")
    assert Recipe.model_validate(BASE).eval.judge is None
    again = Recipe.model_validate(yaml.safe_load(made.to_yaml()))
    assert again.eval.judge == made.eval.judge


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"against": ["base", "base"]}, "against has 'base' twice"),
        ({"against": []}, "at least 1 item"),
        ({"against": ["student"]}, "'base', 'teacher' or 'teacher_again'"),
        ({"limit": 0}, "greater than or equal to 1"),
        ({"api_key_env": "sk-secret value"}, "never the key itself"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        judge(**fields)


def test_an_unknown_key_is_named_with_its_line() -> None:
    text = yaml.safe_dump(BASE | {"eval": {"judge": {"model": "fake:j", "agianst": ["base"]}}})
    said = refused(text)
    assert "unknown key 'eval.judge.agianst'" in said
    assert "against" in said


def test_the_model_is_taken_from_the_recipes_folder(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    placed = judge(model="weights").resolved(tmp_path)
    assert placed is not None
    assert placed.model == str(tmp_path / "weights")
    with pytest.raises(ModelError, match="unknown model 'wieghts'"):
        judge(model="wieghts").resolved(tmp_path)


def test_an_api_without_an_address_is_openais() -> None:
    placed = judge().resolved(Path("/r"))
    assert placed is not None
    assert placed.base_url == OPENAI_URL
    assert judge(base_url="http://h/v1/").with_url().base_url == "http://h/v1"
    assert judge(model="fake:j").with_url().base_url is None


def test_a_judge_without_answers_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"and the recipe has no eval\.style; add it, or take"):
        checked(judge())
    checked(judge(), style=object())
    checked(None)


def test_dollars_need_a_price() -> None:
    dollars = {"budget": {"usd": 3}, "base_url": "http://h/v1"}
    with pytest.raises(
        RecipeError, match=r"no price is known for openai:gpt-模型 at http://h/v1\."
    ):
        checked(judge(**dollars), style=object())
    checked(judge(**dollars, price={"input": 1, "output": 1}), style=object())
    checked(judge(budget={"tokens": 9}), style=object())
