"""`limbeck transfer`: the transfer report of models that plain lm-eval has measured already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from limbeck import __version__
from limbeck.errors import MissingExtra
from limbeck.evals.lm_eval_files.answers import LENGTHS, answer_of, status_of
from limbeck.evals.lm_eval_files.pairing import Paired, Samples
from limbeck.evals.lm_eval_files.samples import Run, find_run
from limbeck.pipeline.report import versions
from limbeck.pipeline.transfer_tasks import Tasks, items_of, pair_all
from limbeck.pipeline.transfer_train import compared
from limbeck.record import content_hash
from limbeck.store import write_json, write_text

SEED = 0
NOT_KNOWN = (
    "Made from lm-eval's samples: what the student was trained on, how, at what cost, and whether "
    "its style is the teacher's, is not known to this report."
)
NO_STATUS = (
    "lm-eval does not write down whether an answer was cut off or refused: such an answer counts "
    "as wrong, or as unparseable where nothing could be read."
)


def transfer(
    folders: Mapping[str, Path],
    *,
    train: Path | None = None,
    filter_: str | None = None,
    metric: str | None = None,
    cluster: str | None = None,
) -> dict[str, Any]:
    """The report of base, student and, where `folders` has one, teacher, each a folder that lm-eval
    wrote with --log_samples.

    `train` are the student's training rows, compared with the items; `filter_` and `metric` are
    used by the tasks that have them; `cluster` is a field of the docs, and items that share it
    vary together. Raises DataError and UserError for runs that cannot be read or do not compare.
    """
    try:
        from limbeck.evals.report import build_report
    except ImportError as error:
        raise MissingExtra(f"the report ({error.name})", "eval") from error
    runs = {role: find_run(folder) for role, folder in folders.items()}
    notes = [note for run in runs.values() for note in run.notes]
    tasks = pair_all(runs, filter_, metric, cluster, notes)
    items = {name: items_of(paired) for name, (_, paired) in tasks.items()}
    entries, similar = (None, {}) if train is None else compared(items, train)
    report = build_report(
        name=runs["student"].model,
        version=__version__,
        roles=_roles(runs, tasks),
        models={role: _model(runs.get(role)) for role in ("base", "student", "teacher")},
        funnel=(),
        training={},
        cost={},
        versions=versions() | _versions(runs),
        prompts={one["id"]: one["question"] for found in items.values() for one in found},
        chance=_chances(tasks),
        seed=SEED,
        asked=items,
        contamination=entries,
        similarity={task: found.tolist() for task, found in similar.items()},
    )
    for row in report["tasks"]:
        samples, paired = tasks[row["task"]]
        row["about"] = _about(samples["base"], paired)
        if _is_binary(paired):
            row["unit"] = "share"
    report["limits"] = _limits(report["tasks"], tasks, runs, notes)
    return report


def write(report: Mapping[str, Any], folder: Path) -> None:
    """report.json, report.md and index.html into a folder."""
    from limbeck.evals.pages import markdown, page

    write_json(folder / "report.json", report)
    write_text(folder / "report.md", markdown.render(report))
    write_text(folder / "index.html", page.render(report))


def _roles(runs: Mapping[str, Run], tasks: Tasks) -> dict[str, dict[str, Any]]:
    """The three results in the form of eval/{role}.json."""
    prompt = "chat" if runs["base"].results.get("chat_template") is not None else "plain"
    asked = {
        "form": "loglikelihood",
        "prompt": prompt,
        "tasks": list(tasks),
        "lm_eval": str(runs["base"].results.get("lm_eval_version")),
    }
    protocol = {"hash": content_hash({**asked, "docs": _docs(tasks)}, size=8), **asked}
    return {
        role: {
            "role": role,
            "protocol": protocol,
            "failures": [],
            "tasks": [
                _result(name, role, *found)
                for name, found in tasks.items()
                if role in found[1].items
            ],
        }
        for role in ("base", "student", "teacher")
    }


def _docs(tasks: Tasks) -> dict[str, Any]:
    return {
        name: [paired.filter, paired.metric, [one.doc for one in paired.items["base"]]]
        for name, (_, paired) in tasks.items()
    }


def _result(name: str, role: str, samples: Mapping[str, Samples], paired: Paired) -> dict[str, Any]:
    binary, ids = _is_binary(paired), [one["id"] for one in items_of(paired)]
    better = (samples[role].run.said("higher_is_better") or {}).get(paired.metric)
    items = []
    for key, one in zip(ids, paired.items[role], strict=True):
        score = one.scores.get(paired.metric)
        row = {
            "id": key,
            "doc": one.doc,
            "prompt": one.prompt,
            "score": score,
            "output": one.output,
            "status": status_of(one, score, binary=binary),
            "answer": answer_of(one, paired.metric),
        }
        items.append({**row, "cluster": one.cluster} if one.cluster else row)
    return {
        "task": name,
        "kind": "imitation" if name.startswith("imitation_") else "ability",
        "view": "main",
        "metric": paired.metric,
        "higher_is_better": better is not False,
        "items": items,
    }


def _is_binary(paired: Paired) -> bool:
    return all(
        one.scores.get(paired.metric) in (None, 0.0, 1.0)
        for column in paired.items.values()
        for one in column
    )


def _model(run: Run | None) -> dict[str, Any]:
    if run is None:
        return {}
    config = run.results.get("config") or {}
    told = [f"lm-eval's {run.results.get('model_source')}", config.get("model_dtype")]
    return {
        "name": run.model,
        "about": ", ".join(str(part) for part in told if part),
        "parameters": config.get("model_num_parameters"),
    }


def _versions(runs: Mapping[str, Run]) -> dict[str, str]:
    """What the scores depend on, as the runs say: this machine's packages made none of them."""
    found = {}
    for package, key in (("lm-eval", "lm_eval_version"), ("transformers", "transformers_version")):
        by_role = {role: str(run.results.get(key)) for role, run in runs.items()}
        same = len(set(by_role.values())) == 1
        told = ", ".join(f"{role} {version}" for role, version in by_role.items())
        found[package] = by_role["base"] if same else told
    return found


