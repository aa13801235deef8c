"""Style in a run: which prompts are asked and how, what each model wrote, what the report says.

eval/style/{base,student,teacher}.json hold a text for every prompt; the teacher's has a second
sample of it too, under "again".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck.arrow import arrow_prompt
from limbeck.errors import UserError
from limbeck.ledger import Ledger
from limbeck.pipeline.asking import asking_of
from limbeck.pipeline.context import Context, Role
from limbeck.pipeline.role_model import connect_role, section_of, weights_of
from limbeck.recipe_style import Style
from limbeck.record import Message, Record, content_hash, user
from limbeck.store import read_json, read_parquet
from limbeck.text import prompt_key

if TYPE_CHECKING:
    from limbeck.evals.style.ask import Question
    from limbeck.evals.style.prompts import Prompts
    from limbeck.protocols import Teacher

FOLDER = "style"
VERSION = 1  # raise it when prompts, sampling or features change


def protocol(context: Context) -> dict[str, Any] | None:
    """What is asked, with a hash; None where the recipe asks for nothing of it.

    The prompts are part of it by their content; `trained_on` is how many of the file are not
    asked, since the student was trained on them. Raises DataError for prompts that cannot be used.
    """
    section = context.recipe.eval.style
    if section is None:
        return None
    prompts = prompts_of(context, section)
    found = section.model_dump(mode="json") | {
        "prompts": section.prompts.name,
        "asked": len(prompts.asked),
        "trained_on": prompts.trained_on,
        "data": content_hash([prompt.id for prompt in prompts.asked]),
        "form": context.recipe.eval.prompt,
        "student": asking_of(context, "student").about if _has_own_form(context) else "as base",
        "seed": context.recipe.seed,
        "version": VERSION,
    }
    return {"hash": content_hash(found, size=8), **found}


def prompts_of(context: Context, section: Style) -> Prompts:
    """The prompts that are asked: none that the student was trained on. Raises DataError."""
    from limbeck.evals.style.prompts import read_prompts

    path = context.run.folder("format") / "train.parquet"
    keys = _prompts_in(path, path.stat().st_mtime_ns) if path.is_file() else frozenset()
    arrow = context.recipe.format.text != "chat"

    def is_trained_on(prompt: Record) -> bool:
        as_arrow = [user(arrow_prompt(prompt.prompt))]
        return prompt_key(prompt.messages) in keys or (arrow and prompt_key(as_arrow) in keys)

    return read_prompts(
        section.prompts,
        limit=section.limit,
        seed=context.recipe.seed,
        is_trained_on=is_trained_on,
    )


@lru_cache(maxsize=1)
def _prompts_in(path: Path, _mtime_ns: int) -> frozenset[str]:
    """The keys of all prompts of a split: asked for several times a run, and read once."""
    return frozenset(
        prompt_key([Message(turn["role"], turn["content"]) for turn in row["messages"][:-1]])
        for row in read_parquet(path)
    )


def ask_model(context: Context, role: Role) -> dict[str, Any]:
    """Sample one model on every prompt: `texts`, `reasons` and `failures`, as `ask.Answers` has
    them, the prompts' ids, and of the teacher a second sample under `again`.

    Raises StopRun, UserError and its kinds.
    """
    from limbeck.aio import run

    section = context.recipe.eval.style
    if section is None:
        raise UserError("the recipe has no eval.style")
    with Ledger(context.ledger) as ledger:
        return run(_asked(context, section, role, connect_role(context, role, ledger)))


async def _asked(context: Context, section: Style, role: Role, teacher: Teacher) -> dict[str, Any]:
    from limbeck.evals.style.ask import AGAIN, STUDENT, TEACHER, Sampling, ask
    from limbeck.teachers.connect import width as under_way
    from limbeck.teachers.drain import draining

    recipe = context.recipe
    prompts = prompts_of(context, section).asked
    raw = recipe.eval.prompt == "plain" or not _knows_chats(teacher)
    questions = _questions(context, role, prompts, section.system, raw=raw)
    sampling = Sampling(section.temperature, section.max_tokens, recipe.seed)
    width = under_way(section_of(context, role))
    samples = {"": TEACHER, "again": AGAIN} if role == "teacher" else {"": STUDENT}
    made: dict[str, Any] = {"prompts": [prompt.id for prompt in prompts]}
    total = len(questions) * len(samples)
    try:
        with context.reporter.stage(f"style {role}", "answers", total) as bar:
            async with draining(teacher, context.reporter.say):
                for key, sample in samples.items():
                    found = await ask(
                        questions, sampling, teacher, sample, width=width, on_done=bar.advance
                    )
                    made |= {key: found.to_json()} if key else found.to_json()
    finally:
        await teacher.aclose()
    return made | {"raw": raw}


def _questions(
    context: Context, role: str, prompts: Sequence[Record], system: str, *, raw: bool
) -> list[Question]:
    from limbeck.evals.style.ask import Question

    asking = asking_of(context, "student") if role == "student" else None
    made = []
    for prompt in prompts:
        if asking is not None and _has_own_form(context):
            made.append(Question(prompt.id, asking.prompt(prompt)))
            continue
        messages = prompt.messages
        if system and messages[0].role != "system":
            messages = (Message("system", system), *messages)
        text = "\n\n".join(message.content for message in messages)
        made.append(Question(prompt.id, text if raw else messages))
    return made


def _has_own_form(context: Context) -> bool:
    """Whether the student was trained on another form of prompt than the chat."""
    recipe = context.recipe
    return recipe.format.text != "chat" or recipe.train.objective == "step_by_step"


def _knows_chats(teacher: Any) -> bool:
    """Whether a local model has a chat template; what is not local is taken to know chats."""
    loaded = weights_of(teacher)
    return loaded is None or loaded.tokenizer.chat_template is not None


def texts(context: Context) -> tuple[list[str], dict[str, list[str | None]]]:
    """The prompts and what each role wrote to them, "teacher_again" among them; see `report_of`."""
    section = context.recipe.eval.style
    if section is None:
        raise UserError("the recipe has no eval.style")
    samples = _saved(context, section)
    prompts = [prompt.prompt for prompt in prompts_of(context, section).asked]
    return prompts, {role: one["texts"] for role, one in samples.items()}


def report_of(context: Context) -> dict[str, Any] | None:
    """The report's section on style, from what the eval stage wrote, with the `protocol` and the
    failed calls by role; None where the recipe asks for nothing of it. Raises UserError where the
    models were asked different prompts."""
    section = context.recipe.eval.style
    if section is None:
        return None
    from limbeck.evals.style.summary import summary

    samples = _saved(context, section)
    prompts, written = texts(context)
    found = summary(
        prompts,
        written,
        reasons={role: one["reasons"] for role, one in samples.items()},
        seed=context.recipe.seed,
        setting={"temperature": section.temperature, "max_tokens": section.max_tokens},
    )
    failed = {role: len(one["failures"]) for role, one in samples.items()}
    return {"protocol": samples["student"]["protocol"], "failed_calls": failed, **found}


def _saved(context: Context, section: Style) -> dict[str, Any]:
    """What the eval stage wrote, by role. Raises UserError for other prompts than the recipe's."""
    folder = context.run.folder("eval") / FOLDER
    saved = {role: read_json(folder / f"{role}.json") for role in ("base", "student", "teacher")}
    prompts = [prompt.id for prompt in prompts_of(context, section).asked]
    if any(one["prompts"] != prompts for one in saved.values()):
        raise UserError(
            "base, student and teacher were sampled on other prompts than the recipe's; their "
            "styles do not compare. Run limbeck eval again"
        )
    return {**saved, "teacher_again": saved["teacher"]["again"]}
