"""`limbeck dedup`: near duplicates of many files, on one core, all cores, or a cluster."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from limbeck.errors import UserError


def dedup(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES", help="Parquet or JSON lines, in their order.")
    ],
    to: Annotated[
        Path, typer.Option(help="The folder for verdicts.parquet, and for the rows that stay.")
    ],
    text: Annotated[
        list[str] | None,
        typer.Option(help="The column that is compared; several are joined. Default: text."),
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0.05, max=1.0, help="The exact Jaccard index of near duplicates.")
    ] = 0.8,
    num_perm: Annotated[
        int, typer.Option("--num-perm", min=8, max=65_536, help="Hashes a sketch.")
    ] = 128,
    shingle: Annotated[int, typer.Option(min=1, help="Words a shingle.")] = 5,
    engine: Annotated[
        str, typer.Option(help="local (one reader), daft (all cores), or ray (a cluster).")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="The Ray cluster's. Default: RAY_ADDRESS, or none."),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(help="For what lies between the steps; given again, a stopped job goes on."),
    ] = None,
    verdicts_only: Annotated[
        bool, typer.Option("--verdicts-only", help="Write no rows, verdicts alone.")
    ] = False,
) -> None:
    """Find rows that nearly repeat an earlier one; write the verdicts, and the rows that stay.

    Every removed row has a kept one at the threshold or above, by exact Jaccard index of word
    shingles; all engines decide alike.
    """
    from limbeck.filters.minhash.engines import near_rows
    from limbeck.filters.minhash.engines.verdicts import (
        NAME,
        kept_name,
        removed_rows,
        write_kept,
        write_verdicts,
    )
    from limbeck.progress import visible
    from limbeck.store import fresh_folder

    if address is not None and engine != "ray":
        raise UserError("--address is a Ray cluster's: add --engine ray")
    if to.exists() and not (to / NAME).is_file():
        raise UserError(
            f"{to} is there already, and limbeck dedup did not write it; choose another"
        )
    for path in (*files, *((work,) if work is not None else ())):
        if path.resolve().is_relative_to(to.resolve()):
            raise UserError(f"{path} is in {to}, which is written anew; choose another --to")
    names = kept_name(files)
    with ExitStack() as stack:
        if work is None:
            between = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="limbeck-")))
        else:
            between = work
        found = near_rows(
            files,
            text or ["text"],
            engine=engine,  # type: ignore[arg-type]  # near_rows checks it
            threshold=threshold,
            num_perm=num_perm,
            shingle=shingle,
            folder=between,
            address=address,
            say=lambda line: typer.echo(visible(line), err=True),
        )
        with fresh_folder(to) as draft:
            write_verdicts(draft, files, found)
            for number, path in enumerate(files):
                if not verdicts_only:
                    write_kept(path, removed_rows(found, number), draft / names[number])
    removed = len(found.removed)
    kept = found.rows - removed
    typer.echo(visible(f"{found.rows:,} rows, {removed:,} near duplicates removed, {kept:,} kept"))
    if found.unreadable:
        says = (
            "lines could not be read; they stay as they are (limbeck import leaves such lines out"
        )
        typer.echo(visible(f"{found.unreadable:,} {says}, and says why)"))
    typer.echo(visible(f"Verdicts: {to / NAME}"))
