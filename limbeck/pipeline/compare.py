"""`limbeck compare`: the students of several finished runs, on the tasks they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck.errors import MissingExtra, UserError
from limbeck.models import ModelName, fingerprint
from limbeck.pipeline.train import SUMMARY
from limbeck.rundir import RunDir
from limbeck.store import read_json


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run's student learned from."""

    name: str
    rows: int
    tokens: int


def compare_runs(paths: Sequence[Path]) -> tuple[list[Trained], list[Any]]:
    """What every run trained on, and the comparisons by task.

    Raises UserError for a folder that is no run or has no evaluation, or that of another student
    than it has now; for one given twice; and what `limbeck.evals.compare` raises.
    """
    try:
        from limbeck.evals.compare import compare
    except ImportError as error:
        raise MissingExtra(f"comparing runs ({error.name})", "eval") from error
    trained, roles = [], {}
    for name, path in zip(_names(paths), paths, strict=True):
        run = RunDir.open(path)
        run.need("eval", by="report")
        roles[name] = _student(run)
        summary = read_json(run.folder("train") / SUMMARY)
        trained.append(Trained(name, int(summary["examples"]), int(summary["tokens"])))
    return trained, compare(roles)


def _names(paths: Sequence[Path]) -> list[str]:
    """The folders' names, with as many of the folders above as tell them apart."""
    parts = [path.resolve().parts for path in paths]
    twice = next(
        (path for path, part in zip(paths, parts, strict=True) if parts.count(part) > 1), None
    )
    if twice is not None:
        raise UserError(f"{twice} is given twice; give each folder once")
    for depth in range(1, max(map(len, parts), default=1) + 1):
        names = ["/".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(names):
            break
    return names


def _student(run: RunDir) -> Any:
    """The student's results. Raises UserError where it was trained again since."""
    results = read_json(run.folder("eval") / "student.json")
    weights = run.folder("train") / "student"
    # Without its weights (they are large, and may be gone) the results stand for themselves.
    is_here = any(weights.glob("*.safetensors"))
    if is_here and fingerprint(ModelName("path", str(weights))) != results["model"]:
        raise UserError(
            f"the student of {run.path} was trained again since it was evaluated. Run: limbeck "
            f"eval {run.path}"
        )
    return results
