"""`limbeck iterate`: the adversarial loop, round after round."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limbeck.cli.options import (
    RUNS,
    Fresh,
    Into,
    LedgerFile,
    ProgressMode,
    Sets,
    command_line,
    context_of,
    resumable,
)
from limbeck.commands import command
from limbeck.errors import RecipeError, UserError

if TYPE_CHECKING:
    from limbeck.pipeline.context import Context

LOOP = "iterate.yaml"  # what the folder of a loop has in place of a run's recipe.yaml


def iterate(
    target: Annotated[
        str,
        typer.Argument(
            metavar="LOOP_OR_RECIPE",
            help="A recipe with a section iterate, its name, or the folder of a loop.",
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    sets: Sets = None,
    fresh: Fresh = False,
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
) -> None:
    """Train a student round after round on what the teacher does better, beside a control.

    The loop of imitation, discrimination and generation (Lion), as the recipe's section iterate
    says. Give it again to go on; nothing that was answered is asked again.
    """
    path = Path(target)
    is_loop = (path / LOOP).is_file()
    recipe = str(path / LOOP) if is_loop else target
    context = replace(context_of(recipe, into, ledger, progress, sets=sets), fresh=fresh)
    if context.recipe.iterate is None:
        if path.is_dir() and (path.parent / LOOP).is_file():
            raise UserError(
                f"{target} is one run of the loop {path.parent}, which goes on with: "
                f"{command('iterate', path.parent)}"
            )
        raise RecipeError(
            f"{target} has no section iterate, which says how many rounds there are and where new "
            "questions come from; add it (recipes/adversarial.yaml has one, docs/adversarial.md "
            f"all keys), or do one round without it: {command('run', target)}"
        )
    from limbeck.pipeline.iterate.loop import loop_of, run_loop
    from limbeck.progress import visible
    from limbeck.rundir import RunDir

    folder = path if is_loop else into / f"{context.recipe.name}-iterate"
    loop = loop_of(context, folder)
    if dry_run:
        from limbeck.pipeline.iterate.outlook import outlook

        for line in outlook(loop):
            typer.echo(visible(line))
        return
    more = ["--into", str(into)] if path.is_dir() and not is_loop and into != RUNS else []
    more += ["--fresh"] if fresh else []
    at_work = replace(context, run=RunDir(folder, context.recipe))  # its rounds are in there
    with resumable(at_work, command_line("iterate", target, into, ledger, *more, sets=sets)):
        made = run_loop(loop)
    from limbeck.cli.tables import print_tables
    from limbeck.evals.rounds.page import lines
    from limbeck.evals.rounds.tables import tables

    for line in lines(made):
        typer.echo(visible(line))
    print_tables(tables(made), f"Rounds: {folder / 'index.html'}")


def say_one_round(context: Context, target: str) -> None:
    """`limbeck run` of a recipe with a loop does one round of it, and says so."""
    if context.recipe.iterate is not None:
        context.reporter.say(
            "the recipe has a section iterate, and limbeck run does one round only: nothing is "
            f"compared and no new question comes of it. The whole loop: "
            f"{command('iterate', target)}"
        )
