"""The recipe's section on the adversarial loop: rounds of imitation, discrimination, generation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from limbeck.recipe_paths import absolute
from limbeck.recipe_student import Section
from limbeck.recipe_teacher import OtherModel

Share = Annotated[float, Field(ge=0, le=1)]
Arm = Literal["rows", "cost"]


class Referee(OtherModel):
    """The model that scores the teacher's and the student's answer from 1 to 10. It is named,
    reached and paced as a teacher is; a text alone is its `model`. What it costs counts in the
    recipe's budget.

    Every pair is scored in both orders, each with a reply of `max_tokens` tokens at most, sampled
    at `temperature`.
    """

    max_tokens: Annotated[int, Field(ge=1)] = 512
    temperature: Annotated[float, Field(ge=0)] = 0.2


class Stop(Section):
    """When the loop ends before its last round: `patience` rounds long the held-out score was no
    more than `min_gain` above the best before (None: never). The score is that of `task`, or the
    mean over eval.tasks."""

    patience: Annotated[int, Field(ge=1)] | None = 1
    min_gain: Annotated[float, Field(ge=0)] = 0.0
    task: str | None = None


class Iterate(Section):
    """The loop of limbeck iterate (Lion, Jiang et al. 2023, arXiv:2305.12870).

    A round: the teacher answers the train pool, and the student learns from it, from the base or
    from the round before (`start`); teacher and student answer `sample` of the cache pool, and what
    the teacher does better by `tau` points of 10 or more is hard; from hard and easy ones come
    `new` more instructions, `hard_share` of them from hard ones, each source drawn alike or in
    proportion to its gap (`weight`). They replace the train pool or are added to it (`train_pool`),
    and are added to the cache pool, which begins with `cache` (by default with the seeds).

    Scored is `by` the target where that is an exact answer and else by the `referee` (auto), by
    the referee, or by targets alone, the rest being left out. The student answers at
    `student_temperature`. With `reserve`, a file of more questions, new ones are taken from there
    and not written by the teacher. `threshold` is the ROUGE-L above which a new instruction is not
    new; `stall_calls` and `stall_share` end the writing when too few are.

    `held_out` are prompts that the loop never sees; each round's student is scored on them by the
    referee. `control` are the arms that the loop is measured against: plain Self-Instruct with as
    many new rows, and beside that for as many tokens; with a reserve, a random draw from it.
    """

    rounds: Annotated[int, Field(ge=1)] = 3
    start: Literal["base", "previous"] = "base"
    train_pool: Literal["accumulate", "replace"] = "accumulate"
    cache: Path | None = None
    sample: Annotated[int, Field(ge=1)] | None = 200
    by: Literal["auto", "target", "referee"] = "auto"
    referee: Referee | None = None
    tau: Annotated[float, Field(gt=0, le=9)] = 1.0
    student_temperature: Annotated[float, Field(ge=0)] = 0.0
    new: Annotated[int, Field(ge=1)] = 200
    hard_share: Share = 0.5
    weight: Literal["even", "gap"] = "even"
    reserve: Path | None = None
    form: Literal["chat", "base"] = "chat"
    threshold: Annotated[float, Field(ge=0, lt=1)] = 0.7
    temperature: Annotated[float, Field(gt=0)] = 1.0
    max_tokens: Annotated[int, Field(ge=1)] = 256
    stall_calls: Annotated[int, Field(ge=1)] = 50
    stall_share: Share = 0.05
    held_out: Path | None = None
    held_out_limit: Annotated[int, Field(ge=1)] | None = None
    stop: Stop = Field(default_factory=Stop)
    control: tuple[Arm, ...] = ("rows",)

    @field_validator("control", mode="before")
    @classmethod
    def _one_alone(cls, value: Any) -> Any:
        if value is None or value == "none":
            return ()
        return (value,) if isinstance(value, str) else value

    @field_validator("control")
    @classmethod
    def _rows_first(cls, value: tuple[Arm, ...]) -> tuple[Arm, ...]:
        """The arm by cost counts with what the one by rows cost."""
        return tuple(sorted(value, key=get_args(Arm).index))

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for arm in self.control:
            if self.control.count(arm) > 1:
                raise ValueError(f"control has {arm!r} twice")
        if "cost" in self.control and "rows" not in self.control:
            raise ValueError(
                "control: cost needs rows beside it: what a row of that arm cost says how many the "
                "loop's tokens buy; set control to [rows, cost]"
            )
        if self.by == "referee" and self.referee is None:
            raise ValueError("by: referee needs a referee; name its model, or set by to target")
        if self.by == "target" and self.referee is not None and self.held_out is None:
            raise ValueError(
                "by: target asks no referee, and there is nothing held out for it; take referee "
                "out, or set by to auto"
            )
        if self.held_out is not None and self.referee is None:
            raise ValueError("held_out prompts are scored by the referee, and there is none")
        if self.held_out_limit is not None and self.held_out is None:
            raise ValueError("held_out_limit has no effect without held_out")
        return self


def with_iterate(folder: Path, section: Iterate | None) -> Iterate | None:
    """The same with paths taken from the recipe's folder. Raises ModelError for a name that is
    none, RecipeError for what cannot be a path."""
    if section is None:
        return None
    paths = {
        name: absolute(folder, path, f"iterate.{name}")
        for name in ("cache", "reserve", "held_out")
        if (path := getattr(section, name)) is not None
    }
    referee = section.referee and section.referee.resolved(folder)
    return section.model_copy(update={**paths, "referee": referee})
