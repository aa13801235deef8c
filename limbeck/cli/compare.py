"""`limbeck compare`: the students of several runs beside each other."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limbeck.errors import UserError

if TYPE_CHECKING:
    from limbeck.evals.compare import Standing
    from limbeck.pipeline.compare import Compared, Trained


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="Run folders, the others held against the first; or loops of several seeds.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare the students of several runs on the tasks they share, item by item: control arms of
    one study, say. The gap closed is that between base and teacher of the first run.

    Folders of limbeck iterate that differ in their seeds alone become one: what the loop brings
    over its control, with intervals over items and seeds.
    """
    from limbeck.pipeline.compare import compare_runs
    from limbeck.pipeline.iterate.compare import is_loop

    if any(map(is_loop, runs)):
        _loops(runs, as_json)
        return
    found = compare_runs(runs)
    if as_json:
        from limbeck.progress import shown_json

        row = {
            "runs": [dataclasses.asdict(one) for one in found.trained],
            "tasks": [one.to_json() for one in found.tasks],
            "in_context": found.in_context,
            "other_base": found.other_base,
            "other_teacher": found.other_teacher,
            "left_out": found.left_out,
        }
        typer.echo(shown_json(row, indent=2))
        return
    _print(found)


def _loops(paths: list[Path], as_json: bool) -> None:
    from limbeck.pipeline.compare import names_of
    from limbeck.pipeline.iterate.compare import compare_loops
    from limbeck.progress import shown_json, visible

    if len(paths) < 2:
        raise UserError(f"comparing takes at least two loops, got {len(paths)}")
    found = compare_loops(names_of(paths), paths)
    if as_json:
        typer.echo(shown_json(found, indent=2))
        return
    from limbeck.cli.tables import print_tables
    from limbeck.evals.rounds.seed_tables import READING, lines, tables

    for line in lines(found):
        typer.echo(visible(line))
    print_tables(tables(found), READING)


def _print(found: Compared) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from limbeck.evals.pages import wording

    console = Console() if sys.stdout.isatty() else Console(width=120)
    first = found.trained[0].name
    several = len(found.tasks) > 1
    for task in found.tasks:
        what = "prompts" if task.task.startswith("imitation_") else "groups"
        groups = f" from {task.clusters} {what}" if task.clusters < task.n else ""
        title = f"{wording.visible(task.task, one_line=True)}: {task.n} items{groups}"
        table = Table(title=Text(title), title_justify="left", pad_edge=False)
        p_name = "p (Holm)" if several else "p"
        heads = ["run", "rows", "tokens", task.metric, f"minus {first}", p_name, "gap closed"]
        with_gap = any(standing.gap_closed for standing in task.standings)
        for name in heads if with_gap else heads[:-1]:
            table.add_column(
                Text(wording.visible(name, one_line=True)),
                justify="left" if name == "run" else "right",
            )
        for run, standing in zip(found.trained, task.standings, strict=True):
            cells = _cells(run, standing, task.unit)
            table.add_row(*map(Text, cells if with_gap else cells[:-1]))
        console.print(table)
    if found.in_context:
        for point in found.in_context["mean"]["points"]:
            console.print(_after_demos(point, len(found.in_context["tasks"]), first))
        for shown in _over_none(found.in_context):
            console.print(shown)
    for line in (*_notes(found), wording.INTERVALS):
        console.print(line, markup=False, highlight=False)


def _notes(found: Compared) -> list[str]:
    """What the tables' numbers are, as far as these runs have it."""
    from limbeck.evals.pages import wording

    def named(names: list[str]) -> str:
        return ", ".join(wording.visible(name, one_line=True) for name in names)

    first = named([found.trained[0].name])
    lines = []
    if any(standing.gap_closed for task in found.tasks for standing in task.standings):
        lines.append(f"Gap closed: between the base and the teacher of {first}.")
        if found.other_teacher:
            lines.append(f"Learned from another teacher: {named(found.other_teacher)}.")
        if found.other_base:
            lines.append(
                f"Began from another base, so there is no gap closed: {named(found.other_base)}."
            )
    if len(found.tasks) > 1:
        lines.append(f"p: adjusted over the {len(found.tasks)} tasks by Holm's method.")
    if found.left_out:
        lines.append(
            f"Left out, since the runs' teachers wrote other completions: {named(found.left_out)}."
        )
    return lines


def _cells(run: Trained, standing: Standing, unit: str) -> list[str]:
    from limbeck.evals.pages import wording

    entry: dict[str, Any] = {"value": standing.score, "stderr": standing.stderr}
    moved, gap = standing.minus_first, standing.gap_closed
    closed = "" if gap is None else wording.NOT_BETTER
    if gap is not None and gap.bounded:
        closed = wording.gap_text(dataclasses.asdict(gap))
    return [
        wording.visible(run.name, one_line=True),
        wording.count(run.rows),
        wording.count(run.tokens),
        wording.score(entry, unit),
        "" if moved is None else wording.difference(dataclasses.asdict(moved), unit),
        "" if standing.p_holm is None else wording.p_value({"p_value": standing.p_holm})[2:],
        closed,
    ]


def _after_demos(point: Mapping[str, Any], tasks: int, first: str) -> Any:
    """One condition of the in-context evaluation, the mean over tasks."""
    from rich.table import Table
    from rich.text import Text

    from limbeck.evals.pages import wording

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


def _over_none(found: Mapping[str, Any]) -> list[Any]:
    """What demos bring each model over none, the mean over tasks: a title and a table, which may be
    too narrow for it; nothing where that was not asked."""
    from rich.table import Table
    from rich.text import Text

    from limbeck.evals.in_context.words import demos_of
    from limbeck.evals.pages import wording

    rows = [
        (demos_of(point), wording.visible(name, one_line=True), told["minus_none"])
        for point in found["mean"]["points"]
        for name, told in point["models"].items()
        if "minus_none" in told
    ]
    if not rows:
        return []
    title = f"In context, accuracy minus that without demos: mean of {len(found['tasks'])} tasks"
    table = Table(pad_edge=False)
    for name in ("demos", "model", "minus no demos"):
        table.add_column(name, justify="right" if name.startswith("minus") else "left")
    for place, (demos, name, moved) in enumerate(rows):
        again = place > 0 and rows[place - 1][0] == demos
        ends = place + 1 == len(rows) or rows[place + 1][0] != demos
        cells = ("" if again else demos, name, wording.difference(moved, "share"))
        table.add_row(*map(Text, cells), end_section=ends)
    return [Text(title, style="table.title"), table]


def _interval(found: Mapping[str, float] | None, unit: str) -> str:
    from limbeck.evals.pages import wording

    if found is None:
        return wording.MISSING
    value, *ends = (wording.score({"value": found[key]}, unit) for key in ("value", "low", "high"))
    return f"{value} [{', '.join(end.removesuffix('%') for end in ends)}]"
