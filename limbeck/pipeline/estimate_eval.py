"""What the evaluation will ask of a paid teacher and of the judge, counted before anything is paid.

The same prompts as the evaluation's, as far as they can be made without a teacher; answers are
taken to be as long as they may be. What only the run itself can tell is said to be unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from limbeck.evals.items import written_question
from limbeck.evals.lm_eval_files.task_docs import TaskDocs, task_docs
from limbeck.evals.planned import drawn_items, drawn_questions
from limbeck.evals.questions import Prompt, is_questions
from limbeck.models import parse_model
from limbeck.money import Rates, estimate_tokens, price_of
from limbeck.pipeline import style
from limbeck.pipeline.asking import asking_of
from limbeck.pipeline.context import Context
from limbeck.pipeline.estimate_in_context import in_context_part
from limbeck.pipeline.estimate_plan import Planned
from limbeck.pipeline.forecast_eval import Bill, Evaluation, Part
from limbeck.pipeline.format import held_out_prompts
from limbeck.recipe import TeacherSection
from limbeck.recipe_eval import TASK_FILES, TaskOptions, task_name
from limbeck.record import Message, Record, user

TEMPLATES = "prompts are written by lm-eval's templates"


def evaluation_of(
    context: Context, seeds: Sequence[Record], plan: Sequence[Planned]
) -> Evaluation | None:
    """The evaluation of a recipe whose rows are planned so (none: a row a seed); None where there
    is no student, or nobody is paid for it. A file that is not there yet makes its part unknown.
    Raises DataError for one that cannot be read."""
    if context.recipe.student is None:
        return None
    section, teacher = context.recipe.eval, context.recipe.teacher
    bills: list[Bill | None] = [None, None]
    if _is_paid(teacher, rates := price_of(teacher)):
        parts: list[Part] = []
        for task in section.every_task:
            parts += _task(context, task, seeds, plan)
        parts += _style(context)
        parts += in_context_part(context)
        bills[0] = Bill(teacher.model, rates, tuple(parts))
    judge = section.judge
    if judge is not None and _is_paid(judge, rates := price_of(judge)):
        bills[1] = Bill(judge.model, rates, tuple(_judge(context)))
    made = Evaluation(*bills)
    return made if made.bills else None


def _is_paid(section: TeacherSection, rates: Rates | None) -> bool:
    return not parse_model(section.model).is_local and not (rates is not None and rates.free)


def _task(
    context: Context, task: str, seeds: Sequence[Record], plan: Sequence[Planned]
) -> Iterator[Part]:
    options, name, path = context.recipe.eval.options_of(task), task_name(task), Path(task)
    most = options.max_tokens or context.recipe.eval.max_tokens
    if task == "imitation":
        yield _imitation(context, options.limit, most, seeds, plan)
    elif task.endswith(TASK_FILES) and not path.is_file():
        yield _missing(name, path)
    elif task.endswith(".jsonl"):
        if is_questions(path):
            asking = asking_of(context, "teacher")
            prompts = [asking.prompt(one) for one in drawn_questions(path, options.limit)]
        else:
            items = drawn_items(path, options.limit)
            prompts = [written_question(one.question, one.options) for one in items]
        yield Part(name, len(prompts), sum(map(_tokens, prompts)), len(prompts) * most)
    elif path.is_absolute() and path.exists():
        for found in task_docs(path):
            yield from _lm_eval(found, options, most)
    elif len(path.parts) > 1:
        yield _missing(name, path)
    else:
        told = "how many docs it has is known to lm-eval, which may have to fetch them"
        yield Part(name, None, None, None, told)


def _tokens(prompt: Prompt) -> int:
    return estimate_tokens((user(prompt),) if isinstance(prompt, str) else prompt)


def _missing(name: str, path: Path) -> Part:
    return Part(name, None, None, None, f"{path} is not there")


def _lm_eval(found: TaskDocs, options: TaskOptions, most: int) -> Iterator[Part]:
    if found.likelihoods:  # a black box is not asked for any
        return
    own = found.max_tokens if options.max_tokens is None else None
    known = [one for one in (found.docs, options.limit) if one is not None]
    if not known:
        yield Part(found.name, None, None, None, found.why)
        return
    calls = min(known)
    yield Part(found.name, calls, None, calls * (own or most), TEMPLATES)


def _imitation(
    context: Context,
    limit: int | None,
    most: int,
    seeds: Sequence[Record],
    plan: Sequence[Planned],
) -> Part:
    """As if every row were kept, and the longest held out."""
    section = context.recipe.format
    if section.by == "template" and section.test:
        told = "how many rows the templates held out have is known once the rows are there"
        return Part("imitation", limit, None, limit and limit * most, told)
    rows = Counter(row.seed for row in plan) or Counter(range(len(seeds)))
    sizes = [row.longest for row in plan] or [estimate_tokens(seed.messages) for seed in seeds]
    held = held_out_prompts(section.test, len(seeds))
    count = sum(number for _, number in rows.most_common(held))
    # Where every row has a prompt of its own, as many of these are held out.
    count = min(
        max(count, held_out_prompts(section.test, len(sizes))), len(sizes), limit or len(sizes)
    )
    return Part("imitation", count, sum(sorted(sizes)[len(sizes) - count :]), count * most)


def _style(context: Context) -> Iterator[Part]:
    """Two samples of every prompt."""
    section = context.recipe.eval.style
    if section is None:
        return
    if not section.prompts.is_file():
        yield _missing("style", section.prompts)
        return
    prompts = style.prompts_of(context, section).asked
    read = sum(_tokens(_with_system(prompt, section.system)) for prompt in prompts)
    calls = 2 * len(prompts)
    yield Part("style", calls, 2 * read, calls * section.max_tokens)


def _with_system(prompt: Record, system: str) -> Sequence[Message]:
    own = prompt.messages
    return (Message("system", system), *own) if system and own[0].role != "system" else own


def _judge(context: Context) -> Iterator[Part]:
    """Both orders of every pair, of answers that are as long as style allows."""
    from limbeck.evals.judge.ask import chosen
    from limbeck.evals.judge.question import question

    judge, section = context.recipe.eval.judge, context.recipe.eval.style
    if judge is None or section is None:
        return
    name = f"judge ({judge.model})"
    if not section.prompts.is_file():
        yield _missing(name, section.prompts)
        return
    prompts = [prompt.prompt for prompt in style.prompts_of(context, section).asked]
    asked = [prompts[place] for place in chosen(prompts, judge.limit, context.recipe.seed)]
    read = sum(
        estimate_tokens(question(prompt, "", "", max_tokens=judge.max_tokens)) for prompt in asked
    )
    pairs = 2 * len(judge.against)
    calls = pairs * len(asked)
    answers = 2 * section.max_tokens * calls
    yield Part(name, calls, pairs * read + answers, calls * judge.max_tokens)
