"""`limbeck index`: a run's kept rows into the index that later runs are compared with."""

from __future__ import annotations

from typing import Annotated

import typer

from limbeck.cli.options import RUNS, Sets, context_of


def index(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The folder of a filtered run.")],
    sets: Sets = None,
) -> None:
    """Add a run's kept rows to the Redis index that its filter minhash names (or --set
    minhash.index=redis://HOST:PORT/DB/NAME), so that later runs refuse near copies of them."""
    from limbeck.pipeline.filter import add_to_index
    from limbeck.progress import visible

    name, new = add_to_index(context_of(run, RUNS, None, "quiet", sets=sets))
    typer.echo(visible(f"{new:,} rows added to {name}"))
