"""What eval.in_context will ask of a paid teacher."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from limbeck.demos import Demo
from limbeck.money import estimate_tokens, text_tokens
from limbeck.pipeline import in_context
from limbeck.pipeline.context import Context
from limbeck.pipeline.forecast_eval import Part
from limbeck.protocols import Request
from limbeck.record import user

if TYPE_CHECKING:
    from limbeck.evals.in_context.conditions import Condition, Setting
    from limbeck.evals.in_context.task import Task

NAME = "in_context"


def in_context_part(context: Context) -> Iterator[Part]:
    """Rows by conditions, seeds and samples. Which demos a row is shown is not worked out: they are
    taken to be the longest of its task's pool. Raises DataError for rows that cannot be used."""
    from limbeck.evals.in_context.conditions import without_controls

    recipe = context.recipe
    section = recipe.eval.in_context
    if section is None:
        return
    for path in (section.rows, in_context.pool_of(recipe, section)):
        if not path.is_file():
            yield Part(NAME, None, None, None, f"{path} is not there")
            return
    setting = in_context.setting_of(recipe, section)
    samples = 1 if section.labels == "top_logprobs" else section.samples
    calls = prompts = completions = 0
    for task in in_context.tasks_of(context, section):
        conditions = setting.conditions if task.labels else without_controls(setting.conditions)
        longest = sorted(task.pool, key=_size, reverse=True)
        for one in conditions:
            asked = one.seeds * samples
            calls += asked * len(task.rows)
            prompts += asked * _prompts(task, _shown(task, one, longest), setting)
            completions += samples * _completions(task, one)
    yield Part(NAME, calls, prompts, completions)


def _size(demo: Demo) -> int:
    return text_tokens(demo.input) + text_tokens(demo.output)


def _shown(task: Task, condition: Condition, longest: Sequence[Demo]) -> list[Demo]:
    """The longest demos, and under a control each with the longest of the labels' other names."""
    demos = list(longest[: condition.shots])
    names = [name for seed in range(condition.seeds) for name in _names(task, condition, seed)]
    if not names:
        return demos
    name = max(names, key=text_tokens)
    return [replace(demo, output=name, options=()) for demo in demos]


def _names(task: Task, condition: Condition, seed: int) -> Sequence[str]:
    """What the labels are called under a control."""
    from limbeck.evals.in_context.controls import renamed

    if condition.control is None:
        return ()
    return renamed(task.labels, condition.control, task.name, seed)


def _prompts(task: Task, demos: Sequence[Demo], setting: Setting) -> int:
    """The tokens of every row's prompt, demos dropped until it fits."""
    form = setting.prompting.messages
    total = 0
    for row in task.rows:
        size = estimate_tokens(form(demos, row.input))
        if setting.limit is not None:
            size = min(size, setting.limit)
        total += size
    return total


def _completions(task: Task, condition: Condition) -> int:
    """The most tokens that are written for all rows and seeds."""
    total = 0
    for seed in range(condition.seeds):
        shared = _names(task, condition, seed) or task.labels
        if shared:
            total += len(task.rows) * _most(shared)
        else:
            total += sum(_most(row.options) for row in task.rows)
    return total


def _most(labels: Sequence[str]) -> int:
    from limbeck.labels import Sampled

    (request,) = Sampled(n=1, temperature=0.0).requests(Request((user(""),)), labels)
    return request.max_tokens
