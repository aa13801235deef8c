"""The transfer report as data: what the three models scored, paired item by item."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from limbeck.errors import UserError
from limbeck.evals.statistics.clusters import IMITATION
from limbeck.evals.statistics.holm import holm
from limbeck.evals.statistics.joint import interval
from limbeck.evals.statistics.pooled import pooled
from limbeck.evals.style.words import LIMIT as STYLE_LIMIT
from limbeck.evals.task_row import ROLES, Paired, Role, few_shot, paired, task_row
from limbeck.evals.transfer import difference

SCHEMA = "limbeck.report/2"
SAMPLES = 12
CHOICE = {
    "loglikelihood": "multiple choice, by the likelihood of each option",
    "generate": "multiple choice, by the option that the model writes",
}
IN_CONTEXT_LIMIT = (
    "In-context accuracy is that of these tasks, pools and one way of writing prompts; another one "
    "can change it for all models, and which of them is ahead."
)
NO_LEAK = ("context",)  # the same story with another question is told, and leaves the item in
POOLED = ("ability", "forgetting")  # imitation is in other units, which have no common mean


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
    few_shot_base: Role | None = None,
    asked: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    contamination: Sequence[Mapping[str, Any]] | None = None,
    similarity: Mapping[str, Sequence[float]] | None = None,
    style: Mapping[str, Any] | None = None,
    judge: Mapping[str, Any] | None = None,
    in_context: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The content of report.json (schema "limbeck.report/2", docs/report.md).

    `roles` are the results of the eval stage, of base, student and teacher (which may be missing);
    `few_shot_base` is base again, after `shots` worked examples; `prompts` the held-out prompts by
    record id; `chance` the score of guessing by task; `asked`
    what each task's items ask (eval/items.json). `contamination` says of each task what the
    training rows hold of it, by item (None: nobody looked); the report adds what the models score
    without the flagged items. `similarity` is each item's to the nearest training row, by task.
    `style`, `judge` and `in_context` are those parts' own summaries. Raises UserError when the
    roles were evaluated under different protocols or on different items.
    """
    extra = {} if few_shot_base is None else {"few-shot base": few_shot_base}
    protocol = same_protocol({**roles, **extra})
    pairs = {task: paired(task, roles) for task in _task_names(roles)}
    for task, pair in pairs.items():
        _check_asked(pair, (asked or {}).get(task))
    tasks = [
        task_row(
            pair,
            chance=chance.get(task),
            seed=seed,
            choice=_choice(pair, protocol) if task in chance else "",
            asked=(asked or {}).get(task, ()),
            similarity=(similarity or {}).get(task),
        )
        for task, pair in pairs.items()
    ]
    _adjust(tasks)
    for row in tasks:
        row["few_shot_base"] = few_shot(row["task"], roles["base"], few_shot_base)
    return {
        "schema": SCHEMA,
        "name": name,
        "limbeck_version": version,
        "models": {role: dict(models[role]) for role in ("teacher", "base", "student")},
        "protocol": {**protocol, "seed": seed},
        "tasks": tasks,
        "pooled": _pooled(tasks, pairs),
        "contamination": None
        if contamination is None
        else [{**entry, **_clean(entry, roles, seed)} for entry in contamination],
        "style": None if style is None else dict(style),
        "judge": None if judge is None else dict(judge),
        "in_context": None if in_context is None else dict(in_context),
        "funnel": list(funnel),
        "training": dict(training),
        "cost": dict(cost),
        "samples": _samples(roles, prompts),
        "versions": dict(versions),
        "limits": _limits(tasks, roles, {entry["task"] for entry in contamination or ()})
        + ([] if style is None else [STYLE_LIMIT])
        + ([] if in_context is None else [IN_CONTEXT_LIMIT]),
    }


def _choice(pair: Paired, protocol: Mapping[str, Any]) -> str:
    """How a task of multiple choice was asked."""
    view = next(iter(pair.tasks.values())).get("view")
    return CHOICE.get("loglikelihood" if view == "likelihood" else protocol.get("form", ""), "")


