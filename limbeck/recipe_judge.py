"""The recipe's section on the judge, who compares answers to open prompts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from limbeck.recipe_teacher import Budget, OtherModel

Other = Literal["base", "teacher", "teacher_again"]


class Judge(OtherModel):
    """A model that says which of two answers is better: the student's, or that of each model in
    `against` (teacher_again is the teacher's second sample). It is named, reached and paced as a
    teacher is; a text alone is its `model`.

    `limit` draws that many of the prompts of eval.style, the same for every pair. Every pair is
    asked in both orders: two calls, each of `max_tokens` tokens of reply at most. `budget` is the
    judge's own, for all that judging in this run ever spent: recipe.budget is not touched.
    """

    against: Annotated[tuple[Other, ...], Field(min_length=1)] = ("base", "teacher")
    limit: Annotated[int, Field(ge=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] = 512
    budget: Budget = Field(default_factory=Budget)

    @field_validator("against", mode="before")
    @classmethod
    def _one_alone(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("against")
    @classmethod
    def _each_once(cls, value: tuple[Other, ...]) -> tuple[Other, ...]:
        twice = next((one for one in value if value.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"against has {twice!r} twice")
        return value
