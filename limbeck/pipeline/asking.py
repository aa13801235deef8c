"""How each role is asked questions with exact targets: the student as it was trained, base and
teacher as the teacher was asked when it made the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from limbeck.arrow import arrow_prompt
from limbeck.evals.questions import Asking, Prompt
from limbeck.pipeline.context import Context
from limbeck.pipeline.generate import generator_of
from limbeck.protocols import Request
from limbeck.record import Record

Role = Literal["base", "student", "teacher"]


def asking_of(context: Context, role: Role) -> Asking:
    """Raises what building the recipe's generator raises."""
    if role == "student":
        if context.recipe.format.text == "arrow":
            return Asking(lambda seed: arrow_prompt(seed.prompt), (), "as trained: question ###")
        return Asking(lambda seed: seed.messages, (), "as trained: the question alone")
    generator = generator_of(context)
    first: Callable[[Record], Request] | None = getattr(generator, "first_request", None)
    if first is None:
        return Asking(lambda seed: seed.messages, (), "the question alone")
    about = getattr(generator, "asked", "as the generator asks")
    return Asking(lambda seed: _prompt(first(seed)), _stop(generator), str(about))


def _prompt(request: Request) -> Prompt:
    return request.messages[0].content if request.template == "raw" else request.messages


def _stop(generator: Any) -> tuple[str, ...]:
    return tuple(getattr(generator, "stop", ()))
