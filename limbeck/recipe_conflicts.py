"""Parts of a recipe that are right alone and not together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Literal

from limbeck.errors import RecipeError
from limbeck.money import price_of
from limbeck.recipe_eval import Eval, task_name
from limbeck.recipe_filters import FilterStep
from limbeck.recipe_iterate_conflicts import iterate_conflicts
from limbeck.recipe_seeds import SPLIT_KEYS, check_split
from limbeck.registry import find, option_names

if TYPE_CHECKING:
    from limbeck.recipe import Format, Recipe, Train

Conflict = tuple[tuple[str | int, ...], Callable[[], object]]


def check_tasks(tasks: Iterable[str]) -> None:
    """Results stand under a task's name, a file's without its ending: raises RecipeError for two
    tasks of one name, and for a file whose name is the imitation task's."""
    seen: dict[str, str] = {}
    for task in tasks:
        name = task_name(task)
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


def check_forgetting(tasks: Iterable[str]) -> None:
    """Raises RecipeError for the imitation task, which is what was learned."""
    if "imitation" in tasks:
        raise RecipeError(
            "imitation cannot be under eval.forgetting: it measures what the student learned, and "
            "not what it lost; put it under eval.tasks"
        )


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


def check_completions(section: Format, train: Train) -> None:
    """Raises RecipeError where other completions would not be what the student learns from."""
    if section.completions == "own":
        return
    key = f"completions: {section.completions}"
    if section.rationales != "own":
        raise RecipeError(
            f"{key} replaces whole completions, and rationales: shuffled a part of each; take one "
            "of them out"
        )
    if section.completions == "target" and section.text == "arrow":
        raise RecipeError(
            f"{key} teaches the target alone, and format.text arrow wants a rationale before it; "
            "set format.text to answer"
        )
    objective = train.objective
    if objective != "sft" and find("objectives", objective).source == "built-in":
        raise RecipeError(
            f"{key} exchanges what a student learns to write, and train.objective {objective} "
            "reads more of each record, which would stay its own; set train.objective to sft"
        )


def conflicts(recipe: Recipe) -> list[Conflict]:
    """What is to be checked where, once every part is right alone. Each raises RecipeError."""
    return [
        *((("seeds", key), partial(check_split, recipe.seeds, key)) for key in SPLIT_KEYS),
        (("format", "rationales"), lambda: check_rationales(recipe.format, recipe.train)),
        (("format", "completions"), lambda: check_completions(recipe.format, recipe.train)),
        (("student",), lambda: _check_student(recipe)),
        (("train",), lambda: _check_unused(recipe, "train")),
        (("eval",), lambda: _check_unused(recipe, "eval")),
        (("generate",), lambda: _check_demonstrations(recipe)),
        (("train", "objective"), lambda: _check_objective(recipe)),
        (("train", "patience"), lambda: _check_patience(recipe)),
        (("eval", "in_context"), lambda: _check_in_context(recipe)),
        (("eval", "judge"), lambda: check_judge(recipe)),
        *iterate_conflicts(recipe),
    ]


def check_judge(recipe: Recipe) -> None:
    """Raises RecipeError for a judge without answers to judge, and for dollars without a price."""
    judge = recipe.eval.judge
    if judge is None:
        return
    if recipe.eval.style is None:
        raise RecipeError(
            "the judge compares the answers to open prompts that eval.style asks for, and the "
            "recipe has no eval.style; add it, or take eval.judge out"
        )
    if judge.budget.usd is not None and price_of(judge.with_url()) is None:
        raise RecipeError(
            f"eval.judge.budget.usd needs a price, and no price is known for {judge.model} at "
            f"{judge.with_url().base_url}. Add eval.judge.price.input and eval.judge.price.output "
            "(dollars per million tokens), or limit eval.judge.budget.tokens"
        )


def _check_student(recipe: Recipe) -> None:
    """A fake one passes: it stands for the student where nothing is trained."""
    if recipe.student is None:
        return
    model = recipe.student.model
    if model.startswith("openai:"):
        raise RecipeError(
            f"the student {model} has no weights here that could be trained; name a folder, "
            "bundled, hf:ORG/NAME or gguf:FILE"
        )


