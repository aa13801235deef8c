"""How each role is asked questions with exact targets: the student as it was trained, base and
teacher as the teacher was asked when it made the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limbeck.arrow import arrow_prompt
from limbeck.evals.questions import Asking, Prompt
from limbeck.pipeline.context import Context, Role
from limbeck.pipeline.generate import generator_of
from limbeck.pipeline.texts import one_turn
from limbeck.protocols import Request
from limbeck.recipe import Recipe
from limbeck.record import Record
from limbeck.step_by_step import PREDICT, prefixed


def asking_of(context: Context, role: Role) -> Asking:
    """Raises what building the recipe's generator raises; a student's own raises UserError for a
    question of several turns where it was trained on one."""
    if role == "student":
        return _as_trained(context.recipe)
    generator = generator_of(context)
    first: Callable[[Record], Request] | None = getattr(generator, "first_request", None)
    if first is None:
        return Asking(lambda seed: seed.messages, (), "the question alone")
    about = getattr(generator, "asked", "as the generator asks")
    return Asking(lambda seed: _prompt(first(seed)), _stop(generator), str(about))


def _as_trained(recipe: Recipe) -> Asking:
    prefix = PREDICT if recipe.train.objective == "step_by_step" else ""
    if recipe.format.text != "chat":
        about = f"as trained: {prefix}question ###"
        return Asking(lambda seed: prefix + _arrow_prompt(seed), (), about)
    about = f"as trained: {prefix}the question alone"
    return Asking(lambda seed: prefixed(prefix, seed.messages), (), about)


def _arrow_prompt(seed: Record) -> str:
    one_turn(seed.messages, f"the question {seed.id}")
    return arrow_prompt(seed.prompt)


def _prompt(request: Request) -> Prompt:
    return request.messages[0].content if request.template == "raw" else request.messages


def _stop(generator: Any) -> tuple[str, ...]:
    return tuple(getattr(generator, "stop", ()))
