"""The transfer report as data: what the three models scored, paired item by item."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from limbeck.errors import UserError
from limbeck.evals.clusters import clusters_of
from limbeck.evals.transfer import (
    Difference,
    difference,
    gap_closed,
    paired_p_value,
    smallest_detectable,
    standard_error,
)

SCHEMA = "limbeck.report/1"
ROLES = ("base", "student", "teacher")
SAMPLES = 12
CHOICE = {
    "loglikelihood": "multiple choice, by the likelihood of each option",
    "generate": "multiple choice, by the option that the model writes",
}

IN_CONTEXT_LIMIT = (
    "In-context accuracy is that of these tasks, pools and one way of writing prompts; another one "
    "can change it for all models, and which of them is ahead."
)

ABOUT = {
    "imitation_nll": (
        "negative log-likelihood of the teacher's own completions of held-out prompts",
        "nats per token",
    ),
    "imitation_rouge_l": (
        "ROUGE-L of the greedy answer to the teacher's completion of held-out prompts; the "
        "teacher's own column is its greedy answer against its sampled one",
        "",
    ),
}

Role = Mapping[str, Any]


def build_report(
    *,
    name: str,
    version: str,
    roles: Mapping[str, Role],
    models: Mapping[str, Mapping[str, Any]],
    funnel: Sequence[Mapping[str, Any]],
    training: Mapping[str, Any],
    cost: Mapping[str, Any],
    versions: Mapping[str, str],
    prompts: Mapping[str, str],
    chance: Mapping[str, float],
    seed: int,
    given_away: Sequence[Mapping[str, Any]] = (),
    in_context: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The content of report.json (schema "limbeck.report/1").

    `roles` are the three results of the eval stage; `prompts` the held-out prompts by record id;
    `chance` the score of guessing by task. Raises UserError when the roles were evaluated under
    different protocols or on different items.

    `given_away` says of each task of questions or items what the training rows hold of it:
    `task`; `items`, how many were asked; `rows` and `questions`, how many training rows there are
    and how many different questions they ask; the items that one of these is `same` (word for
    word), or `template` (their masked texts are equal), or `context` (those of all sentences but
    the last are), each count with those before it; `ngram`, the items with 8 words in a row in
    common with one, and `short`, those with fewer than 8 words; and `found`, for every item that
    is counted its `place` in the task, its id (`item`), the strictest `reason` and a training
    `row`'s id. The report adds `clean`: the row of `tasks` again, over the items that are neither
    `same` nor `template`; null where these are all items or none.

    `in_context` is what `limbeck.evals.in_context.summary` makes, with the protocol and the
    baselines of each task; null where the recipe asks for nothing of it.
    """
    protocol = same_protocol(roles)
    tasks = [
        _task(task, roles, chance, seed, CHOICE[protocol["form"]]) for task in _task_names(roles)
    ]
    compared = [{**entry, "clean": _clean(entry, roles, seed)} for entry in given_away]
    return {
        "schema": SCHEMA,
        "name": name,
        "limbeck_version": version,
        "models": {role: dict(models[role]) for role in ("teacher", "base", "student")},
        "protocol": {**protocol, "seed": seed},
        "tasks": tasks,
        "given_away": compared,
        "in_context": None if in_context is None else dict(in_context),
        "funnel": list(funnel),
        "training": dict(training),
        "cost": dict(cost),
        "samples": _samples(roles, prompts),
        "versions": dict(versions),
        "limits": _limits(tasks, roles, {entry["task"] for entry in compared})
        + ([] if in_context is None else [IN_CONTEXT_LIMIT]),
    }


def same_protocol(roles: Mapping[str, Role]) -> dict[str, Any]:
    """The protocol that all roles share. Raises UserError where they do not."""
    hashes = {role: str(result["protocol"]["hash"]) for role, result in roles.items()}
    if len(set(hashes.values())) > 1:
        told = ", ".join(f"{role} {value}" for role, value in hashes.items())
        raise UserError(
            f"the models were evaluated under different protocols ({told}); their scores do not "
            "compare. Run limbeck eval again"
        )
    return dict(next(iter(roles.values()))["protocol"])


def _task_names(roles: Mapping[str, Role]) -> list[str]:
    names: dict[str, None] = {}
    for result in roles.values():
        names |= {task["task"]: None for task in result["tasks"]}
    # Imitation first: what the data taught, then what came with it.
    return sorted(names, key=lambda name: not name.startswith("imitation_"))


