"""`limbeck curve`: scores against the number of training rows and the student's size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limbeck.cli.options import (
    RUNS,
    Into,
    LedgerFile,
    ProgressMode,
    Sets,
    Target,
    command_line,
    context_of,
    resumable,
)
from limbeck.errors import UserError


def curve(
    target: Target,
    rows: Annotated[
        str, typer.Option(help="Training rows of each student: 50,100,200. The smaller are nested.")
    ],
    seeds: Annotated[
        str, typer.Option(help="Seeds of the training; three say how far they move a student.")
    ] = "0,1,2",
    students: Annotated[
        str | None,
        typer.Option(help="Other students than the recipe's: MODEL or MODEL:LAYERS, by commas."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    sets: Sets = None,
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
) -> None:
    """Train students on more and more rows, with several seeds, and draw what that brings.

    The teacher is asked once for all of them. Give it again to go on; with a run folder, that
    run's rows are used.
    """
    from limbeck.pipeline.curve import outlook, run_study, study_of

    context = context_of(target, into, ledger, progress, sets=sets)
    study = study_of(
        context,
        into / f"{context.recipe.name}-curve",
        rows=_numbers("rows", rows),
        seeds=_numbers("seeds", seeds),
        students=[part.strip() for part in (students or "").split(",") if part.strip()],
    )
    if dry_run:
        from limbeck.progress import visible

        for line in outlook(study):
            typer.echo(visible(line))
        return
    more = ["--rows", rows, "--seeds", seeds]
    more += ["--students", students] if students else []
    if Path(target).is_dir() and into != RUNS:
        more += ["--into", str(into)]
    with resumable(context, command_line("curve", target, into, ledger, *more, sets=sets)):
        made = run_study(study)
    from limbeck.cli.tables import print_tables
    from limbeck.evals.curves.tables import tables

    print_tables(tables(made), f"Curve: {study.folder / 'curve.html'}")


def _numbers(name: str, text: str) -> list[int]:
    """Raises UserError for what are no whole numbers."""
    least = 1 if name == "rows" else 0
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() and int(part) >= least for part in parts):
        raise UserError(
            f"--{name} wants whole numbers from {least} on, such as 1,2,4; got {text!r}"
        )
    return [int(part) for part in parts]
