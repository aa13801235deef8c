"""`limbeck compare`: the students of several finished runs, on the tasks they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck.errors import MissingExtra, UserError
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

    Raises UserError for a folder that is no run or has no evaluation, two of one name, and what
    `limbeck.evals.compare` raises.
    """
    try:
        from limbeck.evals.compare import compare
    except ImportError as error:
        raise MissingExtra(f"comparing runs ({error.name})", "eval") from error
    trained, roles = [], {}
    for path in paths:
        run = RunDir.open(path)
        run.need("eval", by="report")
        name = path.resolve().name
        if name in roles:
            raise UserError(f"two of the runs are named {name!r}; give each folder once")
        roles[name] = read_json(run.folder("eval") / "student.json")
        summary = read_json(run.folder("train") / SUMMARY)
        trained.append(Trained(name, int(summary["examples"]), int(summary["tokens"])))
    return trained, compare(roles)
