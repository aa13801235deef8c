"""What is asked: every task of the protocol as an lm-eval task, in the form that the roles can
answer, with the same drawn items for every model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from limbeck.errors import UserError
from limbeck.evals.items import Item, read_items
from limbeck.evals.protocol import Protocol
from limbeck.evals.questions import Asking, is_questions, read_questions
from limbeck.protocols import Verifier
from limbeck.recipe import Eval
from limbeck.recipe_eval import TASK_FILES, TaskOptions
from limbeck.record import Record, content_hash

FEWSHOT_SEED = 1234  # lm-eval's own default
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

    def tasks(self, engine: Any) -> list[Planned]:
        """All of them, in the recipe's order. Raises UserError for a task that is unknown, has no
        item, or cannot be put in the written form."""
        found: list[Planned] = []
        for entry in self.section.every_task:
            options = self.section.options_of(entry)
            lost = entry in self.section.forgetting
            made = self._entry(entry, options, engine)
            found += map(_forgetting, made) if lost else made
        names = [(one.name, one.part) for one in found]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UserError(
                f"two of the tasks are named {twice[0]!r}: their scores would stand in one row; "
                "rename one, or name it once"
            )
        return found

    def _most(self, options: TaskOptions) -> int:
        """The tokens that a model may write to a task of ours."""
        return options.max_tokens or self.section.max_tokens

    def _entry(self, entry: str, options: TaskOptions, engine: Any) -> Iterator[Planned]:
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

    def _engine(self, entry: str, options: TaskOptions, engine: Any) -> Iterator[Planned]:
        """The lm-eval tasks of a name, a YAML file or a folder."""
        for name in _names(entry):
            try:
                loaded = engine.load([name])
            except KeyError as error:
                raise UserError(f"lm-eval does not know the task {error}") from error
            except Exception as error:  # a task's file may run into anything
                told = _cause(error)
                raise UserError(
                    f"lm-eval cannot load the task {name}: {told}. Look at its data_files, or the "
                    "name of its data set"
                ) from error
            for own_name, task in loaded["tasks"].items():
                group = name if name in loaded["groups"] else ""
                yield from self._put(task, group or own_name, own_name if group else "", options)

    def _put(self, task: Any, name: str, part: str, options: TaskOptions) -> Iterator[Planned]:
        from limbeck.evals.written import written_choice

        _set(task, options, self._most(options))
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
        if self.scored and self.second_view:
            task.set_config(key="task", value=task.task_name + LIKELIHOOD)
            yield Planned(task, name + LIKELIHOOD, "ability", "likelihood", options, part)


def drawn(items: Sequence[Any], limit: int | None, key: Callable[[Any], object]) -> list[Any]:
    """`limit` of the items in their order: those with the least hashes, so that fewer are always
    among more, and the order of a file decides nothing."""
    if limit is None or limit >= len(items):
        return list(items)
    ranked = sorted(range(len(items)), key=lambda place: (content_hash(key(items[place])), place))
    return [items[place] for place in sorted(ranked[:limit])]


def drawn_questions(path: Path, limit: int | None) -> list[Record]:
    """The questions of a file that are asked. Raises DataError as `read_questions` does."""
    return drawn(read_questions(path), limit, lambda question: [question.id, question.prompt])


def drawn_items(path: Path, limit: int | None) -> list[Item]:
    """The items of a file that are asked. Raises DataError as `read_items` does."""
    return drawn(read_items(path), limit, lambda item: [item.id, item.question])


def _set(task: Any, options: TaskOptions, most: int) -> None:
    """The options of an lm-eval task, and its drawn docs."""
    from lm_eval.utils import handle_non_serializable, hash_string  # as its own doc_hash is made

    shots = options.few_shot
    if shots is not None or task.get_config("num_fewshot") is None:
        task.set_config(key="num_fewshot", value=shots or 0)
    task.set_fewshot_seed(seed=FEWSHOT_SEED)
    if task.OUTPUT_TYPE == "generate_until":
        settings = dict(task.config.generation_kwargs or {})
        if "max_gen_toks" not in settings or options.max_tokens is not None:
            settings["max_gen_toks"] = most
        task.set_config(key="generation_kwargs", value=settings)
    docs = list(task.eval_docs)
    if not docs:
        raise UserError(f"the task {task.task_name} has no item")

    def key(doc: Any) -> str:
        return str(
            hash_string(
                json.dumps(doc, indent=2, default=handle_non_serializable, ensure_ascii=False)
            )
        )

    if options.limit is not None and options.limit < len(docs):
        chosen = drawn(docs, options.limit, key)
        # lm-eval's own `limit` takes the first docs, and its `samples` mixes up their ids.
        if task.has_test_docs():
            task.test_docs = lambda: chosen
        else:
            task.validation_docs = lambda: chosen


def _cause(error: BaseException) -> str:
    """What began it, in a line: the last of a chain says only that there was an error."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {'; '.join(lines)[:300]}"


def _names(entry: str) -> list[str]:
    from limbeck.evals.lm_eval_files.task_folder import tasks_in

    path = Path(entry)
    if entry.endswith(TASK_FILES):
        return [path.stem]
    return tasks_in(path) if path.is_absolute() and path.is_dir() else [entry]


def _forgetting(one: Planned) -> Planned:
    return replace(one, kind="forgetting")
