"""`limbeck transfer`: the report of models that lm-eval has measured already."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from limbeck.errors import UserError


def transfer(
    base: Annotated[Path, typer.Option(help="What lm-eval wrote for the student before training.")],
    student: Annotated[Path, typer.Option(help="What lm-eval wrote for the student.")],
    teacher: Annotated[
        Path | None, typer.Option(help="What lm-eval wrote for the teacher; without it, no gap.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Write report.json, report.md and index.html there.")
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option(metavar="ROWS.jsonl", help="Compare the items with these training rows."),
    ] = None,
    filter_: Annotated[
        str | None,
        typer.Option("--filter", help="The filter. Default: a task's first."),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(help="The metric. Default: a task's first with a score for each item."),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="FIELD", help="Items with one value of it vary together.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Report how much came through, from folders that `lm_eval --log_samples` wrote."""
    from limbeck.pipeline.transfer import transfer as report_of
    from limbeck.pipeline.transfer import write
    from limbeck.progress import shown_json

    folders = {"base": base, "student": student}
    if teacher is not None:
        folders["teacher"] = teacher
    if len({folder.resolve() for folder in folders.values()}) < len(folders):
        raise UserError("two of the models are the same folder; each has its own")
    report = report_of(folders, train=train, filter_=filter_, metric=metric, cluster=cluster)
    if into is not None:
        write(report, into)
    if as_json:
        typer.echo(shown_json(report, indent=2))
        return
    from rich.console import Console

    from limbeck.evals.pages.table import transfer_table
    from limbeck.evals.pages.wording import visible

    console = Console() if sys.stdout.isatty() else Console(width=120)
    console.print(transfer_table(report))
    for line in report["limits"]:
        console.print(f"- {visible(line, one_line=True)}", markup=False, highlight=False)
    if into is not None:
        console.print(
            f"Report: {into / 'index.html'}", markup=False, highlight=False, soft_wrap=True
        )
