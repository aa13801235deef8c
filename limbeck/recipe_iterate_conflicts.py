"""What of a recipe does not go with its loop: parts that are right alone, and without `iterate`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from limbeck.errors import RecipeError
from limbeck.money import price_of
from limbeck.recipe_eval import task_name

if TYPE_CHECKING:
    from limbeck.recipe import Recipe
    from limbeck.recipe_iterate import Iterate

Where = tuple[str | int, ...]
Check = Callable[["Recipe", "Iterate"], object]

GENERATORS = {
    "self_instruct": "writes instructions of its own, and the loop writes them itself",
    "given": "takes the answers that rows have, and the loop's new questions have none",
    "demonstrations": "labels rows of known tasks, and the loop's new questions are of none",
}
"""Our generators that do not ask the teacher for the answers to any question."""


def iterate_conflicts(recipe: Recipe) -> list[tuple[Where, Callable[[], object]]]:
    """What is to be checked where; nothing for a recipe without a loop. Each raises RecipeError."""
    section = recipe.iterate
    if section is None:
        return []
    checks: list[tuple[Where, Check]] = [
        (("generate", "generator"), _check_generator),
        (("eval", "tasks"), _check_tasks),
        (("iterate", "stop", "task"), _check_stop),
        (("seeds", "part"), _check_part),
        (("seeds", "split"), _check_split),
        (("student",), lambda recipe, section: recipe.need_student()),
        (("student", "start"), _check_start),
        (("iterate", "referee"), _check_price),
        (("filters",), _check_targets),
    ]
    return [(where, partial(check, recipe, section)) for where, check in checks]


def _check_generator(recipe: Recipe, section: Iterate) -> None:
    name = recipe.generate.generator
    if name in GENERATORS:
        raise RecipeError(
            f"iterate has the teacher answer questions round after round, and the generator {name} "
            f"{GENERATORS[name]}; set generate.generator to answers or chain_of_thought"
        )


def _check_tasks(recipe: Recipe, section: Iterate) -> None:
    """Rounds are compared on the same items, of which none was trained on."""
    tasks = recipe.eval.tasks
    if "imitation" in tasks:
        raise RecipeError(
            "iterate compares its rounds, and the imitation task asks for rows of each round's own "
            "train pool; take imitation out of eval.tasks (which has it by default), and name a "
            "file of held-out items there"
        )
    if not tasks:
        raise RecipeError(
            "iterate scores every round's student on held-out items, and eval.tasks is empty; name "
            "a file of items or questions there"
        )


def _check_stop(recipe: Recipe, section: Iterate) -> None:
    names = [task_name(task) for task in recipe.eval.tasks]
    if section.stop.task is not None and section.stop.task not in names:
        raise RecipeError(
            f"iterate.stop.task is {section.stop.task!r}, which is none of eval.tasks by name; "
            f"there are {', '.join(names)}"
        )


def _check_part(recipe: Recipe, section: Iterate) -> None:
    if recipe.seeds.part is not None:
        raise RecipeError(
            f"seeds.part {recipe.seeds.part} is for machines whose runs become one, and the rounds "
            "of a loop follow from each other; take part out, and run the loop on one machine"
        )


def _check_split(recipe: Recipe, section: Iterate) -> None:
    if recipe.seeds.split is not None:
        raise RecipeError(
            f"seeds.split {recipe.seeds.split} takes rows of labelled tasks, and the loop's new "
            "questions are of none; take split out, and name the rows' own file in seeds.path"
        )


def _check_start(recipe: Recipe, section: Iterate) -> None:
    start = recipe.student and recipe.student.start
    if section.start == "previous" and start is not None:
        raise RecipeError(
            f"student.start is {start}, and with iterate.start: previous every round starts from "
            "the round before; take student.start out, or set iterate.start to base"
        )


def _check_price(recipe: Recipe, section: Iterate) -> None:
    """The loop has one budget, which pays the referee too."""
    referee = section.referee and section.referee.with_url()
    if recipe.budget.usd is not None and referee and price_of(referee) is None:
        raise RecipeError(
            f"budget.usd pays the referee too, and no price is known for {referee.model} at "
            f"{referee.base_url}. Add iterate.referee.price.input and iterate.referee.price.output "
            "(dollars per million tokens), or limit budget.tokens"
        )


def _check_targets(recipe: Recipe, section: Iterate) -> None:
    """What the teacher writes has no target: what compares with one would stop the second round."""
    needs = needs_targets(recipe)
    if needs and section.reserve is None:
        raise RecipeError(
            f"{needs} wants the target of every question, and instructions that the teacher writes "
            "have none; name a file of more questions in iterate.reserve, or do without it (the "
            "filter vote takes the majority of the paths, the generator chain_of_thought makes "
            "rationales)"
        )


def needs_targets(recipe: Recipe) -> str:
    """What of a recipe wants the target of every question; "" for nothing."""
    if any(step.name == "answer" for step in recipe.filters):
        return "the filter answer"
    if recipe.format.completions == "target":
        return "format.completions: target"
    if recipe.train.objective == "step_by_step" and recipe.generate.generator == "answers":
        return "train.objective: step_by_step beside the generator answers"
    return ""
