"""The recipe's section on evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from limbeck.recipe_judge import Judge
from limbeck.recipe_student import Section

Shots = Annotated[int, Field(ge=0)]


class InContext(Section):
    """What base, student and teacher learn from demos: the labels of `rows` {task, id, input,
    output, options}, after as many demos as `shots` says, each chosen from its task's rows in
    `demos` (the default: `seeds.demos`, else `seeds.path`).

    Of random and balanced demos there are `seeds` draws; all of a task's rows are shown the same.
    `select` lists selectors of limbeck.demos, each a curve of its own, and `select_options` their
    options by name. `controls` are asked after the most shots. `form`, `instruction` and
    `max_prompt_tokens` are by default those of the generator demonstrations. `limit` bounds the
    rows of a task. A model that gives no likelihoods is asked `samples` times (one time: at
    temperature 0).
    """

    rows: Path
    demos: Path | None = None
    shots: Annotated[tuple[Shots, ...], Field(min_length=1)] = (0, 1, 2, 4)
    seeds: Annotated[int, Field(ge=1)] = 5
    select: Annotated[tuple[str, ...], Field(min_length=1)] = ("random",)
    select_options: dict[str, dict[str, Any]] = Field(default_factory=dict)
    controls: tuple[Literal["flipped", "random_words"], ...] = ("flipped", "random_words")
    form: Literal["chat", "base"] | None = None
    instruction: str | None = None
    max_prompt_tokens: Annotated[int, Field(ge=1)] | None = None
    near: Annotated[float, Field(gt=0, le=1)] = 0.8
    labels: Literal["auto", "exact", "top_logprobs", "sampled"] = "auto"
    samples: Annotated[int, Field(ge=1)] = 1
    limit: Annotated[int, Field(ge=1)] | None = None

    @field_validator("select", "controls", "shots", mode="before")
    @classmethod
    def _one_alone(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str | int) else value

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for name in ("shots", "select", "controls"):
            given = getattr(self, name)
            twice = next((one for one in given if given.count(one) > 1), None)
            if twice is not None:
                raise ValueError(f"{name} has {twice!r} twice")
        unused = [name for name in self.select_options if name not in self.select]
        if unused:
            raise ValueError(
                f"select_options has options of {unused[0]!r}, which is not in select; add it "
                "there, or leave them out"
            )
        return self


class Eval(Section):
    """The protocol of the transfer report: the same for base, student and teacher.

    A task is `imitation`, a JSONL file of items (question, options, answer), an lm-eval YAML
    file, or the name of an lm-eval task.
    """

    tasks: tuple[str, ...] = ("imitation",)
    form: Literal["auto", "loglikelihood", "generate"] = "auto"
    prompt: Literal["chat", "plain"] = "chat"
    limit: Annotated[int, Field(ge=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] = 128
    batch_size: Annotated[int, Field(ge=1)] = 32
    in_context: InContext | None = None
    judge: Judge | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of questions or items among the tasks."""
        return tuple(Path(task) for task in self.tasks if task.endswith(".jsonl"))
