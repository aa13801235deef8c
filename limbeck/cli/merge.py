"""`limbeck merge`: run folders of several machines made one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limbeck.cli.options import ProgressMode, Sets
from limbeck.commands import command
from limbeck.errors import UserError

if TYPE_CHECKING:
    from limbeck.pipeline.merge import Merged


def merge(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="The run folders; they are only read.")
    ],
    into: Annotated[Path, typer.Option("--into", help="The folder of the merged run.")],
    prefer: Annotated[
        str | None,
        typer.Option(
            help="first: where two runs have other rows of the same seeds, those of the one that "
            "is named first."
        ),
    ] = None,
    sets: Sets = None,
    progress: ProgressMode = "auto",
) -> None:
    """Make one run of several over parts of the same seeds (seeds.part); its generate is done."""
    from limbeck.pipeline.merge import merge
    from limbeck.progress import reporter, visible

    if prefer not in (None, "first"):
        raise UserError(f"--prefer is first, or left out, got {prefer!r}")
    modes = ("auto", "rich", "plain", "json", "quiet")
    if progress not in modes:
        raise UserError(f"--progress is one of {', '.join(modes)}, got {progress!r}")
    merged = merge(
        runs,
        into,
        sets=sets or (),
        prefer_first=prefer == "first",
        reporter=reporter(progress),  # type: ignore[arg-type]
    )
    for line in _told(merged, len(runs)):
        typer.echo(visible(line))


def _told(merged: Merged, runs: int) -> list[str]:
    counts = merged.counts
    rows = f"{counts['records']:,} records of {counts['seeds']:,} seeds"
    failures = int(counts.get("failures", 0))
    what = "nothing changed" if merged.unchanged else f"{runs} run{'s' * (runs != 1)} merged"
    lines = [f"{merged.path}: {what}, {rows}, {failures:,} failed requests"]
    lines += merged.notes
    lines.append(
        "What was asked is in the ledgers, which are merged apart; for each of the others': "
        "limbeck ledger merge OTHER.sqlite"
    )
    again = failures - int(counts.get("hopeless", 0))
    if again > 0:
        lines.append(
            f"limbeck run asks the {again:,} failed requests again, and all others too where the "
            "ledger does not have their replies: merge the ledgers first"
        )
    lines.append(f"To go on: {command('filter', merged.path)}")
    return lines
