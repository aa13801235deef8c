"""Runs of lm-eval side by side: were the models asked alike, and which items do they share?"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.errors import DataError, UserError
from limbeck.evals.lm_eval_files.answers import Sample, sample_of
from limbeck.evals.lm_eval_files.samples import TaskRun, one_number, read_samples

SETTINGS = {
    "output_type": "the kind of request",
    "doc_to_text": "the prompt's template",
    "doc_to_choice": "the options' template",
    "doc_to_target": "the target's template",
    "description": "the description",
    "target_delimiter": "what stands before an option",
    "fewshot_delimiter": "what stands between examples",
    "gen_prefix": "the answer's first words",
    "generation_kwargs": "the generation settings",
    "repeats": "how often each is asked",
    "filter_list": "the filters",
}
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # of a function whose source lm-eval could not find


class NoScore(UserError):
    """A task without a metric that has a score for each item."""


@dataclass(frozen=True, slots=True)
class Samples:
    """A task's samples by filter, in the task's own order; `odd` says of a metric that has no score
    per item why."""

    run: TaskRun
    filters: dict[str, list[Sample]]
    metrics: dict[str, list[str]]
    odd: dict[str, str]


@dataclass(frozen=True, slots=True)
class Paired:
    """One task of several models: `items` by role, the same item at the same place; how many of
    each role's items the others lack; and of how many the prompts differ."""

    filter: str
    metric: str
    items: dict[str, list[Sample]]
    left_out: dict[str, int]
    prompts_differ: int


def read_task(run: TaskRun, cluster: str | None = None) -> Samples:
    """All samples of a task. Raises DataError for a bad line, and a file without samples."""
    filters: dict[str, list[Sample]] = {}
    metrics: dict[str, dict[str, None]] = {}
    odd: dict[str, str] = {}
    for _, row in read_samples(run.path):
        name = str(row["filter"])
        filters.setdefault(name, []).append(sample_of(row, run.config, cluster))
        for metric in row["metrics"]:
            metrics.setdefault(name, {})[str(metric)] = None
            if metric in row and not one_number(row[metric]):
                odd[str(metric)] = "is no number for each item"
    if not filters:
        raise DataError(f"{run.path} holds no samples", path=run.path)
    return Samples(run, filters, {name: list(found) for name, found in metrics.items()}, odd)


def check_asked_alike(runs: Mapping[str, TaskRun]) -> None:
    """Raises UserError where roles were asked a task in different ways: lm-eval's or the task's
    version, examples, templates, generation settings, filters, system prompt."""
    differing = []
    (first, one), *others = runs.items()
    for role, other in others:
        for label, ours, theirs in _settings(one, other):
            if ours != theirs:
                differing.append(f"{label} ({first} {_short(ours)}, {role} {_short(theirs)})")
    if differing:
        raise UserError(
            f"the models were not asked alike on {one.task}: {'; '.join(differing)}. Run lm_eval "
            "again with the same settings for all"
        )


def _settings(one: TaskRun, other: TaskRun) -> Iterator[tuple[str, Any, Any]]:
    """(label, of one, of the other) of all that must be the same."""

    def both(label: str, of: Callable[[TaskRun], Any]) -> tuple[str, Any, Any]:
        return label, of(one), of(other)

    yield both("the version of lm-eval", lambda run: run.results.get("lm_eval_version"))
    yield both("the task's version", lambda run: run.said("versions"))
    yield both("the number of examples in the prompt", lambda run: run.said("n-shot") or 0)
    for key, label in SETTINGS.items():
        yield both(label, lambda run, key=key: _plain(run.config.get(key)))  # type: ignore[misc]
    yield both("the system prompt", lambda run: run.results.get("system_instruction") or "")
    if one.said("n-shot"):
        yield both("the seed of the examples", lambda run: _run_config(run).get("fewshot_seed"))
    if one.results.get("chat_template") and other.results.get("chat_template"):
        # Without a template lm-eval makes no turns, and writes down nothing or its default.
        yield both("examples as turns", lambda run: bool(run.results.get("fewshot_as_multiturn")))


def _run_config(run: TaskRun) -> Mapping[str, Any]:
    return run.results.get("config") or {}


def _plain(value: Any) -> Any:
    return _ADDRESS.sub("", json.dumps(value, ensure_ascii=False, sort_keys=True))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def pair(
    samples: Mapping[str, Samples], *, filter_: str | None = None, metric: str | None = None
) -> Paired:
    """The items that all roles share, under one filter and one metric: those named where the task
    has them, else the first that all have.

    Items are paired by the hash of their doc, and equal docs in their order; `doc_id` counts from
    another item under lm-eval's --samples. Raises NoScore where no metric has a score for each
    item, and UserError where no item is shared, where targets differ, and where prompts do though
    the models have the same chat template.
    """
    task = next(iter(samples.values())).run.task
    chosen = _common([list(found.filters) for found in samples.values()], filter_)
    if chosen is None:
        raise UserError(f"the models share no filter of {task}")
    scored = _metric(task, samples, chosen, metric)
    columns = {role: found.filters[chosen] for role, found in samples.items()}
    items = _join(columns)
    shared = len(next(iter(items.values())))
    if not shared:
        raise UserError(
            f"the models have no item of {task} in common; they were asked different ones, or the "
            "task's data changed between the runs"
        )
    prompts = _check_hashes(task, samples, items)
    left_out = {role: len(column) - shared for role, column in columns.items()}
    return Paired(chosen, scored, items, left_out, prompts)


