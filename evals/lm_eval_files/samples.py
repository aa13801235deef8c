"""What `lm_eval --log_samples` wrote: which files make up a run, and what stands in them.

A run is a folder with samples_TASK_DATE.jsonl and results_DATE.json, maybe in a sub-folder with
the model's name. Of several dates the newest counts, task by task.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limbeck.errors import DataError, UserError
from limbeck.store import read_json

OLDEST = (0, 4, 9)
_NAME = re.compile(
    r"samples_(?P<task>.+)_(?P<date>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?)\.jsonl"
)
_KEYS = ("doc", "doc_hash", "target_hash", "prompt_hash", "filter", "metrics", "resps")


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One model on one task: its samples, and the results file of the same date."""

    task: str
    path: Path
    results: Mapping[str, Any]

    def said(self, section: str) -> Any:
        """The task's entry in a section of the results ("configs", "versions"), or None."""
        return (self.results.get(section) or {}).get(self.task)

    @property
    def config(self) -> Mapping[str, Any]:
        return self.said("configs") or {}


@dataclass(frozen=True, slots=True)
class Run:
    """One model's tasks by name, and what was left aside, in sentences."""

    model: str
    tasks: dict[str, TaskRun]
    notes: list[str] = field(default_factory=list)

    @property
    def results(self) -> Mapping[str, Any]:
        """Of any of its tasks: what is said there of the model is the same in all."""
        return next(iter(self.tasks.values())).results


def find_run(folder: Path) -> Run:
    """The run in a folder.

    Raises DataError for a folder without samples, samples without their results, and an lm-eval
    older than 0.4.9; UserError for the runs of several models.
    """
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}", path=folder)
    dates: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.rglob("samples_*.jsonl")):
        if match := _NAME.fullmatch(path.name):
            dates.setdefault(match["task"], {})[f"{match['date']} {path.parent}"] = path
    if not dates:
        raise DataError(
            f"{folder} holds no samples_TASK_DATE.jsonl; run lm_eval with --log_samples and "
            "--output_path",
            path=folder,
        )
    chosen = {task: paths[max(paths)] for task, paths in dates.items()}
    homes = sorted({str(path.parent) for paths in dates.values() for path in paths.values()})
    if len(homes) > 1:
        raise UserError(
            f"{folder} holds runs in several folders, {', '.join(homes)}; name one of them"
        )
    notes = [
        f"{task} was run {len(paths)} times in {folder}; the newest counts, {chosen[task].name}"
        for task, paths in dates.items()
        if len(paths) > 1
    ]
    read: dict[Path, Mapping[str, Any]] = {}
    tasks = {}
    for task, path in chosen.items():
        source = _results_path(path)
        if source not in read:
            read[source] = _results(source)
        tasks[task] = TaskRun(task, path, read[source])
        if task not in (read[source].get("configs") or {}):
            raise DataError(
                f"{source} says nothing of the task {task}, whose samples lie beside it"
            )
    models = sorted({str(results.get("model_name")) for results in read.values()})
    if len(models) > 1:
        raise UserError(
            f"{folder} holds runs of several models, {', '.join(models)}; move them apart"
        )
    return Run(models[0], tasks, notes)


def _results_path(samples: Path) -> Path:
    match = _NAME.fullmatch(samples.name)
    assert match is not None
    # With --output_path NAME.json it is NAME_DATE.json, else results_DATE.json.
    found = sorted(
        path for path in samples.parent.iterdir() if path.name.endswith(f"_{match['date']}.json")
    )
    if not found:
        raise DataError(
            f"beside {samples} there is no results_{match['date']}.json, which says how the task "
            "was asked; copy it there",
            path=samples,
        )
    return found[0]


def _results(path: Path) -> Mapping[str, Any]:
    results = read_json(path)
    if not isinstance(results, dict):
        raise DataError(f"{path} holds no results of lm-eval", path=path)
    version = str(results.get("lm_eval_version") or "")
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    if not numbers or numbers < OLDEST:
        raise DataError(
            f"{path} is of lm-eval {version or '(no version said)'}; only what 0.4.9 and later "
            "wrote can be paired",
            path=path,
        )
    return results


def read_samples(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, sample) of every line, one after the other.

    Lines end at "\\n" only, since texts hold U+2028 and its like; NaN is let in, as lm-eval writes
    it. Raises DataError with the line's number for one that is no sample.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, _sample(path, number, line)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error


def _sample(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = f"not JSON ({error}); the file may have been cut short"
    else:
        missing = [key for key in _KEYS if not isinstance(row, dict) or key not in row]
        if not missing:
            return dict(row)
        reason = f"no sample of lm-eval 0.4.9 or later: {', '.join(missing)} missing"
    raise DataError(f"{path}, line {number}: {reason}", path=path, line=number)


def one_number(value: object) -> bool:
    """Whether a metric's value for an item is a score: no pair to be aggregated, no text."""
    return isinstance(value, int | float)


def score_of(value: object) -> float | None:
    """A value that is `one_number` as a float; None for NaN and infinity, which are no score."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
