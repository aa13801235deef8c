"""lm-eval as the engine: one model, all tasks of the protocol, one score per item."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from limbeck.errors import MissingExtra, UserError
from limbeck.evals.planned import Plan, Planned
from limbeck.hf import quiet
from limbeck.protocols import Teacher
from limbeck.recipe import Eval
from limbeck.recipe_eval import TASK_FILES
from limbeck.record import Message
from limbeck.teachers.scoring import Context

BINARY = ("acc", "acc_norm", "exact_match", "em", "exact", "pass@1")  # scores of 0 or 1


class Scores(Protocol):
    """Log-likelihoods of continuations; contexts that it had to leave out are `failures`."""

    failures: list[str]

    def __call__(self, pairs: Sequence[tuple[Context, str]]) -> list[tuple[float, bool]]: ...


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One model on one task.

    `items` are {"id", "doc", "prompt", "score", "output", "status", "answer"}, in task order; a
    score is None where the call failed. Items with one "cluster" (a template) vary together.
    `asked` are the items' questions, the same for every model: {"id", "doc", "question",
    "options", "target", "cluster"}.
    """

    task: str
    kind: str
    view: str
    metric: str
    higher_is_better: bool
    items: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "kind": self.kind,
            "view": self.view,
            "metric": self.metric,
            "higher_is_better": self.higher_is_better,
            "items": self.items,
        }


def evaluate(
    writer: Teacher,
    scores: Scores | None,
    plan: Plan,
    *,
    width: int,
    demos: Sequence[Message] = (),
    on_planned: Callable[[Sequence[Mapping[str, Any]]], None] = lambda tasks: None,
    on_total: Callable[[int], None] = lambda total: None,
    on_done: Callable[[int], None] = lambda count: None,
    say: Callable[[str], None] = lambda text: None,
) -> tuple[list[TaskResult], list[str]]:
    """Evaluate one model; also lists the calls that failed.

    `writer` writes, `scores` (None for a black box) gives likelihoods; `demos` are turns that stand
    in every chat. Before anything is asked
    `on_planned` is told of the tasks that can be seen to move, {"task", "n", "binary", "clusters"};
    imitation is not among them, whose spread is not known. Raises UserError for a
    task that is unknown, and MissingExtra without lm-eval.
    """
    with _quiet_lm_eval():
        engine = _import()
        from limbeck.evals.lm import RoleLM

        section, protocol = plan.section, plan.protocol
        manager = engine.tasks.TaskManager(
            include_path=_yaml_folders(section), include_defaults=_wants_registry(section)
        )
        planned = plan.tasks(manager)
        on_planned(_sizes(planned))
        on_total(_requests(planned))
        lm = RoleLM(
            writer,
            scores,
            width=width,
            max_tokens=section.max_tokens,
            demos=demos,
            on_done=on_done,
            say=say,
        )
        results = engine.evaluator.evaluate(
            lm=lm,
            task_dict={"tasks": {_key(one): one.task for one in planned}},
            apply_chat_template=protocol.prompt == "chat",
            fewshot_as_multiturn=True,
            bootstrap_iters=0,
            log_samples=True,
        )
        found = [_result(one, results) for one in planned]
    failures = lm.failures + (scores.failures if scores is not None else [])
    return _joined(found), failures


def _key(one: Planned) -> str:
    return f"{one.name}/{one.part}" if one.part else one.name


