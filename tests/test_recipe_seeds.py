"""The recipe's section on the seeds: a split file and what goes with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck.errors import RecipeError
from limbeck.recipe import Recipe
from limbeck.recipe_changes import changed
from tests.test_recipe import BASE, recipe, refused

SEEDS = {"path": "rows.jsonl", "split": "tasks.yaml", "tuning": "multitask"}


@pytest.mark.parametrize(
    ("seeds", "line", "said"),
    [
        ({"split": "t.yaml"}, 4, "seeds.tuning does not say what becomes of the target tasks; set"),
        (
            {"tuning": "meta"},
            4,
            "seeds.tuning is meta, and there is no seeds.split that says which",
        ),
        ({"rows": 3}, 4, "seeds.rows is 3, and there is no seeds.split"),
        ({"target_rows": 3}, 4, "seeds.target_rows is 3, and there is no seeds.split"),
        ({"split": "t.yaml", "tuning": "mta"}, 5, "seeds.tuning: Input should be 'meta' or"),
        ({"split": "t.yaml", "tuning": "meta", "rows": 0}, 6, "seeds.rows"),
        ({"part": "4/3"}, 4, "seeds.part: a part is its number and how many there are, such as"),
        ({"part": "0/3"}, 4, "such as 2/3, got '0/3'"),
        ({"part": "٢/٣"}, 4, "such as 2/3"),
        ({"part": 0.5}, 4, "such as 2/3, got 0.5"),
        ({"splits": "t.yaml"}, 4, "unknown key 'seeds.splits'; did you mean 'split'?"),
    ],
)
def test_keys_that_do_not_go_together_are_a_sentence(
    seeds: dict[str, Any], line: int, said: str
) -> None:
    data = BASE | {"seeds": {"path": "rows.jsonl", **seeds}}
    message = refused(yaml.safe_dump(data, sort_keys=False))
    assert message.startswith(f"r.yaml, line {line}: ")
    assert said in message


def test_the_split_file_lies_beside_the_recipe_and_survives_a_round_trip() -> None:
    made = recipe(seeds=SEEDS | {"rows": 64, "target_rows": 32, "demos": "p.jsonl"})
    assert made.seeds.split == Path("/r/tasks.yaml")
    assert (made.seeds.rows, made.seeds.target_rows) == (64, 32)
    assert Recipe.parse(made.to_yaml(), folder=Path("/elsewhere")) == made
    assert recipe().seeds.split is None


def test_it_can_be_set_from_the_command_line() -> None:
    keys = ["seeds.split=t.yaml", "seeds.tuning=meta", "seeds.rows=8", "seeds.target_rows=4"]
    made = changed(recipe(), keys, Path("/x"))
    assert (made.seeds.split, made.seeds.tuning) == (Path("/x/t.yaml"), "meta")
    with pytest.raises(RecipeError, match=r"seeds\.tuning does not say"):
        changed(recipe(), keys[:1], Path("/x"))


def test_a_part_is_two_numbers() -> None:
    made = recipe(seeds={"path": "rows.jsonl", "part": "2/3"})
    assert made.seeds.share == (2, 3)
    assert Recipe.parse(made.to_yaml(), folder=Path("/elsewhere")) == made
    assert recipe().seeds.share is None
    assert changed(recipe(), ["seeds.part=1/12"], Path("/x")).seeds.share == (1, 12)
