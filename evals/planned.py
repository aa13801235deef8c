"""What is asked: every task of the protocol as an lm-eval task, in the form that the roles can
answer, with the same drawn items for every model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from limbeck.errors import UserError
from limbeck.evals.engine import Engine, drawn, set_options
from limbeck.evals.items import Item, read_items
from limbeck.evals.protocol import Protocol
from limbeck.evals.questions import Asking, is_questions, read_questions
from limbeck.evals.statistics.clusters import IMITATION
from limbeck.protocols import Verifier
from limbeck.recipe import Eval
from limbeck.recipe_eval import TaskOptions
from limbeck.record import Record

LIKELIHOOD = " (by likelihood)"
LIKELIHOODS = ("loglikelihood", "loglikelihood_rolling", "multiple_choice")

Kind = Literal["imitation", "ability", "forgetting"]
View = Literal["main", "likelihood"]


@dataclass(frozen=True, slots=True)
class Planned:
    """One lm-eval task. Its results stand under `name`: that of its group, where it has one.

    `view` likelihood is the second view of a task that is written in the main one: of base and
    student only.
    """

    task: Any
    name: str
    kind: Kind
    view: View
    options: TaskOptions
    part: str = ""

    @property
    def key(self) -> str:
        """What tells it apart from all others."""
        return f"{self.name}/{self.part}" if self.part else self.name


@dataclass(frozen=True, slots=True)
class Plan:
    """Makes the tasks of one role.

    `scored` says that the role gives likelihoods, `second_view` that it is asked for it as well.
    `test` are the held-out records of the imitation task; `asking` is how this role is asked the
    questions of a question task, which `verifier` judges; for `is_marked` see
    `question_task.answers`.
    """

    section: Eval
    protocol: Protocol
    test: Sequence[Record]
    asking: Asking
    verifier: Verifier
    is_marked: Callable[[str], bool]
    scored: bool
    second_view: bool

    def tasks(self, engine: Engine) -> list[Planned]:
        """All of them, in the recipe's order. Raises UserError for a task that is unknown, has no
        item, or cannot be put in the written form."""
        found: list[Planned] = []
        for entry in self.section.every_task:
            options = self.section.options_of(entry)
            lost = entry in self.section.forgetting
            made = self._entry(entry, options, engine)
            found += map(_forgetting, made) if lost else made
        names = Counter(one.key for one in found)
        twice = next((name for name, count in names.items() if count > 1), None)
        if twice is not None:
            raise UserError(
                f"two of the tasks are named {twice!r}: their scores would stand in one row; "
                "rename one, or name it once"
            )
        taken = [one.name for one in found if one.kind != "imitation"]
        if wrong := next((name for name in taken if name.startswith(IMITATION)), None):
            raise UserError(
                f"the task {wrong} has a name of the imitation task, whose scores are read in "
                "another way; rename it"
            )
        return found

    def _most(self, options: TaskOptions) -> int:
        """The tokens that a model may write to a task of ours."""
        return options.max_tokens or self.section.max_tokens

    def _entry(self, entry: str, options: TaskOptions, engine: Engine) -> Iterator[Planned]:
        from limbeck.evals import tasks as own

        if entry == "imitation":
            if not self.test:
                raise UserError(
                    "the imitation task needs held-out prompts: set format.test above 0, or take "
                    "imitation out of eval.tasks"
                )
            test = drawn(self.test, options.limit, lambda record: record.id)
            if self.scored:
                task = own.imitation_nll(test)
                yield Planned(task, task.task_name, "imitation", "main", options)
            task = own.imitation_rouge_l(test, self._most(options))
            yield Planned(task, task.task_name, "imitation", "main", options)
        elif entry.endswith(".jsonl"):
            yield from self._file(Path(entry), options)
        else:
            yield from self._engine(entry, options, engine)

    def _file(self, path: Path, options: TaskOptions) -> Iterator[Planned]:
        from limbeck.evals import question_task
        from limbeck.evals import tasks as own

        name, most = path.stem, self._most(options)
        if is_questions(path):
            questions = drawn_questions(path, options.limit)
            made = question_task.answers(
                name,
                questions,
                self.asking,
                self.verifier,
                max_tokens=most,
                is_marked=self.is_marked,
            )
            yield Planned(made, name, "ability", "main", options)
            return
        items = drawn_items(path, options.limit)
        if self.protocol.form == "loglikelihood":
            yield Planned(own.choice_by_likelihood(name, items), name, "ability", "main", options)
            return
        yield Planned(own.choice_by_writing(name, items, most), name, "ability", "main", options)
        if self.scored and self.second_view:
            second = own.choice_by_likelihood(name + LIKELIHOOD, items)
            yield Planned(second, name + LIKELIHOOD, "ability", "likelihood", options)

    def _engine(self, entry: str, options: TaskOptions, engine: Engine) -> Iterator[Planned]:
        """The lm-eval tasks of a name, a YAML file or a folder."""
        for name, part, task in engine.load(entry):
            yield from self._put(task, name, part, options)

    def _put(self, task: Any, name: str, part: str, options: TaskOptions) -> Iterator[Planned]:
        from limbeck.evals.written import written_choice

        _check(task, name)
        set_options(task, options, self._most(options))
        likelihoods = task.OUTPUT_TYPE in LIKELIHOODS
        if self.protocol.form == "loglikelihood" or not likelihoods:
            if likelihoods and not self.scored:
                raise UserError(
                    f"the task {name} is one of likelihoods, which the teacher does not give; set "
                    "eval.form to auto or generate"
                )
            yield Planned(task, name, "ability", "main", options, part)
            return
        if task.OUTPUT_TYPE == "multiple_choice":
            made = written_choice(task, self._most(options))
            yield Planned(made, name, "ability", "main", options, part)
        elif not self.protocol.second_view:
            raise UserError(
                f"the task {name} is one of likelihoods, which have no written form, and "
                "eval.second_view is off: nobody would be asked; leave the task out, or set "
                "second_view to true"
            )
        if self.scored and self.second_view:
            task.set_config(key="task", value=task.task_name + LIKELIHOOD)
            yield Planned(task, name + LIKELIHOOD, "ability", "likelihood", options, part)


def drawn_questions(path: Path, limit: int | None) -> list[Record]:
    """The questions of a file that are asked. Raises DataError as `read_questions` does."""
    return drawn(read_questions(path), limit, lambda question: [question.id, question.prompt])


def drawn_items(path: Path, limit: int | None) -> list[Item]:
    """The items of a file that are asked. Raises DataError as `read_items` does."""
    return drawn(read_items(path), limit, lambda item: [item.id, item.question])


def _check(task: Any, name: str) -> None:
    """Raises UserError for a task that lm-eval would refuse, or whose scores could not be paired,
    before a model is asked."""
    if getattr(task, "UNSAFE_CODE", False):
        raise UserError(
            f"the task {name} runs the code that models write, which limbeck does not; leave it out"
        )
    if getattr(task, "MULTIMODAL", False):
        raise UserError(f"the task {name} shows images or sounds, and models are asked in text")
    if task.OUTPUT_TYPE == "loglikelihood_rolling" and not callable(task.config.process_results):
        raise UserError(
            f"the task {name} measures the perplexity of texts, which has no score per item; "
            "limbeck pairs the three models item by item, so leave it out"
        )


def _forgetting(one: Planned) -> Planned:
    return replace(one, kind="forgetting")
