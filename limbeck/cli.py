"""The verbs. Importing this module loads neither torch nor transformers nor lm-eval."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limbeck import __version__, cli_ledger, cli_probe
from limbeck.errors import Interrupted, UserError

if TYPE_CHECKING:
    from limbeck.pipeline.context import Context
    from limbeck.recipe import Recipe
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

app.add_typer(cli_ledger.app)

Target = Annotated[
    str,
    typer.Argument(
        metavar="RUN_OR_RECIPE",
        help="A recipe file, a run folder, or the name of a recipe that comes with limbeck.",
    ),
]
Into = Annotated[Path, typer.Option("--into", help="The folder that holds the run folders.")]
LedgerFile = Annotated[
    Path | None,
    typer.Option("--ledger", help="The ledger file. Default: $LIMBECK_LEDGER, else the user's."),
]
ProgressMode = Annotated[
    str,
    typer.Option("--progress", help="auto, rich (a live view), plain (lines), json, or quiet."),
]
RUNS = Path("runs")


def context_of(
    target: str,
    into: Path,
    ledger: Path | None,
    progress: str,
    ask_again: frozenset[str] = frozenset(),
) -> Context:
    """The context of a recipe file, a run folder or a built-in recipe."""
    from limbeck.pipeline.context import Context
    from limbeck.progress import reporter
    from limbeck.rundir import RunDir

    modes = ("auto", "rich", "plain", "json", "quiet")
    if progress not in modes:
        raise UserError(f"--progress is one of {', '.join(modes)}, got {progress!r}")
    path = Path(target)
    if path.is_dir():
        run = RunDir.open(path)
    else:
        recipe = _load(path)
        run = RunDir(into / recipe.name, recipe)
    return Context(run, reporter(progress), ledger, ask_again)  # type: ignore[arg-type]


def command_line(verb: str, target: str, into: Path, ledger: Path | None, *more: str) -> str:
    """What was typed after `limbeck`, as far as it matters when the command is given again."""
    words = [verb, target, *more]
    if into != RUNS and not Path(target).is_dir():
        words += ["--into", str(into)]
    if ledger is not None:
        words += ["--ledger", str(ledger)]
    return shlex.join(words)


@contextmanager
def resumable(context: Context, command: str) -> Iterator[None]:
    """Ctrl-C within the block prints the command that goes on."""
    try:
        yield
    except (KeyboardInterrupt, Interrupted):
        context.reporter.say(
            f"stopped; what was answered is in the ledger. To go on: limbeck {command}"
        )
        raise KeyboardInterrupt from None


def _verb(
    stages: tuple[StageName, ...], target: str, into: Path, ledger: Path | None, progress: str
) -> Context:
    from limbeck.pipeline.run import do_stages

    context = context_of(target, into, ledger, progress)
    verb = "run" if len(stages) > 2 else stages[0]
    with resumable(context, command_line(verb, target, into, ledger)):
        do_stages(context, stages)
    return context


def _load(path: Path) -> Recipe:
    from limbeck.recipe import Recipe

    if not path.exists() and path.suffix == "" and len(path.parts) == 1:
        for folder in (Path(__file__).parent / "recipes", Path(__file__).parents[1] / "recipes"):
            built_in = folder / f"{path.name}.yaml"
            if built_in.is_file():
                return Recipe.load(built_in)
    return Recipe.load(path)


def _show_table(context: Context) -> None:
    from rich.console import Console

    from limbeck.evals.table import transfer_table
    from limbeck.store import read_json

    folder = context.run.folder("report")
    # Piped into a file there is no width: the table keeps its own.
    console = Console() if sys.stdout.isatty() else Console(width=120)
    console.print(transfer_table(read_json(folder / "report.json")))
    console.print(f"Report: {folder / 'index.html'}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def run(
    target: Target, into: Into = RUNS, ledger: LedgerFile = None, progress: ProgressMode = "auto"
) -> None:
    """Run a recipe from seeds to the transfer report. Run it again to resume."""
    from limbeck.rundir import STAGES

    _show_table(_verb(STAGES, target, into, ledger, progress))


@app.command()
def generate(
    target: Target, into: Into = RUNS, ledger: LedgerFile = None, progress: ProgressMode = "auto"
) -> None:
    """Ask the teacher; only what the ledger does not hold yet is asked."""
    _verb(("generate",), target, into, ledger, progress)


@app.command(name="filter")
def filter_(
    target: Target, into: Into = RUNS, ledger: LedgerFile = None, progress: ProgressMode = "auto"
) -> None:
    """Judge the records, and split what is kept into train, valid and test."""
    _verb(("filter", "format"), target, into, ledger, progress)


@app.command()
def train(
    target: Target, into: Into = RUNS, ledger: LedgerFile = None, progress: ProgressMode = "auto"
) -> None:
    """Train the student."""
    _verb(("train",), target, into, ledger, progress)


@app.command(name="eval")
def eval_(
    target: Target, into: Into = RUNS, ledger: LedgerFile = None, progress: ProgressMode = "auto"
) -> None:
    """Evaluate base, student and teacher under one protocol."""
    _verb(("eval",), target, into, ledger, progress)


@app.command()
def report(
    target: Target, into: Into = RUNS, ledger: LedgerFile = None, progress: ProgressMode = "auto"
) -> None:
    """Write the transfer report and print its table."""
    _show_table(_verb(("report",), target, into, ledger, progress))


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
    into: Into = RUNS,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask a few real rows; print the tokens and the cost of the whole run, with intervals."""
    import json

    from limbeck.pipeline.estimate import estimate as predict
    from limbeck.pipeline.estimate import render

    context = context_of(target, into, ledger, progress)
    more = ["--sample", str(sample)] + ([] if good is None else ["--good", str(good)])
    command = command_line("estimate", target, into, ledger, *more)
    with context.run.locked(), resumable(context, command):
        context.run.save_recipe()
        predicted = predict(context, sample, good=good)
    if as_json:
        typer.echo(json.dumps(predicted.to_json(), ensure_ascii=False, indent=2))
    else:
        typer.echo(render(predicted))


@app.command()
def plugins() -> None:
    """List every generator, filter, teacher and objective."""
    from limbeck.progress import visible
    from limbeck.registry import GROUPS
    from limbeck.registry import plugins as listed

    for group in GROUPS:
        typer.echo(f"{group}:")
        for plugin in listed(group):
            source = "" if plugin.source == "built-in" else f" [{plugin.source}]"
            typer.echo(visible(f"  {plugin.name:<12} {plugin.about}{source}"))


app.command()(cli_probe.probe)


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
    try:
        app()
    except UserError as error:
        typer.echo(f"limbeck: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.errno not in _DISK:
            raise
        typer.echo(
            f"limbeck: {error.strerror}: {error.filename or 'the disk'}. Make room, then "
            "run the same command again",
            err=True,
        )
        sys.exit(2)


_DISK = (28, 30, 122)  # no space left, a read-only file system, over quota
