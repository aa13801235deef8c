"""`limbeck batch`: a run's requests through the Batch API, at its price."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limbeck.cli.options import (
    RUNS,
    Into,
    LedgerFile,
    ProgressMode,
    Target,
    command_line,
    context_of,
    resumable,
)

if TYPE_CHECKING:
    from limbeck.pipeline.batch_state import Known

app = typer.Typer(
    name="batch",
    help="Ask the teacher through the Batch API: cheaper, within a day, in the same ledger.",
    no_args_is_help=True,
)

SHOWN = 5  # errors of a batch


@app.command()
def submit(
    target: Target,
    most: Annotated[
        int, typer.Option("--most", help="The most requests in one batch, for small quotas.")
    ] = 50_000,
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
) -> None:
    """Submit what the ledger does not answer and no batch of the run may still answer."""
    from limbeck.pipeline.batch import submit

    context = context_of(target, into, ledger, progress)
    with resumable(context, command_line("batch submit", target, into, ledger)):
        submit(context, most_requests=most)


@app.command()
def status(
    target: Target,
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print how far every batch of the run is, and why one failed."""
    from limbeck.pipeline.batch import status
    from limbeck.progress import shown_json, visible

    context = context_of(target, into, ledger, progress)
    known = status(context)
    if as_json:
        typer.echo(shown_json({"batches": [_row(one) for one in known]}))
        return
    if not known:
        submit = context.command("batch submit")
        typer.echo(visible(f"{context.run.path} has no batches. To make some: {submit}"))
    for one in known:
        for line in _lines(one):
            typer.echo(visible(line))
    if any(one.to_collect for one in known):
        typer.echo(visible(f"To bring the answers: {context.command('batch collect')}"))


@app.command()
def collect(
    target: Target, into: Into = RUNS, ledger: LedgerFile = None, progress: ProgressMode = "auto"
) -> None:
    """Put the answers of batches that have ended into the ledger, also of expired ones."""
    from limbeck.pipeline.batch import collect

    context = context_of(target, into, ledger, progress)
    with resumable(context, command_line("batch collect", target, into, ledger)):
        collect(context)


@app.command()
def cancel(
    target: Target, into: Into = RUNS, ledger: LedgerFile = None, progress: ProgressMode = "auto"
) -> None:
    """Cancel the run's batches; what they have answered by then can be collected."""
    from limbeck.pipeline.batch import cancel

    cancel(context_of(target, into, ledger, progress))


def _row(one: Known) -> dict[str, Any]:
    remote = one.remote
    return {
        "id": one.batch.id,
        "status": one.status,
        "to_collect": one.to_collect,
        "shown_by_endpoint": remote is not None,
        "answered": remote and remote.completed,
        "failed": remote and remote.failed,
        "total": remote and remote.total,
        "expires_at": remote and _iso(remote.expires_at),
        "errors": list(remote.errors) if remote else [],
    }


def _lines(one: Known) -> list[str]:
    remote = one.remote
    line = f"{one.batch.id}  {one.status:<11}"
    if remote is None:
        return [f"{line}  the endpoint does not show it"]
    line += f"  {remote.completed:,} answered, {remote.failed:,} failed of {remote.total:,}"
    if one.to_collect:
        line += "  to collect"
    elif not remote.ended and remote.expires_at is not None:
        line += f"  expires {_iso(remote.expires_at)}"
    more = len(remote.errors) - SHOWN
    lines = [line, *(f"  {error}" for error in remote.errors[:SHOWN])]
    return [*lines, f"  and {more:,} more"] if more > 0 else lines


def _iso(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