def _check_unused(recipe: Recipe, name: Literal["train", "eval"]) -> None:
    """Raises RecipeError for a section that only a student makes use of. The files among the tasks
    are also what filters compare with."""
    section = getattr(recipe, name)
    if recipe.student is not None or section == type(section)():
        return
    if name == "train" or not any(_compares(step) for step in recipe.filters):
        raise RecipeError(
            f"the section {name} is about a student, and the recipe has none: it only makes data. "
            f"Add student: MODEL, or take {name} out"
        )
    unused = section.model_copy(update={"tasks": Eval().tasks, "forgetting": ()})
    if unused != Eval():
        raise RecipeError(
            "the recipe has no student, and only the filters read its section eval: the files in "
            "tasks and forgetting. Add student: MODEL, or take all other keys of eval out"
        )


def _compares(step: FilterStep) -> bool:
    return "against" in option_names("filters", step.name) and not step.options.get("against")


def _check_objective(recipe: Recipe) -> None:
    objective, generator = recipe.train.objective, recipe.generate.generator
    is_ours = find("generators", generator).source == "built-in"
    if objective == "topk_kl":
        if recipe.format.text != "chat":
            raise RecipeError(
                "topk_kl learns the text as the teacher wrote it, and format.text "
                f"{recipe.format.text} writes another; set format.text to chat"
            )
        if "top_logprobs" not in option_names("generators", generator):
            if is_ours:
                raise RecipeError(
                    "topk_kl learns from log-probabilities, and the generator "
                    f"{generator} asks for none; set generate.generator to answers and "
                    "generate.top_logprobs above 0"
                )
        elif not recipe.generate.options.get("top_logprobs"):
            raise RecipeError(
                "topk_kl learns from log-probabilities, and generate.top_logprobs is 0; set it to "
                "1 or more (10, say)"
            )
    if objective == "icl_distillation":
        _check_labels(recipe, is_ours)
    weight = recipe.train.options.get("answer_weight")
    silent = ("self_instruct", "demonstrations")
    if objective == "step_by_step" and generator in silent and weight != 1:
        raise RecipeError(
            f"step_by_step learns rationales, and the generator {generator} makes none; set "
            "generate.generator to chain_of_thought, or train.objective to sft"
        )


def _check_demonstrations(recipe: Recipe) -> None:
    if recipe.generate.generator != "demonstrations":
        return
    teacher = recipe.teacher
    texts_only = teacher.model.startswith("openai:") or teacher.engine == "vllm"
    if recipe.generate.options.get("labels") == "exact" and texts_only:
        how = "an API" if teacher.model.startswith("openai:") else "vLLM"
        raise RecipeError(
            f"labels: exact scores whole labels with the teacher's weights, and {teacher.model} "
            f"answers by {how}, which gives none of that; set generate.labels to auto, "
            "top_logprobs or sampled, or take a local teacher"
        )
    if recipe.format.text != "chat":
        raise RecipeError(
            "the generator demonstrations makes no rationales, and format.text "
            f"{recipe.format.text} is for these; set format.text to chat"
        )


def _check_labels(recipe: Recipe, is_ours: bool) -> None:
    """icl_distillation needs labels; of right ones alone it learns with a constant 1 as alpha."""
    generator, options = recipe.generate.generator, recipe.train.options
    if generator == "demonstrations" and recipe.generate.options.get("labels") != "text":
        return
    end = options.get("alpha_end", 0)
    only_right = options.get("alpha_start", 1) == 1 and (
        options.get("alpha_schedule") == "constant" or end == 1
    )
    if not is_ours or (only_right and generator != "self_instruct"):
        return
    asks = "with labels: text " if generator == "demonstrations" else ""
    raise RecipeError(
        "icl_distillation learns the teacher's distribution over labels, and the generator "
        f"{generator} {asks}makes none; set generate.generator to demonstrations and its labels to "
        "auto, or train.objective to icl_tuning"
    )


def _check_patience(recipe: Recipe) -> None:
    if recipe.train.patience is not None and recipe.format.valid == 0:
        raise RecipeError(
            "patience stops by the validation loss, and format.valid is 0; set it above 0, or take "
            "patience out"
        )


def _check_in_context(recipe: Recipe) -> None:
    section = recipe.eval.in_context
    if section is None:
        return
    from limbeck.demos import DRAWN, check_options  # with numpy: only where it must

    for name in section.select:
        options = section.select_options.get(name, {})
        for option, parameter in check_options(name, options).items():
            if parameter.default is parameter.empty and option not in options:
                raise RecipeError(
                    f"the selector {name} needs the option {option}; give it under "
                    f"eval.in_context.select_options.{name}"
                )
            if option == "seed" and option in options and name in DRAWN:
                raise RecipeError(
                    f"select_options.{name}.seed would make all draws the same; leave it out, and "
                    "set eval.in_context.seeds to how many draws you want"
                )
