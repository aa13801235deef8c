"""What can be known to be wrong before a call is paid or a student is trained."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from limbeck.errors import DataError, MissingExtra, ModelError, UserError
from limbeck.evals.in_context.task import read_tasks
from limbeck.evals.items import read_items
from limbeck.evals.lm_eval_files.task_folder import check_file, tasks_in
from limbeck.evals.planned import drawn_questions
from limbeck.evals.questions import is_questions
from limbeck.evals.style.prompts import read_prompts
from limbeck.filters import answer
from limbeck.models import parse_model, weight_files
from limbeck.pipeline.in_context import pool_of
from limbeck.pipeline.texts import one_turn
from limbeck.protocols import Generator
from limbeck.recipe import Recipe
from limbeck.recipe_eval import TASK_FILES
from limbeck.record import Record


def usable_seeds(
    recipe: Recipe,
    seeds: Sequence[Record],
    generator: Generator,
    on_bad: Callable[[DataError], None] | None = None,
) -> list[Record]:
    """The seeds whose targets can be compared with, where the generator's answers are (it has
    `kind_of`); all of them for other generators.

    Raises DataError for one whose target or kind cannot be read, unless `on_bad` takes it; and
    UserError for one of several turns where `format.text` has no place for them, and for one
    without what `step_by_step` learns where the teacher only answers.
    """
    for seed in seeds:
        _check_fields(recipe, seed, generator)
    kind_of: Callable[[Record], str] | None = getattr(generator, "kind_of", None)
    if kind_of is None:
        _check_solutions(recipe, seeds)
        return list(seeds)
    usable = []
    for seed in seeds:
        if recipe.format.text != "chat":
            one_turn(seed.messages, f"the question {_short(seed)} of {recipe.seeds.path}")
        try:
            _read(seed, kind_of(seed))
        except MissingExtra:
            raise
        except UserError as error:
            bad = _unreadable(recipe.seeds.path, seed, error)
            if on_bad is None:
                raise bad from error
            on_bad(bad)
        else:
            usable.append(seed)
    if not usable:
        raise DataError(f"{recipe.seeds.path} has no usable seed", path=recipe.seeds.path)
    return usable


def _check_fields(recipe: Recipe, seed: Record, generator: Generator) -> None:
    """Raises UserError for tools and the like where they would not reach the teacher."""
    plain = all(message.is_plain for message in seed.messages)
    fields = seed.fields
    if plain and not fields:
        return
    what = ", ".join(fields) or "a message with tool calls, a tool's answer, a name or reasoning"
    where = f"the seed {_short(seed)} of {recipe.seeds.path} has {what}"
    if recipe.generate.generator == "given":
        return
    if not getattr(generator, "sends_fields", False):
        raise UserError(
            f"{where}, which the generator {recipe.generate.generator} does not send; take the "
            "generator answers, or take it out of the rows"
        )
    if getattr(generator, "template", "chat") == "raw":
        raise UserError(f"{where}, and template raw sends one plain text; set template to chat")
    local = parse_model(recipe.teacher.model).is_local
    if local and (only := [name for name in fields if name != "tools"]):
        raise UserError(
            f"{where}: a local teacher takes tools and no {only[0]}; take it out of the rows, or "
            "ask a server"
        )


def check_evaluation(recipe: Recipe, *, missing_ok: bool) -> None:
    """Read the recipe's files of questions, items, lm-eval tasks, rows and prompts as the
    evaluation will; of lm-eval's tasks only the YAML, and none of their code or data.

    Raises DataError for what cannot be read, UserError for a folder without a task, and for
    questions and prompts that the student cannot be asked in its form. `missing_ok` leaves out what
    is not there (yet).
    """
    if not missing_ok and "imitation" in recipe.eval.tasks and recipe.format.test == 0:
        raise UserError(
            "the imitation task needs held-out prompts, and format.test is 0; set it above 0, or "
            "take imitation out of eval.tasks"
        )
    section = recipe.eval.in_context
    if section is not None and not (missing_ok and not section.rows.is_file()):
        read_tasks(section.rows, pool_of(recipe, section))
    style = recipe.eval.style
    if style is not None and not (missing_ok and not style.prompts.is_file()):
        for prompt in read_prompts(style.prompts).asked:
            if recipe.format.text != "chat":
                one_turn(prompt.messages, f"the prompt {_short(prompt)} of {style.prompts}")
    for task in recipe.eval.every_task:
        _check_lm_eval(task, missing_ok)
    for path in recipe.eval.files:
        if missing_ok and not path.is_file():
            continue
        if not is_questions(path):
            read_items(path)
            continue
        for question in drawn_questions(path, recipe.eval.options_of(str(path)).limit):
            if recipe.format.text != "chat":
                one_turn(question.messages, f"the question {_short(question)} of {path}")
            try:
                _read(question, str(question.meta.get("kind", "auto")))
            except MissingExtra:
                raise
            except UserError as error:
                raise _unreadable(path, question, error) from error


def _check_lm_eval(task: str, missing_ok: bool) -> None:
    """A YAML file or a folder; nothing else is looked at."""
    path = Path(task)
    if task == "imitation" or task.endswith(".jsonl"):
        return
    if task.endswith(TASK_FILES):
        if not (missing_ok and not path.is_file()):
            check_file(path)
    elif path.is_dir() and path.is_absolute():
        tasks_in(path)
    elif len(path.parts) > 1 and not missing_ok:  # no task of lm-eval's own has a / in its name
        raise DataError(
            f"the recipe's task {task} is a folder that is not there, and no name of an lm-eval "
            "task; paths are taken from the recipe's folder",
            path=path,
        )


def check_training(recipe: Recipe, *, before_calls: bool) -> None:
    """What would stop the trainer, as far as it can be known; with `before_calls` also what takes a
    look at the student's files. Raises UserError and its kinds."""
    processes = int(os.environ.get("WORLD_SIZE") or 1)
    if processes > 1 and "LOCAL_RANK" in os.environ:
        raise UserError(
            f"limbeck train uses one GPU, and {processes} processes were started; start it without "
            "torchrun (DDP is for Python: limbeck.trainers.loop.fit)"
        )
    section = recipe.need_student()
    name = parse_model(section.model)
    if not name.is_local:
        raise ModelError(f"the student {name} has no weights here, and cannot be trained")
    # Reading a GGUF file for the first time takes long: where no key can be wrong it is left.
    if section.start is not None:
        try:
            weight_files(section.start)
        except ModelError as error:
            raise ModelError(f"student.start: {error}") from error
    making = (section.layers, section.config, section.lora, section.start)
    plain = all(key is None for key in making)
    if not before_calls or (plain and name.kind in ("bundled", "gguf")):
        return
    try:
        from limbeck.trainers.student import check_student
    except ImportError as error:
        raise MissingExtra(f"the trainer ({error.name})", "train") from error
    check_student(section)


