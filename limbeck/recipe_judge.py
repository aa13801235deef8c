"""The recipe's section on the judge, who compares answers to open prompts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from limbeck.models import OPENAI_URL, parse_model
from limbeck.recipe_teacher import Budget, TeacherSection

Other = Literal["base", "teacher", "teacher_again"]


class Judge(TeacherSection):
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

    @model_validator(mode="before")
    @classmethod
    def _model_alone(cls, value: Any) -> Any:
        return {"model": str(value)} if isinstance(value, str | Path) else value

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

    def with_url(self) -> Self:
        """The same with the address of OpenAI's API where it is an API's model without one."""
        if not self.model.startswith("openai:") or self.base_url is not None:
            return self
        return self.model_copy(update={"base_url": OPENAI_URL})


def with_judge(folder: Path, judge: Judge | None) -> Judge | None:
    """The same with its model's path taken from the recipe's folder. Raises ModelError for a name
    that is none."""
    if judge is None:
        return None
    model = str(parse_model(judge.model, folder=folder))
    return judge.model_copy(update={"model": model}).with_url()
