"""What a student learned from the rows, by the run's own report: its numbers, its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.errors import UserError
from limbeck.pipeline import report as reporting
from limbeck.pipeline.context import Context
from limbeck.publish.rows import public_model
from limbeck.store import read_json

ROLES = ("base", "student", "teacher")
TOLD = (
    "task", "kind", "view", "metric", "unit", "higher_is_better", "n", "chance",
    *ROLES, "student_minus_base", "teacher_minus_base", "gap_closed", "smallest_detectable",
)  # fmt: skip


def fresh_report(context: Context) -> Mapping[str, Any] | None:
    """report.json where it is of these rows and of this evaluation; None where there is none."""
    done = context.run.done("report")
    try:
        if done is None or done.inputs != reporting.inputs(context):
            return None
        report = read_json(context.run.folder("report") / "report.json")
    except UserError:
        return None
    return report if isinstance(report, dict) else None


def learned(report: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Headline, models, and the tasks of the main view as the report has them; None where no task
    was run."""
    from limbeck.evals.pages.verdict import verdict

    tasks = [one for one in (report or {}).get("tasks") or [] if one.get("view") == "main"]
    if report is None or not tasks:
        return None
    models = report.get("models") or {}
    return {
        "headline": verdict(report)[0],
        "models": {
            role: {"name": public_model(str(models[role].get("name") or ""))}
            | {key: models[role].get(key) for key in ("about", "parameters")}
            for role in ROLES
            if models.get(role)
        },
        "tasks": [{key: task.get(key) for key in TOLD} for task in tasks],
        "pooled": report.get("pooled") or [],
    }


def table(found: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The rows of the transfer table as the report's page shows them, each with its name."""
    from limbeck.evals.pages.rows import groups

    return [
        (f"{row.name} ({kind.lower()})" if row.kind == "mean" else row.name, row)
        for kind, rows in groups(found)
        for row in rows
    ]