def _common(columns: Sequence[Sequence[str]], wanted: str | None) -> str | None:
    """The name wanted, else the first of the first column, of those that are in all of them."""
    shared = [name for name in columns[0] if all(name in column for column in columns)]
    if wanted in shared:
        return wanted
    return shared[0] if shared else None


def _metric(task: str, samples: Mapping[str, Samples], chosen: str, wanted: str | None) -> str:
    names = [found.metrics[chosen] for found in samples.values()]
    shared = [name for name in names[0] if all(name in column for column in names)]
    usable, why = [], {}
    for name in shared:
        reasons = [reason for one in samples.values() if (reason := _unusable(one, chosen, name))]
        if reasons:
            why[name] = reasons[0]
        else:
            usable.append(name)
    if wanted in usable:
        return str(wanted)
    told = "; ".join(f"{name} {reason}" for name, reason in why.items())
    if wanted in why:
        raise UserError(f"{task} cannot be paired by {wanted}: it {why[str(wanted)]}")
    if not usable:
        raise NoScore(
            f"{task} has no metric with a score for each item, which pairing needs"
            + (f": {told}" if told else "")
        )
    return usable[0]


def _unusable(found: Samples, chosen: str, metric: str) -> str:
    """Why a metric's total is no mean of its items' scores; "" where it is.

    lambada's "perplexity" is one number for each item, its log-likelihood, and of the opposite
    sense: only the results tell.
    """
    if metric in found.odd:
        return found.odd[metric]
    scores = [sample.scores.get(metric) for sample in found.filters[chosen]]
    known = [score for score in scores if score is not None]
    if not known:
        return "has no number for any item"
    told = (found.run.said("results") or {}).get(f"{metric},{chosen}")
    if len(known) < len(scores) or not isinstance(told, int | float) or not math.isfinite(told):
        return ""
    mean = math.fsum(known) / len(known)
    if math.isclose(mean, told, rel_tol=1e-6, abs_tol=1e-9):
        return ""
    return (
        f"is {told:.6g} in the results and {mean:.6g} as the mean of the items in "
        f"{found.run.path.name}: it is no mean, or the file is not whole"
    )


def _join(columns: Mapping[str, Sequence[Sample]]) -> dict[str, list[Sample]]:
    """By role the items that all have, in the first role's order."""
    groups = {role: _by_doc(column) for role, column in columns.items()}
    first = next(iter(groups.values()))
    items: dict[str, list[Sample]] = {role: [] for role in columns}
    for doc in first:
        found = {role: group.get(doc, []) for role, group in groups.items()}
        shared = min(map(len, found.values()))
        # Equal docs may come in another order where several GPUs shared the work; their prompts,
        # which differ in the drawn examples, tell them apart.
        ordered = {role: sorted(group, key=lambda one: one.prompt) for role, group in found.items()}
        prompts = [[one.prompt for one in group] for group in ordered.values()]
        if all(other == prompts[0] for other in prompts):
            found = ordered
        for role, group in found.items():
            items[role] += group[:shared]
    return items


def _by_doc(column: Sequence[Sample]) -> dict[str, list[Sample]]:
    groups: dict[str, list[Sample]] = {}
    for sample in column:
        groups.setdefault(sample.doc, []).append(sample)
    return groups


def _check_hashes(
    task: str, samples: Mapping[str, Samples], items: Mapping[str, Sequence[Sample]]
) -> int:
    """How many prompts differ, which they may with the chat templates."""
    (first, ours), *others = items.items()
    differing: set[int] = set()
    for role, theirs in others:
        both = list(enumerate(zip(ours, theirs, strict=True)))
        targets = sum(one.target_hash != two.target_hash for _, (one, two) in both)
        if targets:
            raise UserError(
                f"{first} and {role} have different targets for {targets} of {len(both)} items of "
                f"{task}; the task changed between the runs. Run lm_eval again for both"
            )
        prompts = {place for place, (one, two) in both if one.prompt != two.prompt}
        templates = [samples[name].run.results.get("chat_template") for name in (first, role)]
        if prompts and templates[0] == templates[1]:
            raise UserError(
                f"{first} and {role} were given different prompts for {len(prompts)} of "
                f"{len(both)} items of {task}, and not by their chat templates, which are the "
                "same. Run lm_eval again for both"
            )
        differing |= prompts
    return len(differing)
