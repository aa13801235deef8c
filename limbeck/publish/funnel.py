"""What became of everything that was asked: from the seeds to the rows that are published."""

from __future__ import annotations

from collections import Counter
from typing import Any

from limbeck.commands import command
from limbeck.errors import DataError, UserError
from limbeck.pipeline import filter as filtering
from limbeck.pipeline import format as formatting
from limbeck.pipeline import generate as generating
from limbeck.pipeline.context import Context
from limbeck.pipeline.output import FAILURES, RECORDS
from limbeck.publish.verdicts import Verdicts
from limbeck.rundir import Done, RunDir, StageName
from limbeck.store import file_hash, read_jsonl

NEEDED: tuple[StageName, ...] = ("generate", "filter", "format")


def checked_stages(context: Context) -> tuple[dict[str, Done], dict[str, str]]:
    """The three stages that a dataset is made by, and why one could not be compared with the
    recipe, by stage (its seeds or its model are gone, say).

    Raises StageError where a stage is not done, and UserError where it would be done again, or a
    file is not what it wrote.
    """
    run = context.run
    done: dict[str, Done] = {stage: run.need(stage, by="format") for stage in NEEDED}
    unknown: dict[str, str] = {}
    for stage, module in zip(NEEDED, (generating, filtering, formatting), strict=True):
        verb = "generate" if stage == "generate" else "filter"
        try:
            current = module.inputs(context)
        except UserError as error:
            unknown[stage] = str(error)
            continue
        if current != done[stage].inputs:
            raise UserError(
                f"what the stage {stage} of {run.path} is made from, or how, changed after it was "
                f"made. Run: {command(verb, run.path)}"
            )
    for folder, marker in done.items():
        for name, was in marker.files.items():
            path = run.path / folder / name
            if file_hash(path) != was:
                raise UserError(
                    f"{path} is not what limbeck wrote there. Run: {command('filter', run.path)}"
                )
    return done, unknown


def same_stages(run: RunDir, done: dict[str, Done]) -> bool:
    """Whether the stages are still what they were: nobody worked in the folder meanwhile."""
    return {stage: run.done(stage) for stage in NEEDED} == done


def funnel(
    context: Context, done: dict[str, Done], verdicts: Verdicts, rows: int
) -> dict[str, Any]:
    """All counts on the way: what was made ("asked", in the generator's own words), what failed by
    reason, and what each filter judged and refused. Raises DataError for counts that do not add
    up to `rows`."""
    generated = done["generate"].counts
    records = int(generated["records"])
    made = generated.get("funnel") or {
        "prompts": generated["seeds"],
        "requests": generated["calls"],
        "answers": generated["records"],
    }
    refused: list[dict[str, Any]] = [
        {"filter": name, "reason": reason, "rows": verdicts.refused[name, reason]}
        for name in verdicts.filters
        for reason in sorted(reason for judge, reason in verdicts.refused if judge == name)
    ]
    lost = sum(verdict["rows"] for verdict in refused)
    if records - lost != rows:
        raise DataError(
            f"{context.run.folder('generate') / RECORDS} has {records} records and the filters "
            f"refused {lost}, but {rows} are kept; run again: {context.command('filter')}"
        )
    answers = {
        reason: int(generated[reason])
        for reason in ("refused", "truncated", "empty")
        if generated.get(reason)
    }
    return {
        "seeds": int(generated["seeds"]),
        "seed_lines_skipped": int(generated["skipped_lines"]),
        "steps": [{"label": label, "count": count} for label, count in made.items()],
        "calls": int(generated["calls"]),
        "failed": _failed(context.run),
        "useless_answers": answers,
        "records": records,
        "filters": [{"filter": name, "judged": verdicts.judged[name]} for name in verdicts.filters],
        "refused": refused,
        "kept": rows,
    }


def _failed(run: RunDir) -> dict[str, int]:
    """Requests without an answer, by reason."""
    path = run.folder("generate") / FAILURES
    if not path.is_file():
        return {}
    reasons = Counter(str(row.get("reason", "failed")) for _, row in read_jsonl(path))
    return {reason: reasons[reason] for reason in sorted(reasons)}
