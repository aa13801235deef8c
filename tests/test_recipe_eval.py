"""The recipe's section on evaluation: tasks, what may be forgotten, options of single tasks."""

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
    "teacher": "fake:t",
    "student": "fake:s",
}


def recipe(folder: Path = Path("/r"), **section: Any) -> Recipe:
    return Recipe.parse(yaml.safe_dump(BASE | {"eval": section}, sort_keys=False), folder=folder)


def refused(**section: Any) -> str:
    with pytest.raises(RecipeError) as caught:
        recipe(**section)
    return str(caught.value)


def test_files_and_folders_of_tasks_are_taken_from_the_recipes_folder(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    made = recipe(tmp_path, tasks=["imitation", "own/", "a.yaml", "arc_easy"], forgetting="b.jsonl")
    own = str(tmp_path / "own")
    assert made.eval.tasks == ("imitation", own, str(tmp_path / "a.yaml"), "arc_easy")
    assert made.eval.forgetting == (str(tmp_path / "b.jsonl"),)
    assert made.eval.files == (tmp_path / "b.jsonl",)
    again = Recipe.parse(made.to_yaml(), folder=Path("/elsewhere"))
    assert again.eval == made.eval


def test_options_are_by_the_tasks_name_and_else_the_sections() -> None:
    made = recipe(
        tasks=["imitation", "deep/gsm8k.yaml", "arc_easy"],
        limit=100,
        task_options={"gsm8k": {"limit": 7, "few_shot": 4}, "arc_easy": {"cluster": "subject"}},
    ).eval
    gsm8k, easy = made.options_of(made.tasks[1]), made.options_of("arc_easy")
    assert (gsm8k.limit, gsm8k.few_shot, gsm8k.max_tokens) == (7, 4, None)
    assert (easy.limit, easy.cluster) == (100, "subject")


def test_options_of_no_task_are_refused_with_the_names_there_are() -> None:
    told = refused(tasks=["imitation", "gsm8k.yaml"], task_options={"gsm": {"limit": 1}})
    assert "task_options has options of 'gsm', which is no task here" in told
    assert "gsm8k, imitation" in told


def test_two_tasks_of_one_name_are_refused_also_across_the_two_lists() -> None:
    assert "two of the tasks are named 'a'" in refused(tasks=["a.jsonl"], forgetting=["b/a.yaml"])


def test_imitation_is_nothing_that_is_lost() -> None:
    assert "imitation cannot be under eval.forgetting" in refused(
        tasks=["a.jsonl"], forgetting=["imitation"]
    )


def test_worked_examples_for_the_base_need_a_chat() -> None:
    assert "set prompt to chat" in refused(few_shot_base=2, prompt="plain")
    assert recipe(few_shot_base=2).eval.few_shot_base == 2
