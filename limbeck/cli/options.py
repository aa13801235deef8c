"""What the verbs share: their options, the run that they are about, the way to go on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limbeck.errors import Interrupted, UserError

if TYPE_CHECKING:
    from limbeck.pipeline.context import Context
    from limbeck.recipe import Recipe

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
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change the recipe: train.epochs=2. Give it again for more.",
    ),
]
Fresh = Annotated[
    bool,
    typer.Option("--fresh", help="Overwrite the run's records where they were made otherwise."),
]
RUNS = Path("runs")


def context_of(
    target: str,
    into: Path,
    ledger: Path | None,
    progress: str,
    ask_again: frozenset[str] = frozenset(),
    sets: Sequence[str] | None = None,
) -> Context:
    """The context of a recipe file, a run folder or a built-in recipe, changed as `sets` say."""
    from limbeck.pipeline.context import Context
    from limbeck.progress import reporter
    from limbeck.recipe_changes import changed
    from limbeck.rundir import RunDir

    modes = ("auto", "rich", "plain", "json", "quiet")
    if progress not in modes:
        raise UserError(f"--progress is one of {', '.join(modes)}, got {progress!r}")
    path = Path(target)
    if path.is_dir():
        run = RunDir.open(path)
        run = RunDir(path, changed(run.recipe, sets or (), Path.cwd()))
    else:
        recipe = changed(load_recipe(path), sets or (), Path.cwd())
        run = RunDir.of(into, recipe)
    return Context(run, reporter(progress), ledger, ask_again)  # type: ignore[arg-type]


def columns_of(given: Sequence[str] | None) -> dict[str, str]:
    """What every --column ROLE=COLUMN says: {"instruction": "q"} of ["instruction=q"]. A column's
    name may hold an equals sign and white space. Raises UserError."""
    columns: dict[str, str] = {}
    for text in given or ():
        role, sign, column = text.partition("=")
        role = role.strip()
        if not (role and sign and column):
            raise UserError(
                f"--column is ROLE=COLUMN, such as instruction=q: what it is, and which column of "
                f"the data holds it; got {text!r}"
            )
        if role in columns:
            raise UserError(f"--column {role} is there twice: {columns[role]!r} and {column!r}")
        columns[role] = column
    return columns


def command_line(
    verb: str,
    target: str,
    into: Path,
    ledger: Path | None,
    *more: str,
    sets: Sequence[str] | None = None,
) -> str:
    """What was typed after `limbeck`, as far as it matters when the command is given again."""
    words = [*verb.split(), target, *more]
    words += [word for change in sets or () for word in ("--set", change)]
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
        kept = "what was answered is in the ledger"
        checkpoints = context.run.folder("train") / "checkpoints"
        if any(checkpoints.glob("step-*")):
            kept += f", and how far training came in {checkpoints}"
        context.reporter.say(f"stopped; {kept}. To go on: limbeck {command}")
        raise KeyboardInterrupt from None


def load_recipe(path: Path) -> Recipe:
    """A recipe file, or a recipe that comes with limbeck, by its name (`icl`, `arms/gold`)."""
    from limbeck.recipe import Recipe

    is_name = len(path.parts) == 1 or (len(path.parts) == 2 and path.parts[0] == "arms")
    if not path.exists() and path.suffix == "" and is_name:
        here = Path(__file__)  # installed, recipes/ is in the package; in a checkout beside it
        for folder in (here.parents[1] / "recipes", here.parents[2] / "recipes"):
            built_in = folder / path.with_suffix(".yaml")
            if built_in.is_file():
                return Recipe.load(built_in)
    return Recipe.load(path)