def _check_asked(pair: Paired, asked: Sequence[Mapping[str, Any]] | None) -> None:
    """Raises UserError where the items in words are not those that were scored: contamination and
    similarity are told by their places."""
    items = next(iter(pair.tasks.values()))["items"]
    if asked is None or [row["id"] for row in asked] == [item["id"] for item in items]:
        return
    raise UserError(
        f"what the items of {pair.name} ask was written down for other items than those that were "
        "scored; run limbeck eval again"
    )


def _adjust(tasks: Sequence[dict[str, Any]]) -> None:
    """Holm's p over the main-view tasks of each kind, each family on its own."""
    for kind in dict.fromkeys(task["kind"] for task in tasks):
        family = [
            task["student_minus_base"]
            for task in tasks
            if task["kind"] == kind and task["view"] == "main" and task["student_minus_base"]
        ]
        for moved, p_holm in zip(family, holm([one["p_value"] for one in family]), strict=True):
            moved["p_holm"] = p_holm


def _pooled(
    tasks: Sequence[Mapping[str, Any]], pairs: Mapping[str, Paired]
) -> list[dict[str, Any]]:
    """The mean over the tasks of a kind, where there are several of scores that are 0 or 1."""
    found = []
    for kind in POOLED:
        names = [
            task["task"]
            for task in tasks
            if task["kind"] == kind
            and task["view"] == "main"
            and task["unit"] == "share"
            and task["student_minus_base"]
        ]
        if len(names) < 2:
            continue
        scores = {name: pairs[name].scores for name in names}
        row = pooled(
            {name: (s["base"], s["student"], s.get("teacher")) for name, s in scores.items()},
            clusters={name: pairs[name].clusters for name in names},
            lower_is_better=[
                t["task"] for t in tasks if t["task"] in names and not t["higher_is_better"]
            ],
        )
        found.append({"group": kind, **row})
    return found


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
    return sorted(names, key=lambda name: not name.startswith(IMITATION))


def _clean(entry: Mapping[str, Any], roles: Mapping[str, Role], seed: int) -> dict[str, Any]:
    """The task's row over the items that no training row gives away ("clean"), and how much the
    change of the student is greater with the others ("difference"); null, where none or all are."""
    lost = frozenset(hit["place"] for hit in entry["found"] if hit["rule"] not in NO_LEAK)
    nothing: dict[str, Any] = {"clean": None, "difference": None}
    if not 0 < len(lost) < entry["items"]:
        return nothing
    pair, left = paired(entry["task"], roles), paired(entry["task"], roles, without=lost)
    if not pair.comparable or not left.comparable:
        return nothing
    scores = pair.scores
    gain = scores["student"] - scores["base"]
    # The mean over all less that over the clean ones is one mean of weighted gains.
    kept = [place not in lost for place in pair.places]
    share = sum(kept) / len(kept)
    weighted = [g * (1 - (1 / share if clean else 0)) for g, clean in zip(gain, kept, strict=True)]
    none = [0.0] * len(weighted)
    moved = difference(none, weighted, clusters=pair.clusters)
    return {"clean": task_row(left, seed=seed), "difference": interval(moved)}


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
    others = [
        task["task"]
        for task in tasks
        if task["kind"] != "imitation" and task["view"] == "main" and task["task"] not in compared
    ]
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
    measured = {task["task"] for task in roles.get("teacher", {}).get("tasks", ())}
    if any(task["task"] not in measured and task["view"] == "main" for task in tasks):
        lines.append(
            "The teacher is a black box without log-likelihoods: no gap can be given there."
        )
    if any(task["view"] == "likelihood" for task in tasks):
        lines.append(
            "By likelihood only base and student were measured: it says what they know when they "
            "need not write it, and nothing of the teacher."
        )
    return lines
