"""Asking one model: the distribution over labels of every row, under every condition and seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from limbeck.aio import map_ordered
from limbeck.errors import AskError
from limbeck.evals.in_context.conditions import Condition, Setting, without_controls
from limbeck.evals.in_context.prompts import Asked, Prompts
from limbeck.evals.in_context.task import Task
from limbeck.labels import Choice, Exact, LabelDistribution, Sampled, estimator
from limbeck.labels.choose import Wanted
from limbeck.protocols import Teacher
from limbeck.teachers.capabilities import Capabilities

NEEDED_BY = "eval.in_context"
DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """How labels are read from a model: by the best method that it gives, or a named one. Sampling
    takes `samples` replies: one at temperature 0, which gives a label only, or several at 1."""

    method: Wanted = "auto"
    samples: int = 1
    capabilities: Capabilities | None = None


class _Place(NamedTuple):
    task: int
    condition: int
    seed: int


@dataclass(slots=True)
class Answers:
    """What a model said to a task's rows under one condition: for each seed and row the
    probabilities of the labels (all 0 where it named none), or None where the call failed; whether
    they are more than a label;
    the ids of the demos that each row was shown, in prompt order; and the place of the label that
    the last of them has there among the row's labels, -1 without demos, or where it is none of
    them."""

    condition: Condition
    probabilities: list[list[list[float] | None]] = field(default_factory=list)
    soft: bool = True
    demos: list[list[list[str]]] = field(default_factory=list)
    last: list[list[int]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """`demos` of a seed are one list where all rows were shown the same, else one a row."""
        one = self.condition
        return {
            "condition": one.key,
            "select": one.select,
            "shots": one.shots,
            "control": one.control,
            "soft": self.soft,
            "probabilities": self.probabilities,
            "demos": [rows[:1] if all(r == rows[0] for r in rows) else rows for rows in self.demos],
            "last": self.last,
        }


@dataclass(frozen=True, slots=True)
class TaskAnswers:
    """Everything that a model said to a task."""

    task: Task
    answers: tuple[Answers, ...]
    near: int

    def to_json(self) -> dict[str, Any]:
        """Rows by id with the place of their target among the labels, or among their own options
        (then `labels` is empty)."""
        task = self.task
        return {
            "task": task.name,
            "labels": list(task.labels),
            "near": self.near,
            "rows": [{"id": row.id, "target": task.target(row)} for row in task.rows],
            "conditions": [one.to_json() for one in self.answers],
        }


async def ask(
    tasks: Sequence[Task],
    setting: Setting,
    reading: Reading,
    teacher: Teacher,
    *,
    width: int,
    on_done: Callable[[int], None] = lambda count: None,
) -> tuple[list[TaskAnswers], list[str]]:
    """Ask every row under every condition, `width` at a time; also lists the calls that failed.

    Raises UserError for a method that the model does not allow, and StopRun.
    """
    prompts = [Prompts(task, setting) for task in tasks]
    made = [[Answers(one) for one in _conditions(task, setting)] for task in tasks]
    choices: dict[tuple[tuple[str, ...], int], Choice] = {}
    failures: list[str] = []

    def questions() -> Iterator[tuple[_Place, Asked]]:
        for number, (task, answers) in enumerate(zip(tasks, made, strict=True)):
            for place, one in enumerate(answers):
                for seed in range(one.condition.seeds):
                    one.probabilities.append([None] * len(task.rows))
                    one.demos.append([])
                    one.last.append([])
                    for asked in prompts[number].asked(one.condition, seed):
                        yield _Place(number, place, seed), asked

    async def answer(question: tuple[_Place, Asked]) -> tuple[_Place, Asked, Any]:
        place, asked = question
        shots = made[place.task][place.condition].condition.shots
        key = (asked.labels, min(shots, 1))
        if key not in choices:
            choices[key] = _choice(teacher, asked.labels, setting, reading, shots)
        prompting = setting.prompting
        stop = prompting.stop_of_label(asked.labels)
        request = prompting.request(asked.demos, asked.row.input, stop=stop)
        try:
            found = await choices[key].estimator.estimate(request, asked.labels, teacher)
            return place, asked, found.distribution
        except AskError as error:
            failures.append(f"{error.reason}: {error}")
            return place, asked, None

    async with map_ordered(answer, questions(), width) as results:
        async for place, asked, found in results:
            into = made[place.task][place.condition]
            row = len(into.demos[place.seed])
            into.demos[place.seed].append([demo.id for demo in asked.demos])
            into.last[place.seed].append(_last(asked))
            if found is not None:
                into.soft = into.soft and found.is_soft()
                into.probabilities[place.seed][row] = _numbers(found, asked.labels)
            on_done(1)
    return [
        TaskAnswers(task, tuple(answers), one.near)
        for task, answers, one in zip(tasks, made, prompts, strict=True)
    ], failures


def _last(asked: Asked) -> int:
    labels = asked.labels
    said = asked.demos[-1].output if asked.demos else None
    return labels.index(said) if said in labels else -1


def _numbers(found: LabelDistribution, labels: Sequence[str]) -> list[float]:
    """What to keep of a distribution. Where nothing that was said is a label, it is a wrong answer
    and not a lost one: no label has anything."""
    if found.why_unusable():
        return [0.0] * len(labels)
    if not found.is_soft():
        return [float(label == found.label) for label in labels]
    return [round(found.probabilities[label], DECIMALS) for label in labels]


def count(tasks: Sequence[Task], setting: Setting) -> int:
    """How many rows are asked in all, each seed and condition counted."""
    return sum(
        len(task.rows) * sum(one.seeds for one in _conditions(task, setting)) for task in tasks
    )


def _conditions(task: Task, setting: Setting) -> tuple[Condition, ...]:
    return setting.conditions if task.labels else without_controls(setting.conditions)


def _choice(
    teacher: Teacher, labels: Sequence[str], setting: Setting, reading: Reading, shots: int
) -> Choice:
    samples = reading.samples
    return estimator(
        teacher,
        labels,
        capabilities=reading.capabilities,
        template=setting.prompting.template,
        method=reading.method,
        needed_by=NEEDED_BY,
        exact=Exact(after=setting.prompting.after_label(shots)),
        sampled=Sampled(n=samples, temperature=1.0 if samples > 1 else 0.0, width=samples),
    )
