"""Recipes: budgets and prices, and what is wrong with them, with the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck.errors import RecipeError
from limbeck.recipe import Recipe

BASE: dict[str, Any] = {
    "name": "x",
    "seeds": "seeds.jsonl",
    "student": "fake:s",
    "teacher": {"model": "openai:gpt-4o-mini"},
}


def recipe(**changes: Any) -> Recipe:
    text = yaml.safe_dump(BASE | changes, sort_keys=False)
    return Recipe.parse(text, folder=Path("/r"), source="r.yaml")


@pytest.mark.parametrize(
    ("written", "count"),
    [("2M", 2_000_000), ("1.5k", 1500), (" 3 g ", 3 * 10**9), (7, 7), ("12", 12), ("1_0k", 10_000)],
)
def test_tokens_may_have_a_suffix(written: Any, count: int) -> None:
    assert recipe(budget={"tokens": written}).budget.tokens == count


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ({"usd": -5}, "line 7: budget.usd: Input should be greater than 0, got -5"),
        ({"usd": 0}, "budget.usd"),
        ({"usd": float("inf")}, "budget.usd"),
        ({"usd": float("nan")}, "budget.usd"),
        ({"usd": "five"}, "budget.usd"),
        ({"tokens": -1}, "budget.tokens"),
        ({"tokens": "0k"}, "budget.tokens"),
        ({"tokens": "2MM"}, "got '2MM'"),
        ({"tokens": "1.2.3k"}, "got '1.2.3k'"),
        ({"tokens": 1.5}, "budget.tokens"),
        ({"dollars": 5}, "unknown key 'budget.dollars'; known are tokens, usd"),
    ],
)
def test_a_budget_that_cannot_be_is_named_with_its_line(budget: Any, said: str) -> None:
    with pytest.raises(RecipeError, match=r"r\.yaml, line") as caught:
        recipe(budget=budget, teacher={"model": "fake:t"})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ({"input": -1, "output": 1}, "teacher.price.input"),
        ({"input": float("inf"), "output": 1}, "teacher.price.input"),
        ({"input": 1}, "the key 'teacher.price.output' is missing"),
        ({"input": 1, "output": 1, "batch": 0}, "teacher.price.batch"),
        ({"input": 1, "output": 1, "cached": -1}, "teacher.price.cached"),
    ],
)
def test_a_price_that_cannot_be_is_named(price: Any, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe(teacher={"model": "openai:m", "price": price})
    assert said in str(caught.value)


def test_a_budget_in_dollars_needs_a_price_and_the_message_says_which_keys_to_add() -> None:
    with pytest.raises(RecipeError) as caught:
        recipe(teacher={"model": "openai:模型", "base_url": "http://h/v1"}, budget={"usd": 5})
    message = str(caught.value)
    assert message.startswith("r.yaml, line 8: ")
    assert "no price is known for openai:模型 at http://h/v1" in message
    assert "teacher.price.input and teacher.price.output" in message
    assert "budget.tokens" in message


@pytest.mark.parametrize(
    "teacher",
    [
        {"model": "openai:gpt-4o-mini"},
        {"model": "openai:m", "base_url": "http://h/v1", "price": {"input": 1, "output": 2}},
        {"model": "openai:m", "base_url": "http://h/v1", "price": {"input": 0, "output": 0}},
        {"model": "fake:t"},
    ],
)
def test_a_budget_in_dollars_is_fine_with_a_listed_a_given_or_no_price(teacher: Any) -> None:
    made = recipe(teacher=teacher, budget={"usd": 5, "tokens": "2M"})
    assert (made.budget.usd, made.budget.tokens) == (5, 2_000_000)


def test_a_budget_in_tokens_needs_no_price() -> None:
    teacher = {"model": "openai:m", "base_url": "http://h/v1"}
    assert recipe(teacher=teacher, budget={"tokens": 10}).budget.usd is None
    assert recipe(teacher=teacher).budget.tokens is None
