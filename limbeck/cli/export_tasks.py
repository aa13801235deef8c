"""`limbeck tasks`: a recipe's own evaluation tasks for others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limbeck.cli.options import RUNS, Sets, Target

app = typer.Typer(
    name="tasks", help="Write the evaluation tasks for plain lm-eval.", no_args_is_help=True
)


@app.callback()
def _tasks() -> None:
    """A callback, so that the one command keeps its name."""


@app.command()
def export(
    target: Target,
    into: Annotated[Path, typer.Option(help="The folder for YAML, JSONL and utils.py.")],
    sets: Sets = None,
) -> None:
    """Write the recipe's own tasks as YAML and JSONL that lm-eval runs without limbeck."""
    from limbeck.cli.options import context_of
    from limbeck.pipeline.export_tasks import export_tasks
    from limbeck.progress import visible

    made, skipped = export_tasks(context_of(target, RUNS, None, "quiet", sets=sets), into)
    for task in made:
        typer.echo(visible(f"{task.name}: {task.items} items, {task.about}"))
        for line in task.unlike:
            typer.echo(visible(f"  not as in limbeck: {line}"))
    for line in skipped:
        typer.echo(visible(f"not exported: {line}"))
    typer.echo(
        visible(f"To run them: lm_eval --include_path {into} --tasks NAME; see its README.md")
    )