def _chances(tasks: Tasks) -> dict[str, float]:
    found = {}
    for name, (_, paired) in tasks.items():
        counts = [len(one.options) for one in paired.items["base"]]
        if paired.metric in LENGTHS and all(counts):
            found[name] = sum(1 / count for count in counts) / len(counts)
    return found


def _about(samples: Samples, paired: Paired) -> str:
    run = samples.run
    told = [f"lm-eval {run.config.get('output_type')}", f"{run.said('n-shot') or 0}-shot"]
    if (version := run.said("versions")) is not None:
        told.append(f"version {version}")
    if len(samples.filters) > 1:
        told.append(f"filter {paired.filter}")
    return ", ".join(told)


def _alike(paired: Paired) -> list[tuple[str, str]]:
    """The pairs of roles whose outputs are all the same."""
    said = {
        role: [(one.output, one.likelihoods, tuple(one.scores.items())) for one in column]
        for role, column in paired.items.items()
    }
    return [pair for pair in combinations(said, 2) if said[pair[0]] == said[pair[1]]]


def _limits(
    rows: Sequence[Mapping[str, Any]], tasks: Tasks, runs: Mapping[str, Run], notes: Sequence[str]
) -> list[str]:
    lines = [
        "One training seed: how much another seed would move the student is not in the intervals.",
        "Intervals are over items of each task; they say nothing about other tasks.",
        NOT_KNOWN,
    ]
    if any(one.output is not None for _, p in tasks.values() for one in p.items["base"][:1]):
        lines.append(NO_STATUS)
    firsts = {role: (run.results.get("config") or {}).get("limit") for role, run in runs.items()}
    if told := ", ".join(f"{role} {most}" for role, most in firsts.items() if most is not None):
        lines.append(
            f"lm-eval's --limit takes a task's first items, which are no random draw: {told}."
        )
    for name, (_, paired) in tasks.items():
        lines += [
            f"{one} and {other} gave the very same outputs on every item of {name}: were they run "
            "with one --use_cache file, which knows no models?"
            for one, other in _alike(paired)
        ]
        told = ", ".join(f"{role} {count}" for role, count in paired.left_out.items() if count)
        if told:
            lines.append(f"Items of {name} that not all models were asked were left out: {told}.")
        if paired.prompts_differ:
            lines.append(
                f"The prompts of {paired.prompts_differ} of {len(paired.items['base'])} items of "
                f"{name} differ between the models, as their chat templates do; that the same was "
                "asked is known from the docs and targets."
            )
        if len(paired.items) < 3:
            lines.append(f"There is no teacher's score on {name}: no gap can be given there.")
    grouped = [row for row in rows if row["clusters"]]
    if grouped:
        told = ", ".join(f"{row['task']} has {row['clusters']}" for row in grouped)
        lines.append(f"Items of one cluster vary together, and intervals take whole ones: {told}.")
    return [*lines, *(f"{note}." for note in notes)]
