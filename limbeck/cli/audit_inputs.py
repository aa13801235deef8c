"""What `limbeck audit` is given besides the data, and where it may write."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from limbeck.errors import UserError

if TYPE_CHECKING:
    from limbeck.money import Rates
    from limbeck.progress import Reporter
    from limbeck.recipe import Recipe

HUB = "hf:"


def run_of(data: str) -> Path | None:
    """The run folder that DATA is. A published folder is none: its hashes hold for all of it."""
    from limbeck.kept import RECORDS

    path = Path(data)
    if data.startswith(HUB) or (path / "limbeck.json").exists():
        return None
    return path if (path / RECORDS).is_file() else None


def recipe_of(run: Path | None) -> Recipe | None:
    """The recipe of a run, where the folder has it."""
    from limbeck.rundir import RunDir

    if run is None or not (run / "recipe.yaml").is_file():
        return None
    return RunDir.open(run).recipe


def stages_of(run: Path | None) -> dict[str, str] | None:
    """The hashes of what a run's stages wrote, by which `limbeck publish` tells whether an audit is
    of its rows; None for what is no run, or has no finished stages to tell by."""
    from limbeck.rundir import RunDir

    if run is None or not (run / "recipe.yaml").is_file():
        return None
    done = {stage: RunDir.open(run).done(stage) for stage in ("generate", "filter")}
    return {stage: one.outputs for stage, one in done.items() if one is not None} or None


def folder_of(data: str) -> Path:
    """Where an audit is written: audit in a run folder, else DATA.audit beside the file or folder;
    in the current folder for a dataset of the hub, and where nothing may be written beside it."""
    if data.startswith(HUB):
        name = re.sub(r"[^\w.-]+", "_", data.removeprefix(HUB)).strip("._") or "data"
        return Path(f"{name}.audit")
    run = run_of(data)
    whole = Path(data).resolve() if Path(data).name in ("", "..") else Path(data)
    here = Path(f"{whole.resolve().name or 'data'}.audit")
    folder = whole.parent / f"{whole.name or 'data'}.audit" if run is None else run / "audit"
    return folder if os.access(folder.parent, os.W_OK) else here


def against_of(given: Sequence[str], recipe: Recipe | None, shown: Reporter) -> tuple[Path, ...]:
    """The files of evaluation items: those given, else those of the run's recipe."""
    if given:
        return tuple(dict.fromkeys(map(_items_file, given)))
    files = () if recipe is None else recipe.eval.files
    lost = [path for path in files if not path.is_file()]
    for path in lost:
        shown.say(f"the items of the run, {path}, are gone: its rows are not compared with them")
    return tuple(path for path in files if path not in lost)


def _items_file(given: str) -> Path:
    """A file, or a benchmark that comes with limbeck, by its name."""
    from limbeck.registry import did_you_mean

    path = Path(given)
    if path.is_file():
        return path
    here = Path(__file__)  # installed, datasets/ is in the package; in a checkout beside it
    folders = [here.parents[n] / "datasets" / "evals" for n in (1, 2)]
    bundled = {file.stem: file for folder in folders for file in sorted(folder.glob("*.jsonl"))}
    if given in bundled:
        return bundled[given]
    if path.is_dir():
        raise UserError(f"--against takes files of items, and {given} is a folder; name the files")
    raise UserError(
        f"--against {given}: there is no such file, and no benchmark of limbeck's has that name"
        f"{did_you_mean(given, bundled)}"
    )


def seeds_of(given: Path | None, recipe: Recipe | None, shown: Reporter) -> list[str] | None:
    """The instructions of the seeds: those given, else those of the run's recipe."""
    from limbeck.pipeline.seeds import all_seeds_of_recipe
    from limbeck.reading.source import open_source

    path = given
    if path is None and recipe is not None:
        path, split = recipe.seeds.path, recipe.seeds.split
        lost = [one for one in (path, split) if one is not None and not one.is_file()]
        if lost:
            shown.say(f"the seeds of the run, {lost[0]}, are gone: no nearest seed is looked for")
            return None
        if split is not None:  # not every row of the file is a seed
            rows = all_seeds_of_recipe(recipe)
            return [str(row.meta.get("instruction") or row.prompt) for row in rows]
    if path is None:
        return None
    seeds = open_source(path)
    found = [row.instruction for row in seeds.rows()]
    for reason in seeds.reasons:
        shown.say(f"seed not read: {reason}")
    return found


def ledger_of(given: Path | None, run: Path | None, *, writes: bool = False) -> Path | None:
    """The ledger that knows what the rows cost; None where there is none to ask. Raises UserError
    for one that is not there, unless a judge `writes` it."""
    from limbeck.ledger import default_path

    if given is not None and not given.is_file() and not writes:
        raise UserError(f"--ledger {given}: there is no such file")
    path = given or (None if run is None else default_path())
    return path if path is not None and path.is_file() else None


def rates_of(recipe: Recipe | None) -> Rates | None:
    """What the run's teacher costs."""
    from limbeck.money import price_of

    return None if recipe is None else price_of(recipe.teacher)
