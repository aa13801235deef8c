"""In-context ability in a run: how it is asked, what each model said, and what the report says.

eval/in_context/{base,student,teacher}.json hold a distribution over labels for every row, condition
and demo seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck.encoders import identity
from limbeck.errors import UserError
from limbeck.ledger import Ledger
from limbeck.pipeline.context import Context, Role
from limbeck.pipeline.role_model import connect_role, name_of
from limbeck.recipe import Recipe
from limbeck.recipe_eval import InContext
from limbeck.record import content_hash
from limbeck.store import file_hash, read_json

if TYPE_CHECKING:
    from limbeck.evals.in_context.conditions import Setting
    from limbeck.evals.in_context.task import Task
    from limbeck.models import ModelName
    from limbeck.protocols import Teacher

FOLDER = "in_context"
VERSION = 1  # raise it when demos, prompts or scoring change
AT_ONCE = 256  # rows of a local model under way: they share the beginnings of their prompts


def protocol(context: Context) -> dict[str, Any] | None:
    """What is asked, with a hash; None where the recipe asks for nothing of it."""
    section = context.recipe.eval.in_context
    if section is None:
        return None
    recipe = context.recipe
    found = section.model_dump(mode="json", exclude={"rows", "demos"})
    found |= _written(recipe, section)
    found |= {
        "rows": section.rows.name,
        "demos": pool_of(recipe, section).name,
        "data": [file_hash(path) for path in (section.rows, pool_of(recipe, section))],
        "version": VERSION,
    }
    # Where an encoder lies is no part of what is asked, and its weights are.
    for options in found["select_options"].values():
        if "encoder" in options:
            options["encoder"] = identity(options["encoder"])
    return {"hash": content_hash(found, size=8), **found}


def tasks_of(context: Context, section: InContext) -> tuple[Task, ...]:
    """Raises DataError for rows or demos that cannot be used."""
    from limbeck.evals.in_context.task import read_tasks

    return read_tasks(section.rows, pool_of(context.recipe, section), limit=section.limit)


def ask_model(context: Context, role: Role) -> dict[str, Any]:
    """Ask one model everything; its answers by task, and the calls that failed."""
    from limbeck.aio import run

    section = context.recipe.eval.in_context
    if section is None:
        raise UserError("the recipe has no eval.in_context")
    tasks, setting = tasks_of(context, section), setting_of(context.recipe, section)
    with Ledger(context.ledger) as ledger:
        teacher = connect_role(context, role, ledger)
        return run(_asked(context, role, teacher, tasks, setting))


async def _asked(
    context: Context,
    role: Role,
    teacher: Teacher,
    tasks: tuple[Task, ...],
    setting: Setting,
) -> dict[str, Any]:
    from limbeck.evals.in_context.ask import Reading, ask, count
    from limbeck.teachers.connect import width
    from limbeck.teachers.drain import draining

    section = context.recipe.eval.in_context
    assert section is not None
    name = name_of(context, role)
    reading = Reading(section.labels, section.samples, _capabilities(context, name))
    at_once = AT_ONCE if name.is_local else width(context.recipe.teacher)
    try:
        with context.reporter.stage(f"in-context {role}", "rows", count(tasks, setting)) as bar:
            async with draining(teacher, context.reporter.say):
                found, failures = await ask(
                    tasks, setting, reading, teacher, width=at_once, on_done=bar.advance
                )
    finally:
        await teacher.aclose()
    return {"tasks": [one.to_json() for one in found], "failures": failures}


def report_of(context: Context) -> dict[str, Any] | None:
    """The in-context part of the report, from what the eval stage wrote; None where it asked for
    nothing of it."""
    section = context.recipe.eval.in_context
    if section is None:
        return None
    from limbeck.evals.in_context.baselines import baselines
    from limbeck.evals.in_context.summary import summary

    saved = {
        role: read_json(context.run.folder("eval") / FOLDER / f"{role}.json")
        for role in ("base", "student", "teacher")
    }
    seed = context.recipe.seed
    found = summary({role: one["tasks"] for role, one in saved.items()}, seed=seed)
    most = max(section.shots)
    for task, row in zip(tasks_of(context, section), found["tasks"], strict=True):
        row["pool"] = len(task.pool)
        row["baselines"] = baselines(task, neighbours=most, near=section.near, seed=seed)
    failed = {role: len(one["failures"]) for role, one in saved.items()}
    return {"protocol": saved["student"]["protocol"], "failed_calls": failed, **found}


def setting_of(recipe: Recipe, section: InContext) -> Setting:
    """How the recipe's tasks are asked."""
    from limbeck.demos.prompting import Prompting
    from limbeck.evals.in_context.conditions import Setting

    written = _written(recipe, section)
    return Setting(
        prompting=Prompting(written["form"], written["instruction"]),
        shots=section.shots,
        seeds=section.seeds,
        select=section.select,
        controls=section.controls,
        near=section.near,
        limit=written["max_prompt_tokens"],
        options=section.select_options,
    )


def _written(recipe: Recipe, section: InContext) -> dict[str, Any]:
    """Form, instruction and limit: the section's own, else as the teacher was asked."""
    given: Mapping[str, Any] = recipe.generate.options
    if recipe.generate.generator != "demonstrations":
        given = {}
    defaults = {"form": "chat", "instruction": "", "max_prompt_tokens": None}
    return {
        name: own if (own := getattr(section, name)) is not None else given.get(name, default)
        for name, default in defaults.items()
    }


def pool_of(recipe: Recipe, section: InContext) -> Path:
    """The file that demos come from."""
    return section.demos or recipe.seeds.demos or recipe.seeds.path


def _capabilities(context: Context, name: ModelName) -> Any:
    from limbeck.teachers.capabilities import recalled

    if name.is_local:
        return None
    with Ledger(context.ledger) as ledger:
        return recalled(context.recipe.teacher, ledger)
