"""Parts of a recipe that are right alone and not together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from limbeck.errors import RecipeError

if TYPE_CHECKING:
    from limbeck.recipe import Format, Train

_FILES = (".jsonl", ".yaml", ".yml")


def check_tasks(tasks: Iterable[str]) -> tuple[str, ...]:
    """The tasks. Results stand under a task's name, a file's without its ending: raises RecipeError
    for two tasks of one name, and for a file whose name is the imitation task's."""
    seen: dict[str, str] = {}
    for task in tasks:
        name = Path(task).stem if task.endswith(_FILES) else task
        if name in seen:
            raise RecipeError(
                f"two of the tasks are named {name!r}, {seen[name]} and {task}, and the scores of "
                "one would replace the other's; rename a file, or name each task once"
            )
        seen[name] = task
        if task != name and (name == "imitation" or name.startswith("imitation_")):
            raise RecipeError(
                f"the file {task} has a name of the imitation task, whose scores are read in "
                "another way; rename the file"
            )
    return tuple(seen.values())


def check_rationales(section: Format, train: Train) -> None:
    """Raises RecipeError where shuffled rationales would not be what the student learns from."""
    if section.rationales == "own":
        return
    if section.text != "arrow":
        raise RecipeError(
            "rationales: shuffled exchanges the rationales of format.text arrow, and format.text "
            f"is {section.text}, where nothing would be shuffled; set format.text to arrow"
        )
    if train.objective == "step_by_step":
        raise RecipeError(
            "rationales: shuffled exchanges the rationales of format.text arrow, and "
            "train.objective step_by_step reads each record's own; set train.objective to sft"
        )
