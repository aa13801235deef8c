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
from typing import Any

from limbeck.errors import MissingExtra, UserError
from limbeck.evals.items import read_items
from limbeck.evals.protocol import Protocol
from limbeck.evals.questions import Asking, is_questions, read_questions
from limbeck.hf import Loaded, quiet
from limbeck.protocols import Teacher, Verifier
from limbeck.recipe import Eval
from limbeck.record import Record

FEWSHOT_SEED = 1234  # lm-eval's own default


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One model on one task. `items` are {"id", "prompt", "score", "output"}, in task order; a
    score is None where the call failed. Items with one "cluster" (a template) vary together."""

    task: str
    kind: str
    metric: str
    higher_is_better: bool
    items: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "kind": self.kind,
            "metric": self.metric,
            "higher_is_better": self.higher_is_better,
            "items": self.items,
        }


def evaluate(
    writer: Teacher,
    loaded: Loaded | None,
    protocol: Protocol,
    section: Eval,
    test: Sequence[Record],
    *,
    asking: Asking,
    verifier: Verifier,
    is_marked: Callable[[str], bool],
    width: int,
    on_total: Callable[[int], None] = lambda total: None,
    on_done: Callable[[int], None] = lambda count: None,
    say: Callable[[str], None] = lambda text: None,
) -> tuple[list[TaskResult], list[str]]:
    """Evaluate one model; also lists the calls that failed.

    `writer` writes, `loaded` (None for a black box) gives likelihoods.
    `test` are the held-out records of the imitation task; `asking` is how this role is asked the
    questions of a question task, which `verifier` judges; for `is_marked` see
    `question_task.answers`. Raises UserError for a task that is unknown, and MissingExtra without
    lm-eval.
    """
    with _quiet_lm_eval():
        engine = _import()
        from limbeck.evals.lm import RoleLM
        from limbeck.teachers.scoring import Scorer

        tasks = _tasks(section, protocol, test, asking, verifier, is_marked, loaded is not None)
        lm = RoleLM(
            writer,
            Scorer(loaded, on_done=on_done) if loaded is not None else None,
            width=width,
            max_tokens=section.max_tokens,
            on_done=on_done,
            say=say,
        )
        manager = engine.tasks.TaskManager(
            include_path=_yaml_folders(section), include_defaults=_wants_registry(section)
        )
        on_total(_count(tasks, section.limit))
        try:
            loaded_tasks = manager.load(tasks)
        except KeyError as error:
            raise UserError(f"lm-eval does not know the task {error}") from error
        for task in loaded_tasks["tasks"].values():
            if task.get_config("num_fewshot") is None:
                task.set_config(key="num_fewshot", value=0)
            task.set_fewshot_seed(seed=FEWSHOT_SEED)
        results = engine.evaluator.evaluate(
            lm=lm,
            task_dict=loaded_tasks,
            limit=section.limit,
            apply_chat_template=protocol.prompt == "chat",
            fewshot_as_multiturn=True,
            bootstrap_iters=0,
            log_samples=True,
        )
    return [_result(name, results) for name in results["samples"]], lm.failures


def _tasks(
    section: Eval,
    protocol: Protocol,
    test: Sequence[Record],
    asking: Asking,
    verifier: Verifier,
    is_marked: Callable[[str], bool],
    scored: bool,
) -> list[Any]:
    from limbeck.evals import question_task
    from limbeck.evals import tasks as own

    made: list[Any] = []
    for task in section.tasks:
        if task == "imitation":
            if not test:
                raise UserError(
                    "the imitation task needs held-out prompts: set format.test above 0, or take "
                    "imitation out of eval.tasks"
                )
            if scored:
                made.append(own.imitation_nll(test))
            made.append(own.imitation_rouge_l(test, section.max_tokens))
        elif task.endswith(".jsonl") and is_questions(Path(task)):
            path = Path(task)
            made.append(
                question_task.answers(
                    path.stem,
                    read_questions(path),
                    asking,
                    verifier,
                    max_tokens=section.max_tokens,
                    is_marked=is_marked,
                )
            )
        elif task.endswith(".jsonl"):
            path = Path(task)
            items = read_items(path)
            if protocol.form == "loglikelihood":
                made.append(own.choice_by_likelihood(path.stem, items))
            else:
                made.append(own.choice_by_writing(path.stem, items, section.max_tokens))
        else:
            made.append(Path(task).stem if task.endswith((".yaml", ".yml")) else task)
    return made


def _yaml_folders(section: Eval) -> list[str] | None:
    folders = sorted({str(Path(t).parent) for t in section.tasks if t.endswith((".yaml", ".yml"))})
    return folders or None


def _wants_registry(section: Eval) -> bool:
    """Reading lm-eval's 13,000 tasks takes seconds: only where one is named."""
    own = (".jsonl", ".yaml", ".yml")
    return any(task != "imitation" and not task.endswith(own) for task in section.tasks)


def _count(tasks: Sequence[Any], limit: int | None) -> int:
    total = 0
    for task in tasks:
        if isinstance(task, str):
            continue  # lm-eval opens it later; the bar grows no total for it
        docs = list(task.test_docs())[:limit]
        total += sum(
            len(doc["options"]) if task.OUTPUT_TYPE == "multiple_choice" else 1 for doc in docs
        )
    return total


def _result(name: str, results: Mapping[str, Any]) -> TaskResult:
    samples = results["samples"][name]
    first_filter = samples[0]["filter"]
    samples = [sample for sample in samples if sample["filter"] == first_filter]
    metric = samples[0]["metrics"][0]
    better = results.get("higher_is_better", {}).get(name, {}).get(metric, True)
    items = [
        {
            "id": str(sample["doc"].get("id", sample["doc_id"])),
            "doc": sample["doc_hash"],
            "prompt": sample["prompt_hash"],
            "score": _score(sample, metric),
            "output": _output(sample),
            **({"cluster": cluster} if (cluster := sample["doc"].get("cluster")) else {}),
        }
        for sample in sorted(samples, key=lambda sample: sample["doc_id"])
    ]
    kind = "imitation" if name.startswith("imitation_") else "ability"
    return TaskResult(name, kind, metric, bool(better), items)


def _score(sample: Mapping[str, Any], metric: str) -> float | None:
    from limbeck.evals.tasks import FAILED

    value = sample[metric]
    if isinstance(value, tuple | list):
        raise UserError(
            f"the metric {metric!r} of an lm-eval task has no score per item; limbeck pairs the "
            "three models item by item, so choose a task whose first metric has one"
        )
    failed = any(FAILED in response for response in _flat(sample["resps"]))
    return None if failed or not math.isfinite(float(value)) else float(value)


def _flat(responses: Any) -> Iterator[str]:
    for response in responses if isinstance(responses, list | tuple) else [responses]:
        if isinstance(response, str):
            yield response
        elif isinstance(response, list | tuple):
            yield from _flat(response)


def _output(sample: Mapping[str, Any]) -> str | None:
    """What the model wrote, or None for a task of likelihoods."""
    texts = list(_flat(sample["resps"]))
    return str(texts[0]) if texts else None


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
