"""The app: a verb for every stage, for asking again and for looking ahead; the entry point."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limbeck import __version__, interrupts
from limbeck.cli.audit import audit as audit_verb
from limbeck.cli.batch import app as batch_app
from limbeck.cli.compare import compare as compare_verb
from limbeck.cli.curve import curve as curve_verb
from limbeck.cli.dedup import dedup as dedup_verb
from limbeck.cli.export import export as export_verb
from limbeck.cli.export_tasks import app as tasks_app
from limbeck.cli.import_rows import import_rows as import_verb
from limbeck.cli.index import index as index_verb
from limbeck.cli.iterate import iterate as iterate_verb
from limbeck.cli.iterate import say_one_round
from limbeck.cli.ledger import app as ledger_app
from limbeck.cli.merge import merge as merge_verb
from limbeck.cli.options import (
    RUNS,
    Fresh,
    Into,
    LedgerFile,
    ProgressMode,
    Sets,
    Target,
    command_line,
    context_of,
    resumable,
)
from limbeck.cli.probe import probe as probe_verb
from limbeck.cli.publish import publish as publish_verb
from limbeck.cli.questions import questions as questions_verb
from limbeck.cli.retriever import retriever as retriever_verb
from limbeck.cli.show import print_funnel
from limbeck.cli.show import show as show_verb
from limbeck.cli.transfer import transfer as transfer_verb
from limbeck.cli.verify import verify as verify_verb
from limbeck.errors import UserError

if TYPE_CHECKING:
    from limbeck.pipeline.context import Context
    from limbeck.rundir import StageName

app = typer.Typer(
    name="limbeck",
    help="Distil a language model from the outside, and measure what came through.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _verb(
    stages: tuple[StageName, ...] | None,
    target: str,
    sets: list[str] | None,
    into: Path,
    ledger: Path | None,
    progress: str,
    workers: int | None = None,
    fresh: bool = False,
) -> Context:
    from limbeck.pipeline.run import do_stages

    context = context_of(target, into, ledger, progress, sets=sets)
    context = replace(context, workers=workers, fresh=fresh)
    verb = "run" if stages is None else stages[0]
    if stages is None:
        say_one_round(context, target)
    more = ["--fresh"] if fresh else []
    with resumable(context, command_line(verb, target, into, ledger, *more, sets=sets)):
        do_stages(context, context.run.stages if stages is None else stages)
    return context


def _show_table(context: Context) -> None:
    from rich.console import Console

    from limbeck.evals.pages.table import transfer_table
    from limbeck.store import read_json

    folder = context.run.folder("report")
    # Piped into a file there is no width: the table keeps its own.
    console = Console() if sys.stdout.isatty() else Console(width=120)
    console.print(transfer_table(read_json(folder / "report.json")))
    console.print(f"Report: {folder / 'index.html'}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def run(
    target: Target,
    sets: Sets = None,
    fresh: Fresh = False,
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
) -> None:
    """Run a recipe from seeds to the transfer report, or to its rows where it names no student.
    Run it again to resume."""
    context = _verb(None, target, sets, into, ledger, progress, fresh=fresh)
    if context.recipe.student is None:
        print_funnel(context.run)
    else:
        _show_table(context)


@app.command()
def generate(
    target: Target,
    sets: Sets = None,
    fresh: Fresh = False,
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
) -> None:
    """Ask the teacher; only what the ledger does not hold yet is asked."""
    _verb(("generate",), target, sets, into, ledger, progress, fresh=fresh)


@app.command(name="filter")
def filter_(
    target: Target,
    sets: Sets = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Processes that judge rows. Default: one a core, where they save time.",
        ),
    ] = None,
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
) -> None:
    """Judge the records, and split what is kept into train, valid and test; print how many each
    filter refused, and why."""
    stages: tuple[StageName, ...] = ("filter", "format")
    print_funnel(_verb(stages, target, sets, into, ledger, progress, workers).run)


@app.command()
def train(
    target: Target,
    sets: Sets = None,
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
) -> None:
    """Train the student."""
    _verb(("train",), target, sets, into, ledger, progress)


@app.command(name="eval")
def eval_(
    target: Target,
    sets: Sets = None,
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
) -> None:
    """Evaluate base, student and teacher under one protocol."""
    _verb(("eval",), target, sets, into, ledger, progress)


@app.command()
def report(
    target: Target,
    sets: Sets = None,
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
) -> None:
    """Write the transfer report and print its table."""
    _show_table(_verb(("report",), target, sets, into, ledger, progress))


@app.command()
def retry(
    target: Target,
    reason: Annotated[
        list[str],
        typer.Option(help="Ask again what ended for this reason; give it several times for more."),
    ],
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
) -> None:
    """Ask again what failed, or was refused, truncated or empty, for the reasons given."""
    from limbeck.pipeline.run import retry as ask_again

    context = context_of(target, into, ledger, progress, frozenset(reason))
    reasons = [word for name in reason for word in ("--reason", name)]
    with resumable(context, command_line("retry", target, into, ledger, *reasons)):
        ask_again(context)


@app.command()
def estimate(
    target: Target,
    sample: Annotated[int, typer.Option(help="How many real requests to ask.")] = 20,
    good: Annotated[
        int | None, typer.Option(help="Also say how many prompts bring this many good rows.")
    ] = None,
    sets: Sets = None,
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask a few real rows; print the tokens and the cost of the whole run, with intervals."""
    from limbeck.pipeline.estimate import estimate as predict
    from limbeck.pipeline.estimate import render
    from limbeck.progress import shown_json, visible

    context = context_of(target, into, ledger, progress, sets=sets)
    more = ["--sample", str(sample)] + ([] if good is None else ["--good", str(good)])
    command = command_line("estimate", target, into, ledger, *more, sets=sets)
    with context.run.locked(), resumable(context, command):
        if context.run.done("generate") is None:  # else it says what the records are made of
            context.run.save_recipe()
        predicted = predict(context, sample, good=good)
    if as_json:
        typer.echo(shown_json(predicted.to_json(), indent=2))
    else:
        typer.echo(visible(render(predicted)))


