"""Stage report: report/report.json, report.md and a self-contained index.html."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from limbeck import __version__
from limbeck.errors import MissingExtra, UserError
from limbeck.models import parse_model, shown_folder
from limbeck.pipeline import in_context, judge, style
from limbeck.pipeline.context import Context
from limbeck.pipeline.evaluate import ASKED, FEW_SHOT, ROLES, demos
from limbeck.pipeline.evaluate import inputs as eval_inputs
from limbeck.pipeline.format import SPLITS, read_split
from limbeck.pipeline.overlap import compared
from limbeck.pipeline.train import METRICS, SUMMARY
from limbeck.pipeline.train import inputs as train_inputs
from limbeck.record import content_hash
from limbeck.store import read_json, read_jsonl, write_json, write_text

PACKAGES = ("torch", "transformers", "lm-eval", "openai", "numpy")


def inputs(context: Context) -> str:
    evaluated = context.run.need("eval", by="report")
    formatted = context.run.need("format", by="report")
    return content_hash(
        {"rows": formatted.outputs, "eval": evaluated.outputs, "version": __version__}
    )


def write_report(context: Context) -> dict[str, Any]:
    """Write the report in its three forms; returns its content.

    Raises StageError before eval, and UserError when the rows or the recipe of the training changed
    after it: what the report says of the data would not be what the student learned from.
    """
    hashed = inputs(context)
    if context.run.need("train", by="report").inputs != train_inputs(context):
        raise UserError(
            f"what the student is trained on, or how, changed since it was trained. Run: "
            f"{context.command('train')}, then {context.command('eval')}"
        )
    if context.run.need("eval", by="report").inputs != eval_inputs(context):
        raise UserError(
            "what the models are asked, or how, changed since they were evaluated. Run: "
            f"{context.command('eval')}"
        )
    try:
        from limbeck.evals.pages import markdown, page
        from limbeck.evals.report import build_report
    except ImportError as error:
        raise MissingExtra(f"the report ({error.name})", "eval") from error
    run, recipe = context.run, context.recipe
    roles: dict[str, Any] = {role: read_json(run.folder("eval") / f"{role}.json") for role in ROLES}
    generated = run.need("generate", by="report").counts
    test = read_split(run.folder("format"), "test")
    entries, similar = compared(context)
    asked = read_json(run.folder("eval") / ASKED)
    report = build_report(
        name=recipe.name,
        version=__version__,
        roles=roles,
        models=_models(context, roles),
        funnel=_funnel(context),
        training=_training(context),
        cost={
            "calls": generated["calls"],
            "prompt_tokens": generated["prompt_tokens"],
            "completion_tokens": generated["completion_tokens"],
            "usd": None,
        },
        versions=versions(),
        prompts={record.id: record.prompt for record in test},
        chance=_chance(context, asked, roles["base"]),
        seed=recipe.seed,
        few_shot_base=_few_shot_base(context),
        asked=asked,
        contamination=entries,
        similarity={task: found.tolist() for task, found in similar.items()},
        style=style.report_of(context),
        judge=judge.report_of(context),
        in_context=in_context.report_of(context),
    )
    folder = run.folder("report")
    with run.stage("report", hashed) as done:
        write_json(folder / "report.json", report)
        write_text(folder / "report.md", markdown.render(report))
        write_text(folder / "index.html", page.render(report))
        done.files += ["report.json", "report.md", "index.html"]
    return report


def _few_shot_base(context: Context) -> dict[str, Any] | None:
    if context.recipe.eval.few_shot_base is None:
        return None
    return {**read_json(context.run.folder("eval") / FEW_SHOT), "shots": len(demos(context)) // 2}


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """What the numbers depend on: limbeck, Python, and the packages that are installed."""
    found = {"limbeck": __version__, "python": platform.python_version()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _models(context: Context, roles: dict[str, Any]) -> dict[str, dict[str, Any]]:
    student = context.recipe.need_student()
    summary = read_json(context.run.folder("train") / SUMMARY)
    trained = summary["about"]
    if student.layers is not None:
        trained += f", {student.layers} layers kept"
    if student.config is not None:
        trained += "'s shape with random weights"
    if student.lora is not None:
        trained += f", LoRA of rank {student.lora.rank}"
    start = student.start
    after = "" if start is None else f", started from {shown_folder(start)}"
    about = {
        "teacher": roles["teacher"]["about"],
        "base": f"{trained}, before training",
        "student": f"{trained}{after}, after training",
    }
    names = {
        "teacher": str(parse_model(context.recipe.teacher.model)),
        "base": student.model,
        "student": student.model,
    }
    return {
        role: {"name": names[role], "about": about[role], "parameters": roles[role]["parameters"]}
        for role in ROLES
    }


def _funnel(context: Context) -> list[dict[str, Any]]:
    run = context.run
    generated = run.need("generate", by="report").counts
    filtered = run.need("filter", by="report").counts
    formatted = run.need("format", by="report").counts
    made = generated.get("funnel") or {
        "prompts": generated["seeds"],
        "asked": generated["calls"],
        "answered": generated["records"],
    }
    steps = [(label, count) for label, count in made.items() if count or "refused" not in label]
    steps += [(f"refused by {reason}", count) for reason, count in filtered["refused"].items()]
    steps.append(("kept", filtered["kept"]))
    steps += [(name, formatted[name]) for name in SPLITS]
    return [{"label": label, "count": count} for label, count in steps]


def _training(context: Context) -> dict[str, Any]:
    folder = context.run.folder("train")
    summary = read_json(folder / SUMMARY)
    keys = ("examples", "epochs", "tokens", "loss_tokens", "too_long")
    curve = [row for _, row in read_jsonl(folder / METRICS)]
    return {**{key: summary[key] for key in keys}, "curve": curve}


def _chance(
    context: Context, asked: Mapping[str, Sequence[Mapping[str, Any]]], base: Mapping[str, Any]
) -> dict[str, float]:
    """What guessing scores on the items that were asked, of every task of multiple choice and of
    its view by likelihood."""
    from limbeck.evals.planned import LIKELIHOOD
    from limbeck.evals.questions import is_questions

    free = {path.stem for path in context.recipe.eval.files if is_questions(path)}
    found = {}
    for name in (task["task"] for task in base["tasks"] if task["metric"].startswith("acc")):
        items = asked.get(name.removesuffix(LIKELIHOOD), ())
        counts = [len(item["options"]) for item in items]
        if name not in free and counts and all(counts):
            found[name] = sum(1 / count for count in counts) / len(counts)
    return found
