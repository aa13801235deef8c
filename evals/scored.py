"""One score per item, of what lm-eval gives of a task."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from limbeck.errors import UserError
from limbeck.evals import reading
from limbeck.evals.lm import Chat
from limbeck.evals.planned import Planned

Sample = Mapping[str, Any]


def filtered(one: Planned, samples: Sequence[Sample]) -> list[Sample]:
    """The samples of one filter, in the docs' order: one filter is chosen before models are paired,
    since every doc is there once for each."""
    names = list(dict.fromkeys(sample["filter"] for sample in samples))
    wanted = one.options.filter or names[0]
    if wanted not in names:
        raise UserError(f"the task {one.name} has no filter {wanted!r}; it has {', '.join(names)}")
    chosen = [sample for sample in samples if sample["filter"] == wanted]
    return sorted(chosen, key=lambda sample: int(sample["doc_id"]))


def metric_of(one: Planned, samples: Sequence[Sample]) -> str:
    """The metric that the task's options name, else the first of the task's own with one score for
    each item. Raises UserError where there is none."""
    said = dict.fromkeys(name for sample in samples for name in sample["metrics"])
    names = [*(name for name in declared(one.task) if name in said), *said]
    wanted = one.options.metric
    if wanted is not None and wanted not in said:
        raise UserError(f"the task {one.name} has no metric {wanted!r}; it has {', '.join(said)}")
    able = [name for name in names if _is_of_items(one.task, samples, name)]
    if not able or wanted not in (None, *able):
        raise UserError(
            f"the metric {wanted or names[0]!r} of the task {one.name} has no score per item; "
            "limbeck pairs the three models item by item, so choose "
            + (f"another one, such as {able[0]} (eval.task_options)" if able else "another task")
        )
    return wanted or able[0]


def declared(task: Any) -> list[str]:
    """A task's metrics, in its own order."""
    return [str(name) for name in _aggregations(task)]


def score_of(sample: Sample, metric: str) -> float | None:
    """None for an item without a score: the call failed, or the task gave none."""
    value = sample.get(metric)
    if value is None or reading.failed(sample) or not math.isfinite(float(value)):
        return None
    return float(value)


def is_chat(samples: Sequence[Sample]) -> bool:
    """Whether all of a task's prompts were chats."""
    return all(isinstance(sample["arguments"][0][0], Chat) for sample in samples)


def _is_of_items(task: Any, samples: Sequence[Sample], name: str) -> bool:
    """lm-eval's `perplexity` is a likelihood of each item, of which less is worse."""
    if getattr(_aggregations(task).get(name), "__name__", "") == "perplexity":
        return False
    values = [sample[name] for sample in samples if sample.get(name) is not None]
    return bool(values) and all(isinstance(value, Real) or _is_scalar(value) for value in values)


def _aggregations(task: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = type(task).aggregation(task)  # the harness hides them from lm-eval
    return found


def _is_scalar(value: Any) -> bool:
    """A number or truth value of numpy."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return getattr(value, "shape", None) == () and kind in ("b", "i", "u", "f")