@app.command()
def plugins() -> None:
    """List every generator, filter, teacher and objective."""
    from limbeck.progress import visible
    from limbeck.registry import GROUPS
    from limbeck.registry import plugins as listed

    for group in GROUPS:
        typer.echo(visible(f"{group}:"))
        for plugin in listed(group):
            source = "" if plugin.source == "built-in" else f" [{plugin.source}]"
            typer.echo(visible(f"  {plugin.name:<16} {plugin.about}{source}"))


app.command()(probe_verb)
app.command()(audit_verb)
app.command(name="compare")(compare_verb)
app.command(name="curve")(curve_verb)
app.command(name="iterate")(iterate_verb)
app.command(name="dedup")(dedup_verb)
app.command(name="transfer")(transfer_verb)
app.command(name="import")(import_verb)
app.command(name="index")(index_verb)
app.command()(merge_verb)
app.command()(questions_verb)
app.command(name="retriever")(retriever_verb)
app.command(name="publish")(publish_verb)
app.command(name="verify")(verify_verb)
app.command()(show_verb)
app.command(name="export")(export_verb)
app.add_typer(batch_app)
app.add_typer(ledger_app)
app.add_typer(tasks_app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"limbeck {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """The entry point: a user's error is one sentence and exit code 2, never a traceback."""
    # torch's threads spin while they wait for each other. Where another process has one of their
    # cores, that makes a local model ten times slower and more (docs/log.md, 2026-11-24).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    interrupts.raise_for_all()
    # What this starts imports nothing from the folder that one stands in: it may be a data set.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    try:
        app()
    except UserError as error:
        _tell(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(interrupts.exit_code())
    except SystemExit as end:  # typer makes 130 of every KeyboardInterrupt
        sys.exit(interrupts.exit_code() if end.code == 130 else end.code)
    except OSError as error:
        if error.errno not in _DISK:
            raise
        _tell(
            f"{error.strerror}: {error.filename or 'the disk'}. Make room, then run the same "
            "command again"
        )
        sys.exit(2)


def _tell(text: str) -> None:
    """The last sentence, in the form in which everything before it was."""
    if "--progress json" in " ".join(sys.argv).replace("--progress=json", "--progress json"):
        typer.echo(json.dumps({"event": "error", "text": text}), err=True)
    else:
        from limbeck.progress import visible  # a file's name may hold what a terminal obeys

        typer.echo(visible(f"limbeck: {text}"), err=True)


_DISK = (28, 30, 122)  # no space left, a read-only file system, over quota