def _sizes(planned: Sequence[Planned]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    groups: dict[str, set[str]] = {}
    for one in planned:
        if one.view != "main" or one.kind == "imitation":
            continue
        metric = one.options.metric or next(iter(one.task.aggregation()))
        row = found.setdefault(
            one.name, {"task": one.name, "n": 0, "binary": metric in BINARY, "clusters": None}
        )
        docs = list(one.task.eval_docs)
        row["n"] += len(docs)
        own = groups.setdefault(one.name, set())
        field_ = one.options.cluster or "cluster"
        own |= {str(doc.get(field_) or one.part) for doc in docs if isinstance(doc, Mapping)}
        own.discard("")
        row["clusters"] = len(own) or None
    return list(found.values())


def _requests(planned: Sequence[Planned]) -> int:
    """How many answers the tasks take. Options are counted one by one."""
    total = 0
    for one in planned:
        docs = one.task.eval_docs
        if one.task.OUTPUT_TYPE == "multiple_choice":
            total += sum(len(one.task.doc_to_choice(doc)) for doc in docs)
        else:
            total += len(docs)
    return total


def _result(one: Planned, results: Mapping[str, Any]) -> TaskResult:
    from limbeck.evals import reading
    from limbeck.evals.asked import asked_of

    samples = _filtered(one, results["samples"][_key(one)])
    metric = _metric(one, samples[0]["metrics"])
    better = results.get("higher_is_better", {}).get(_key(one), {}).get(metric, True)
    scores = [_score(sample, metric) for sample in samples]
    binary = one.kind != "imitation" and {s for s in scores if s is not None} <= {0.0, 1.0}
    items, asked = [], []
    for sample, score in zip(samples, scores, strict=True):
        answer = reading.answer_of(one.task, sample)
        status = (
            reading.status_of(one.task, sample, score, answer)
            if binary or score is None
            else "scored"
        )
        shown = asked_of(one, sample)
        item = {
            "id": shown["id"],
            "doc": sample["doc_hash"],
            "prompt": sample["prompt_hash"],
            "score": score,
            "output": reading.output_of(sample),
            "status": status,
            "answer": answer,
        }
        items.append(item | ({"cluster": shown["cluster"]} if shown["cluster"] else {}))
        asked.append(shown)
    return TaskResult(one.name, one.kind, one.view, metric, bool(better), items, asked)


def _filtered(one: Planned, samples: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The samples of one filter, in the docs' order: one filter is chosen before models are paired,
    since every doc is there once for each."""
    names = list(dict.fromkeys(sample["filter"] for sample in samples))
    wanted = one.options.filter or names[0]
    if wanted not in names:
        raise UserError(f"the task {one.name} has no filter {wanted!r}; it has {', '.join(names)}")
    chosen = [sample for sample in samples if sample["filter"] == wanted]
    return sorted(chosen, key=lambda sample: int(sample["doc_id"]))


def _metric(one: Planned, names: Sequence[str]) -> str:
    wanted = one.options.metric or names[0]
    if wanted not in names:
        raise UserError(f"the task {one.name} has no metric {wanted!r}; it has {', '.join(names)}")
    return wanted


def _score(sample: Mapping[str, Any], metric: str) -> float | None:
    value = sample[metric]
    if isinstance(value, tuple | list):
        raise UserError(
            f"the metric {metric!r} of an lm-eval task has no score per item; limbeck pairs the "
            "three models item by item, so choose another one (eval.task_options), or a task "
            "that has one"
        )
    from limbeck.evals import reading

    none = reading.failed(sample) or not math.isfinite(float(value))
    return None if none else float(value)


def _joined(results: Sequence[TaskResult]) -> list[TaskResult]:
    """The parts of a group as one task, each item under its part's name."""
    found: dict[str, TaskResult] = {}
    for one in results:
        first = found.setdefault(one.task, one)
        if first is not one:
            if first.metric != one.metric:
                raise UserError(
                    f"the parts of {one.task} have different metrics, {first.metric} and "
                    f"{one.metric}; name one in eval.task_options, or the parts as tasks"
                )
            first.items.extend(one.items)
            first.asked.extend(one.asked)
    return list(found.values())


def _yaml_folders(section: Eval) -> list[str] | None:
    folders = {
        str(Path(task) if Path(task).is_dir() else Path(task).parent)
        for task in section.every_task
        if not task.endswith(".jsonl") and Path(task).is_absolute()
    }
    return sorted(folders) or None


def _wants_registry(section: Eval) -> bool:
    """Reading lm-eval's 13,000 tasks takes seconds: only where one is named."""
    return any(
        task != "imitation" and not task.endswith(TASK_FILES) and not Path(task).is_absolute()
        for task in section.every_task
    )


def _import() -> Any:
    # Nothing here may ask a hub behind the user's back, unless a task's own data is there.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        import lm_eval
        import lm_eval.evaluator
        import lm_eval.tasks
    except ImportError as error:
        raise MissingExtra("lm-eval", "eval") from error
    return lm_eval


@contextlib.contextmanager
def _quiet_lm_eval() -> Iterator[None]:
    """lm-eval talks on its own logger, through warnings and bars; what matters is in our results.

    limbeck's reporter holds the real stderr since before, so its own lines still show.
    """
    logger = logging.getLogger("lm_eval")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), quiet():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
