"""`limbeck publish`: a run's rows as a dataset, in a folder or on the Hugging Face hub."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limbeck.cli.options import LedgerFile, ProgressMode, context_of
from limbeck.commands import command
from limbeck.errors import UserError

if TYPE_CHECKING:
    from limbeck.pipeline.context import Context
    from limbeck.publish.options import Options, Published


def publish(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    to: Annotated[
        str, typer.Option(metavar="DIR_OR_HUB", help="A folder, or hf:ORG/NAME for the hub.")
    ],
    licence: Annotated[
        str | None,
        typer.Option(
            "--licence",
            help="Of the dataset, as the hub writes it: cc-by-4.0. Default: the seeds'.",
        ),
    ] = None,
    seeds_licence: Annotated[
        str | None,
        typer.Option("--seeds-licence", help="Of the seeds. Default: seeds.licence in the recipe."),
    ] = None,
    pretty_name: Annotated[
        str | None, typer.Option("--pretty-name", help="The card's title. Default: the run's name.")
    ] = None,
    author: Annotated[
        list[str] | None, typer.Option("--author", help="Who publishes; several times for more.")
    ] = None,
    acknowledge: Annotated[
        list[str] | None,
        typer.Option(
            "--acknowledge",
            help="You have read what limbeck says about it: teacher-terms, seeds-licence.",
        ),
    ] = None,
    with_refused: Annotated[
        bool, typer.Option("--with-refused", help="The refused rows too, as a second config.")
    ] = False,
    audit: Annotated[
        bool, typer.Option("--audit/--no-audit", help="Measure the rows for the card.")
    ] = True,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of what was published before.")
    ] = False,
    public: Annotated[
        bool, typer.Option("--public", help="A new dataset on the hub is public, not private.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be written or uploaded, no more.")
    ] = False,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
) -> None:
    """Publish a run: Parquet shards, a card whose numbers come from the run, and provenance.

    hf:ORG/NAME writes the folder RUN/published first and uploads it in one commit.
    """
    from limbeck.progress import visible
    from limbeck.publish.folder import OWN
    from limbeck.publish.hub import hub_name
    from limbeck.publish.options import Options

    if not run.is_dir():
        raise UserError(f"{run} is no run folder; limbeck publish takes one that has been filtered")
    name = hub_name(to)
    if public and name is None:
        raise UserError("--public is for the hub; --to names a folder")
    context = context_of(str(run), Path(), ledger, progress)
    target = Path(to) if name is None else run / OWN
    options = Options(
        licence=licence,
        seeds_licence=seeds_licence,
        pretty_name=pretty_name,
        authors=tuple(author or ()),
        acknowledge=tuple(acknowledge or ()),
        with_refused=with_refused,
        audit=audit,
        load_as=name or target.resolve().name,
        hub=name is not None,
    )
    if dry_run:
        lines = _dry(context, to, options)
    else:
        lines = _publish(context, target, name, options, replace=replace, public=public)
    for line in lines:
        typer.echo(visible(line))


def _publish(
    context: Context,
    target: Path,
    name: str | None,
    options: Options,
    *,
    replace: bool,
    public: bool,
) -> list[str]:
    from limbeck.publish.folder import publish as write
    from limbeck.publish.hub import upload

    made = write(context, target, options, replace=replace or name is not None)
    lines = [*_told(made), f"Published: {target}", f"limbeck.json: {made.sha256} (SHA-256)"]
    if name is None:
        return [*lines, f"To check it: {command('verify', target)}"]
    where = upload(target, name, made.manifest, public=public, replace=replace)
    return [*lines, f"On the hub: {where}" if where else f"{name} on the hub is the same already"]


def _dry(context: Context, to: str, options: Options) -> list[str]:
    from limbeck.publish.folder import publish as write
    from limbeck.publish.folder import published_files

    with tempfile.TemporaryDirectory(prefix="limbeck-") as folder:
        made = write(context, Path(folder) / "published", options)
        sizes = {
            name: (Path(folder) / "published" / name).stat().st_size
            for name in published_files(made.manifest)
        }
    files = [f"  {name}, {size:,} bytes" for name, size in sizes.items()]
    return [*_told(made), f"{to} would have:", *files, "Nothing was written (--dry-run)."]


def _told(made: Published) -> list[str]:
    rows = made.manifest["rows"]
    sides = ", ".join(f"{about['rows']:,} {side}" for side, about in rows["splits"].items())
    lines = [f"{rows['total']:,} rows ({sides}), licence {made.manifest['licence']['id']}"]
    lines += [f"acknowledged: {one['key']}: {one['says']}" for one in made.manifest["notices"]]
    return lines
