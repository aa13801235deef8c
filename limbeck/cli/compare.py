"""`limbeck compare`: the students of several runs beside each other."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from limbeck.evals.compare import Comparison, Standing
    from limbeck.pipeline.compare import Trained


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...", help="Run folders; the others are held against the first."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare the students of several runs on the tasks they share, item by item."""
    from limbeck.pipeline.compare import compare_runs

    trained, comparisons = compare_runs(runs)
    if as_json:
        row = {
            "runs": [dataclasses.asdict(one) for one in trained],
            "tasks": [one.to_json() for one in comparisons],
        }
        typer.echo(json.dumps(row, ensure_ascii=False, indent=2))
        return
    _print(trained, comparisons)


def _print(trained: list[Trained], comparisons: list[Comparison]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from limbeck.evals import wording

    console = Console() if sys.stdout.isatty() else Console(width=120)
    for found in comparisons:
        what = "prompts" if found.task.startswith("imitation_") else "templates"
        groups = f" from {found.clusters} {what}" if found.clusters < found.n else ""
        title = f"{wording.visible(found.task, one_line=True)}: {found.n} items{groups}"
        table = Table(title=Text(title), title_justify="left", pad_edge=False)
        first = trained[0].name
        for name in ("run", "rows", "tokens", found.metric, f"minus {first}", "p"):
            table.add_column(Text(name), justify="left" if name == "run" else "right")
        for run, standing in zip(trained, found.standings, strict=True):
            table.add_row(*map(Text, _cells(run, standing, found.metric)))
        console.print(table)
    console.print(wording.INTERVALS, markup=False)


def _cells(run: Trained, standing: Standing, metric: str) -> list[str]:
    from limbeck.evals import wording

    unit = "share" if metric.startswith("acc") else ""
    entry: dict[str, Any] = {"value": standing.score, "stderr": standing.stderr}
    moved = standing.minus_first
    return [
        wording.visible(run.name, one_line=True),
        wording.count(run.rows),
        wording.count(run.tokens),
        wording.score(entry, unit),
        "" if moved is None else wording.difference(dataclasses.asdict(moved), unit),
        "" if standing.p_value is None else wording.p_value({"p_value": standing.p_value})[2:],
    ]
