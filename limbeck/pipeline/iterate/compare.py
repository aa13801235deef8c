"""Several finished loops that differ in their seeds alone, as one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from limbeck import __version__
from limbeck.commands import command
from limbeck.errors import MissingExtra, ModelError, UserError
from limbeck.models import fingerprint, parse_model
from limbeck.pipeline.evaluate import ROLES
from limbeck.pipeline.recipe_differences import HOW_IT_ASKS, differences, other_folders
from limbeck.recipe import Recipe
from limbeck.store import file_hash, read_json

RECIPE, FOUND = "iterate.yaml", "iterate.json"
# What loops may differ in, with all keys below.
FREE = (
    *("name", "seed", "train.seed", "budget"),
    *(f"{who}.{key}" for who in ("teacher", "iterate.referee") for key in (*HOW_IT_ASKS, "price")),
)


def is_loop(path: Path) -> bool:
    """Whether the folder is that of a loop."""
    return (path / RECIPE).is_file()


def compare_loops(names: Sequence[str], paths: Sequence[Path]) -> dict[str, Any]:
    """What `limbeck.evals.rounds.seeds` makes of the loops in these folders.

    Raises UserError for a folder that is no loop, or whose loop is not done; for loops that differ
    in more than their seeds, files by their content, or in nothing.
    """
    try:
        from limbeck.evals.rounds.seeds import SeededLoop, over_seeds
    except ImportError as error:
        raise MissingExtra(f"comparing loops ({error.name})", "eval") from error
    run = next((path for path in paths if not is_loop(path)), None)
    if run is not None and not run.is_dir():
        raise UserError(f"there is no folder {run}")
    if run is not None:
        raise UserError(
            f"{run} is no loop (it has no {RECIPE}), and others are; compare loops with loops, and "
            "runs with runs: the runs of a loop are the folders round-1, round-2, ... in it"
        )
    recipes = [Recipe.load(path / RECIPE) for path in paths]
    _check(paths, recipes)
    found = [_found(path) for path in paths]
    loops = [
        SeededLoop(name, recipe.seed, recipe.training_seed, made["stop"]["why"], _runs(path, made))
        for name, path, recipe, made in zip(names, paths, recipes, found, strict=True)
    ]
    return over_seeds(loops, found[0]["settings"], __version__)


def _check(paths: Sequence[Path], recipes: Sequence[Recipe]) -> None:
    first, known = recipes[0], dict[tuple[int, int], Path]()
    for path, recipe in zip(paths, recipes, strict=True):
        for key, ours, theirs in differences(first, recipe):
            if not any(key == free or key.startswith(f"{free}.") for free in FREE):
                raise UserError(
                    f"{paths[0]} has {key} {ours!r} and {path} {theirs!r}: a mean over both would "
                    "be of two experiments. Loops may differ in seed and train.seed; for others "
                    f"compare their last rounds: "
                    f"{command('compare', paths[0] / 'round-N', path / 'round-N')}"
                )
        for key, ours, theirs in other_folders(first, recipe):
            if not _is_same(ours, theirs):
                raise UserError(
                    f"{paths[0]} has {key} {ours} and {path} {theirs}, which have one name and not "
                    "one content: a mean over both would be of two experiments"
                )
        seeds = (recipe.seed, recipe.training_seed)
        if seeds in known:
            raise UserError(
                f"{known[seeds]} and {path} have the same seeds (seed {seeds[0]}, training "
                f"{seeds[1]}): they are one experiment twice. Make another with --set seed=N "
                "--set name=NAME"
            )
        known[seeds] = path


def _is_same(ours: str, theirs: str) -> bool:
    """Whether two models or files have the same content, as far as they are on this machine."""
    try:
        return len({fingerprint(parse_model(one)) for one in (ours, theirs)}) == 1
    except ModelError:  # no model
        files = Path(ours), Path(theirs)
        return not all(map(Path.is_file, files)) or len(set(map(file_hash, files))) == 1


def _found(path: Path) -> dict[str, Any]:
    found = read_json(path / FOUND) if (path / FOUND).is_file() else {}
    if not found.get("whole"):
        raise UserError(f"the loop {path} is not done yet; go on with: {command('iterate', path)}")
    return dict(found)


def _runs(path: Path, found: dict[str, Any]) -> list[Any]:
    from limbeck.evals.rounds.runs import RoundRun

    made = []
    for row in found["runs"]:
        folder = path / row["run"] / "eval"
        if not all((folder / f"{role}.json").is_file() for role in ROLES):
            raise UserError(
                f"{path / row['run']} has no evaluation any more; make it again with: "
                f"{command('iterate', path)}"
            )
        made.append(
            RoundRun(
                arm=row["arm"],
                number=row["number"],
                name=row["run"],
                seeds=row["seeds"],
                rows=row["rows"],
                tokens=row["tokens"],
                roles={role: read_json(folder / f"{role}.json") for role in ROLES},
                cost=row["cost"],
                discriminated=row["discriminated"],
                written=row["written"],
                held_out=row["held_out"],
            )
        )
    return made