def _task(
    name: str, roles: Mapping[str, Role], chance: Mapping[str, float], seed: int, choice: str
) -> dict[str, Any]:
    found = {
        role: next((t for t in roles[role]["tasks"] if t["task"] == name), None) for role in ROLES
    }
    present = {role: task for role, task in found.items() if task is not None}
    scores, clusters, n, dropped = _paired(name, present)
    first = next(iter(present.values()))
    plain = (choice if name in chance else "", "share" if first["metric"].startswith("acc") else "")
    about, unit = ABOUT.get(name, plain)
    row: dict[str, Any] = {
        "task": name,
        "kind": first["kind"],
        "metric": first["metric"],
        "about": about,
        "unit": unit,
        "higher_is_better": first["higher_is_better"],
        "n": n,
        "dropped": dropped,
        "clusters": len(set(clusters)) if clusters else None,
        "chance": chance.get(name),
        "student_minus_base": None,
        "teacher_minus_base": None,
        "gap_closed": None,
        "smallest_detectable": None,
    }
    for role in ROLES:
        row[role] = (
            None
            if role not in scores
            else {
                "value": float(np.mean(scores[role])),
                "stderr": _finite(standard_error(scores[role], clusters=clusters)),
            }
        )
    if n < 2 or (clusters and len(set(clusters)) < 2) or not {"base", "student"} <= set(scores):
        return row
    moved = difference(scores["base"], scores["student"], clusters=clusters)
    p_value = paired_p_value(scores["base"], scores["student"], clusters=clusters, seed=seed)
    row["student_minus_base"] = {**_interval(moved), "p_value": p_value}
    binary = set(np.unique(np.concatenate(list(scores.values())))) <= {0.0, 1.0}
    row["smallest_detectable"] = smallest_detectable(n, None if binary else moved.stderr)
    if "teacher" in scores:
        gap = gap_closed(
            scores["base"], scores["student"], scores["teacher"], clusters=clusters, seed=seed
        )
        row["teacher_minus_base"] = _interval(gap.teacher_minus_base)
        row["gap_closed"] = {
            "value": _finite(gap.value),
            "low": _finite(gap.low),
            "high": _finite(gap.high),
            "bounded": gap.bounded,
        }
    return row


def _clean(entry: Mapping[str, Any], roles: Mapping[str, Role], seed: int) -> dict[str, Any] | None:
    """The task's row over the items that no training row gives away."""
    lost = {hit["place"] for hit in entry["found"] if hit["reason"] != "context"}
    if not 0 < len(lost) < entry["items"]:
        return None
    name = entry["task"]
    left = {
        role: {
            "tasks": [
                {**task, "items": [i for n, i in enumerate(task["items"]) if n not in lost]}
                for task in result["tasks"]
                if task["task"] == name
            ]
        }
        for role, result in roles.items()
    }
    return _task(name, left, {}, seed, "")


def _paired(
    name: str, present: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str] | None, int, int]:
    """Scores of the items that every model answered, in one order; their clusters; how many they
    are; how many were left out."""
    keys = {role: [(i["id"], i["doc"]) for i in task["items"]] for role, task in present.items()}
    first = next(iter(keys.values()))
    if any(other != first for other in keys.values()):
        raise UserError(
            f"the models were evaluated on different items of {name}; run limbeck eval again"
        )
    columns = {role: [i["score"] for i in task["items"]] for role, task in present.items()}
    complete = [
        place for place in range(len(first)) if all(c[place] is not None for c in columns.values())
    ]
    scores = {role: np.array([c[p] for p in complete], dtype=float) for role, c in columns.items()}
    if not complete:
        scores = {}
    items = next(iter(present.values()))["items"]
    shared = clusters_of([items[place] for place in complete], name)
    return scores, shared, len(complete), len(first) - len(complete)


def _interval(found: Difference) -> dict[str, float | None]:
    row = asdict(found)
    return {key: _finite(row[key]) for key in ("value", "low", "high")}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _samples(roles: Mapping[str, Role], prompts: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the three models wrote to the same held-out prompts, greedily."""
    said: dict[str, dict[str, str]] = {}
    for role, result in roles.items():
        for task in result["tasks"]:
            if task["task"] == "imitation_rouge_l":
                for item in task["items"]:
                    if item["score"] is not None:
                        said.setdefault(item["id"], {})[role] = item["output"] or ""
    # One answer a prompt: further paths of a held-out prompt have the same greedy completion.
    once = {prompts.get(key, ""): key for key in reversed(said)}
    said = {key: texts for key, texts in said.items() if key in set(once.values())}
    return [
        {"prompt": prompts.get(key, ""), **{role: texts.get(role, "") for role in ROLES}}
        for key, texts in list(said.items())[:SAMPLES]
    ]


def _limits(
    tasks: Sequence[Mapping[str, Any]], roles: Mapping[str, Role], compared: Collection[str]
) -> list[str]:
    lines = [
        "One training seed: how much another seed would move the student is not in the intervals.",
        "Intervals are over items of each task; they say nothing about other tasks.",
    ]
    if any(task["kind"] == "imitation" for task in tasks):
        lines.append(
            "Imitation is measured on prompts from the same source as the training prompts; a "
            "student can imitate these well and know nothing more."
        )
    others = [t["task"] for t in tasks if t["kind"] == "ability" and t["task"] not in compared]
    if others:
        lines.append(
            f"Whether the training rows give away items of {', '.join(others)} was not looked at."
        )
    grouped = [task for task in tasks if task["clusters"] and task["kind"] != "imitation"]
    if grouped:
        told = ", ".join(f"{task['task']} has {task['clusters']}" for task in grouped)
        lines.append(
            "Questions of one template vary together, and intervals take whole templates: "
            f"{told}. They say how well other templates would be solved."
        )
    failed = {role: len(result.get("failures", [])) for role, result in roles.items()}
    if any(failed.values()):
        told = ", ".join(f"{role} {count}" for role, count in failed.items() if count)
        lines.append(f"Calls that failed and whose items were left out for all models: {told}.")
    measured = {task["task"] for task in roles["teacher"]["tasks"]}
    if any(task["task"] not in measured for task in tasks):
        lines.append(
            "The teacher is a black box without log-likelihoods: no gap can be given there."
        )
    return lines
