"""`limbeck import`: anybody's dataset as seeds, so that a recipe filters and trains on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limbeck.cli.options import columns_of
from limbeck.errors import UserError

if TYPE_CHECKING:
    from limbeck.reading.importing import Imported
    from limbeck.reading.source import Source


def import_rows(
    data: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A file (JSON lines, JSON, CSV, Parquet, packed or not), a folder of them, a run "
            "folder, or hf:ORG/NAME.",
        ),
    ],
    to: Annotated[Path, typer.Option("--to", help="The JSON-lines file to write.")],
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=COLUMN",
            help="Which column is read as what, such as instruction=q; several times for more.",
        ),
    ] = None,
    targets: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column of reference answers.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="The split to read. Default: all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a dataset's rows as seeds; with `generate: given`, a recipe goes on from there.

    Columns are guessed and said. What is not carried over is said, too.
    """
    from limbeck.progress import shown_json, visible
    from limbeck.reading.importing import import_rows as write
    from limbeck.reading.source import open_source

    source = open_source(data, columns=columns_of(column), targets=targets, split=split)
    here = Path(data).resolve()
    if to.resolve() == here:
        raise UserError(f"--to would write over the source, {data}: name another file")
    if here in to.resolve().parents:
        raise UserError(
            f"--to would write into the source, {data}, and be read as a part of it the next time: "
            "name a file outside of it"
        )
    done = write(source, to)
    if as_json:
        row = {
            "about": source.about,
            "columns": source.columns,
            "written": done.written,
            "answered": done.answered,
            "targets": done.targets,
            "again": done.again,
            "left_out": dict(done.left_out),
            "lost": list(done.lost),
            "unreadable": dict(source.unreadable),
            "licence": source.licence,
            "to": str(to),
        }
        typer.echo(shown_json(row))
        return
    for line in _told(source, done, to):
        typer.echo(visible(line))


def _number(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _told(source: Source, done: Imported, to: Path) -> Iterator[str]:
    yield source.about
    for role, name in source.columns.items():
        yield f"  {role:<15} {name}"
    yield from source.notes
    if source.licence:
        yield f"licence: {source.licence}"
    if done.lost:
        yield f"not carried over: {', '.join(done.lost)}"
    for reason, number in sorted(done.left_out.items()):
        yield f"left out: {_number(number, 'row')} {reason}"
    for reason, number in sorted(source.unreadable.items()):
        yield f"not read: {number:,} ({reason})"
    for place in source.reasons:
        yield f"  {place}"
    if done.again:
        asks = "asks" if done.again == 1 else "ask"
        yield f"{_number(done.again, 'row')} {asks} what an earlier one asks; all are written"
    answered = f"{done.answered:,} with an answer, {done.targets:,} with a reference answer"
    yield f"{_number(done.written, 'seed')}, {answered}: {to}"
    if done.answered == done.written:
        yield f"To filter and train on them: seeds: {to} and generate: given in a recipe"
