"""`limbeck show`: how many rows each filter of a run refused, and which."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limbeck.errors import UserError

if TYPE_CHECKING:
    from limbeck.rundir import RunDir


def show(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    refused: Annotated[
        str | None, typer.Option(metavar="FILTER", help="Show rows that this filter refused.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="With --refused: only those for this reason.")
    ] = None,
    around: Annotated[
        str | None,
        typer.Option(
            metavar="FILTER",
            help="Show the rows nearest to this filter's threshold, on both of its sides.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="So many rows; of --around, of each side.")
    ] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with whole texts.")] = False,
) -> None:
    """Print what each filter of a run refused, and why; with --refused, the rows and the nearest
    beside them."""
    from limbeck.pipeline.refused import filtered, refused_rows, rows_around
    from limbeck.progress import shown_json

    if refused is not None and around is not None:
        raise UserError("--refused and --around are two views; give one of them")
    if reason is not None and refused is None:
        raise UserError("--reason goes with --refused FILTER")
    opened, stages = filtered(run)
    if refused is None and around is None:
        if as_json:
            kept = opened.need("filter", by="filter").counts["kept"]
            row = {"filters": [stage.to_json() for stage in stages], "kept": kept}
            typer.echo(shown_json(row, indent=2))
        else:
            print_funnel(opened)
        return
    if around is not None:
        rows = rows_around(opened, stages, around, limit)
    else:
        assert refused is not None
        rows = refused_rows(opened, stages, refused, reason, limit)
    if as_json:
        typer.echo(shown_json([row.to_json() for row in rows], indent=2))
        return
    from limbeck.cli.show_rows import print_rows

    name = around or refused or ""
    asked = [stage for stage in stages if stage.name == name]
    total = sum(
        count for stage in asked for why, count in stage.refused.items() if reason in (None, why)
    )
    print_rows(rows, name, total=None if around else total)


def print_funnel(run: RunDir) -> None:
    """The table of a filtered run: each filter's judged, refused by reason, and kept rows."""
    from rich.table import Table
    from rich.text import Text

    from limbeck.cli.show_rows import console_of
    from limbeck.pipeline.funnel import funnel
    from limbeck.progress import visible

    stages = funnel(run)
    changes = any(stage.changed for stage in stages)
    table = Table(pad_edge=False)
    for head in ("filter", "judged", "refused", "as", "kept", *(("changed",) if changes else ())):
        table.add_column(head, justify="left" if head in ("filter", "as") else "right")
    for stage in stages:
        lost = stage.judged - stage.kept
        why = ", ".join(f"{visible(reason)} {count:,}" for reason, count in stage.refused.items())
        cells = [stage.name, f"{stage.judged:,}", f"{lost:,}", why, f"{stage.kept:,}"]
        cells += [f"{stage.changed:,}"] if changes else []
        table.add_row(*(Text(visible(cell)) for cell in cells))
    console = console_of()
    if stages:
        console.print(table)
    kept = run.need("filter", by="filter").counts["kept"]
    total = stages[0].judged if stages else kept
    console.print(f"{kept:,} of {total:,} records kept", markup=False, highlight=False)