def _check_solutions(recipe: Recipe, seeds: Sequence[Record]) -> None:
    generator = recipe.generate.generator
    if recipe.train.objective != "step_by_step" or generator not in ("answers", "given"):
        return
    for seed in seeds:
        lacks = "" if seed.target else "target"
        if recipe.train.options.get("answer_weight") != 1 and not seed.meta.get("rationale"):
            lacks = lacks or "solution"
        if lacks:
            raise UserError(
                "train.objective step_by_step learns answers and rationales, and the question "
                f"{_short(seed)} of {recipe.seeds.path} has no {lacks}, nor does the generator "
                f"{generator} make one; set generate.generator to chain_of_thought, or "
                "train.objective to sft"
            )


def _read(question: Record, kind: str) -> None:
    options = question.meta.get("options")
    if question.target is None:
        answer.canonical("", kind, options=options)  # type: ignore[arg-type]  # any text: it raises
    else:
        answer.check("", question.target, kind, options=options)  # type: ignore[arg-type]


def _unreadable(path: Path, question: Record, error: UserError) -> DataError:
    return DataError(f"{path}, the question {_short(question)}: {error}", path=path)


def _short(question: Record) -> str:
    text = " ".join(question.prompt.split())
    return repr(text if len(text) <= 60 else text[:59] + "…")
