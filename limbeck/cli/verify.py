"""`limbeck verify`: whether a downloaded dataset is what limbeck published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def verify(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="A folder that limbeck published, or its download."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check a published dataset: hashes, counts, splits, provenance, and the card.

    Exit code 1 for a mismatch, 2 for what is no dataset of limbeck.
    """
    from limbeck.progress import shown_json, visible
    from limbeck.publish.verify import verify as check

    found = check(folder)
    if as_json:
        typer.echo(shown_json(found.to_json(), indent=2))
    else:
        for line in found.checked:
            typer.echo(visible(f"{'OK' if line['ok'] else '--'}  {line['says']}"))
        for note in found.notes:
            typer.echo(visible(f"    {note}"))
        for mismatch in found.mismatches:
            typer.echo(visible(f"MISMATCH  {mismatch}"))
        typer.echo(visible(f"limbeck.json: {found.sha256} (SHA-256)"))
    if not found.ok:
        raise typer.Exit(1)
