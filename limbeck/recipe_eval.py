"""The recipe's section on evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from limbeck.recipe_judge import Judge
from limbeck.recipe_student import Section
from limbeck.recipe_style import Style as Style

Shots = Annotated[int, Field(ge=0)]
TASK_FILES = (".jsonl", ".yaml", ".yml")


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


class TaskOptions(Section):
    """How one task is asked, where it differs from the others.

    `few_shot` is lm-eval's num_fewshot. `filter` and `metric` name which of an lm-eval task's own
    ones give the score (default: the first). `cluster` is a field of its docs (a subject, a
    passage): items that share it vary together.
    """

    limit: Annotated[int, Field(ge=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    few_shot: Annotated[int, Field(ge=0)] | None = None
    filter: str | None = None
    metric: str | None = None
    cluster: str | None = None


class Eval(Section):
    """The protocol of the transfer report: the same for base, student and teacher.

    A task is `imitation`, a JSONL file of items (question, options, answer), an lm-eval YAML
    file, a folder of them, or the name of an lm-eval task or group. Those of `forgetting` lie
    outside of what is distilled: what the student lost. `task_options` are by the task's name, a
    file's without its ending. `limit` draws so many items of each task, the same for every model.
    `form` is how multiple choice is asked: by the likelihood of each option, or written out, which
    is all that a black box answers (auto). In the written form `second_view` also asks base and
    student by likelihood. `few_shot_base` also asks base, untrained, after so many of the training
    rows: what showing the form alone is worth.
    """

    tasks: tuple[str, ...] = ("imitation",)
    forgetting: tuple[str, ...] = ()
    task_options: dict[str, TaskOptions] = Field(default_factory=dict)
    form: Literal["auto", "loglikelihood", "generate"] = "auto"
    second_view: bool = True
    few_shot_base: Annotated[int, Field(ge=1)] | None = None
    prompt: Literal["chat", "plain"] = "chat"
    limit: Annotated[int, Field(ge=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] = 128
    batch_size: Annotated[int, Field(ge=1)] = 32
    in_context: InContext | None = None
    style: Style | None = None
    judge: Judge | None = None

    @field_validator("forgetting", mode="before")
    @classmethod
    def _one_task(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _demos_in_a_chat(self) -> Self:
        if self.few_shot_base is not None and self.prompt != "chat":
            raise ValueError("few_shot_base shows rows as turns of a chat; set prompt to chat")
        return self

    @model_validator(mode="after")
    def _options_of_tasks(self) -> Self:
        names = {task_name(task) for task in self.every_task}
        unknown = next((name for name in self.task_options if name not in names), None)
        if unknown is not None:
            raise ValueError(
                f"task_options has options of {unknown!r}, which is no task here; there are "
                f"{', '.join(sorted(names))}"
            )
        return self

    @property
    def every_task(self) -> tuple[str, ...]:
        return (*self.tasks, *self.forgetting)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of questions or items among the tasks."""
        return tuple(Path(task) for task in self.every_task if task.endswith(".jsonl"))

    def options_of(self, task: str) -> TaskOptions:
        """A task's options, with the section's limit where it has none."""
        own = self.task_options.get(task_name(task), TaskOptions())
        return own.model_copy(update={"limit": own.limit or self.limit})


def task_name(task: str) -> str:
    """The name that a task's results stand under: a file's or a folder's, without its ending."""
    path = Path(task)
    return path.stem if task.endswith(TASK_FILES) else path.name
