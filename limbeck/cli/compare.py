"""`limbeck compare`: the students of several runs beside each other."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
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

    found = compare_runs(runs)
    if as_json:
        row = {
            "runs": [dataclasses.asdict(one) for one in found.trained],
            "tasks": [one.to_json() for one in found.tasks],
            "in_context": found.in_context,
        }
        typer.echo(json.dumps(row, ensure_ascii=False, indent=2))
        return
    _print(found.trained, found.tasks, found.in_context)


def _print(
    trained: list[Trained], comparisons: list[Comparison], in_context: Mapping[str, Any] | None
) -> None:
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
    if in_context:
        for point in in_context["mean"]["points"]:
            console.print(_after_demos(point, len(in_context["tasks"]), trained[0].name))
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


def _after_demos(point: Mapping[str, Any], tasks: int, first: str) -> Any:
    """One condition of the in-context evaluation, the mean over tasks."""
    from rich.table import Table
    from rich.text import Text

    from limbeck.evals import wording

    demos = f"{point['shots']} demos by {point['select']}" if point["shots"] else "no demos"
    control = f", labels {point['control'].replace('_', ' ')}" if point["control"] else ""
    title = f"In context, {demos}{control}: mean of {tasks} tasks, {point['n']} rows"
    table = Table(title=Text(title), title_justify="left", pad_edge=False)
    for name in ("model", "accuracy", f"minus {first}", "macro-F1", "ECE"):
        table.add_column(Text(name), justify="left" if name == "model" else "right")
    for name, told in point["models"].items():
        moved = point["minus_first"].get(name)
        table.add_row(
            Text(wording.visible(name, one_line=True)),
            _interval(told["accuracy"], "share"),
            "" if moved is None else wording.difference(moved, "share"),
            _interval(told.get("macro_f1"), ""),
            _interval(told.get("ece"), ""),
        )
    return table


def _interval(found: Mapping[str, float] | None, unit: str) -> str:
    from limbeck.evals import wording

    if found is None:
        return wording.MISSING
    value, *ends = (wording.score({"value": found[key]}, unit) for key in ("value", "low", "high"))
    return f"{value} [{', '.join(end.removesuffix('%') for end in ends)}]"
