"""`limbeck ledger`: what was asked and answered, over all runs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limbeck.cli.options import LedgerFile

if TYPE_CHECKING:
    from limbeck.pipeline.ledger import Merged, TeacherStats

app = typer.Typer(
    name="ledger",
    help="Sum up the ledger, export it, or merge another one into it.",
    no_args_is_help=True,
)


def _path(ledger: Path | None) -> Path:
    from limbeck.ledger import default_path

    return ledger or default_path()


@app.command()
def stats(
    ledger: LedgerFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what the ledger holds, teacher by teacher."""
    from dataclasses import asdict

    from limbeck.pipeline.ledger import stats
    from limbeck.progress import shown_json, visible

    path = _path(ledger)
    teachers = stats(path)
    if as_json:
        rows = [
            asdict(one) | {"first": _iso(one.first), "last": _iso(one.last)} for one in teachers
        ]
        typer.echo(shown_json({"ledger": str(path), "teachers": rows}))
        return
    replies = sum(one.replies for one in teachers)
    count = f"{len(teachers)} teacher{'' if len(teachers) == 1 else 's'}"
    typer.echo(visible(f"{path}: {count}, {replies:,} replies"))
    for one in teachers:
        typer.echo("")
        for line in _block(one):
            typer.echo(visible(line))


def _block(one: TeacherStats) -> list[str]:
    rest = dict(one.teacher)
    title = f"{rest.pop('endpoint', '?')}  {rest.pop('model', '?')}"
    title += "".join(f"  {name}={value}" for name, value in rest.items())
    rows = (
        ("replies", one.replies, _listed(one.finish_reasons)),
        ("failures", one.failures, _listed(one.failure_reasons)),
        ("retired", one.retired, ""),
        ("tokens in", one.prompt_tokens, f"cached {one.cached_tokens:,}"),
        ("tokens out", one.completion_tokens, ""),
        ("wasted in", one.wasted_prompt_tokens, ""),
        ("wasted out", one.wasted_completion_tokens, ""),
    )
    lines = [title, *(f"  {name:<10} {count:>15,}  {more}".rstrip() for name, count, more in rows)]
    if one.first is not None:
        lines.append(f"  {'seconds':<10} {one.mean_seconds or 0.0:>15.2f}  mean")
        lines.append(f"  {'stored':<10} {_iso(one.first)} to {_iso(one.last)}")
    return lines


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _iso(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


@app.command()
def export(
    out: Annotated[
        str, typer.Argument(metavar="[OUT.jsonl]", help="The file to write; - is the output.")
    ] = "-",
    ledger: LedgerFile = None,
    failures: Annotated[
        bool, typer.Option("--failures", help="Write the failures too, after the replies.")
    ] = False,
) -> None:
    """Write every reply as one line of JSON."""
    from limbeck.pipeline.ledger import export, export_file
    from limbeck.progress import visible

    path = _path(ledger)
    if out == "-":
        export(path, sys.stdout.buffer, failures=failures)
        sys.stdout.buffer.flush()
        return
    count = export_file(path, Path(out), failures=failures)
    typer.echo(visible(f"{out}: {count:,} rows"))


@app.command()
def merge(
    other: Annotated[Path, typer.Argument(metavar="OTHER", help="The ledger to copy from.")],
    ledger: LedgerFile = None,
) -> None:
    """Copy what only OTHER holds into the ledger; OTHER stays as it is."""
    from limbeck.pipeline.ledger import merge
    from limbeck.progress import visible

    path = _path(ledger)
    merged = merge(path, other)
    for line in _told(merged):
        typer.echo(visible(line))


def _told(merged: Merged) -> list[str]:
    lines = [f"{'':<12} {'copied':>10} {'there already':>15}"]
    for table in ("replies", "retired", "failures", "facts", "batches"):
        copied, present = merged.copied[table], merged.present[table]
        lines.append(f"{table:<12} {copied:>10,} {present:>15,}")
    if merged.different:
        keys = "key has" if merged.different == 1 else "keys have"
        lines.append(f"{merged.different:,} {keys} another reply in OTHER; ours was kept")
    return lines
