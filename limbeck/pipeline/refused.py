"""Rows of a run as one filter saw them, each with the row that it was found nearest to.

Verdicts and records are read as streams; only the rows that are shown are kept.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from limbeck.commands import command
from limbeck.errors import DataError, StageError, UserError
from limbeck.kept import RECORDS, VERDICTS
from limbeck.pipeline.funnel import Stage, funnel
from limbeck.recipe_filters import options_of
from limbeck.record import Record, Verdict
from limbeck.registry import build, did_you_mean, plugins
from limbeck.rundir import RunDir
from limbeck.store import numbered_lines, parse_record, read_jsonl


@dataclass(frozen=True, slots=True)
class Near:
    """What a verdict calls nearest: a record by its id, or another file's row by "file/id".
    `prompt` and `completion` are None where there is no such text."""

    name: str
    prompt: str | None = None
    completion: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A verdict with the texts that it is about."""

    verdict: Verdict
    prompt: str | None
    completion: str | None
    nearest: Near | None

    def to_json(self) -> dict[str, Any]:
        """A plain dict; texts are whole."""
        near = self.nearest
        return {
            "record": self.verdict.record,
            "filter": self.verdict.filter,
            "keep": self.verdict.keep,
            "reason": self.verdict.reason,
            "score": self.verdict.score,
            "prompt": self.prompt,
            "completion": self.completion,
            "nearest": near
            and {"name": near.name, "prompt": near.prompt, "completion": near.completion},
        }


def filtered(path: Path) -> tuple[RunDir, list[Stage]]:
    """A run and its filters' counts. Raises UserError for what is no run, StageError for one that
    is not filtered yet."""
    run = RunDir.open(path)
    if run.done("filter") is None:
        raise StageError(
            f"show needs the verdicts of the filters, and {path} has none yet. "
            f"Run: {command('filter', path)}"
        )
    return run, funnel(run)


def refused_rows(
    run: RunDir, stages: Iterable[Stage], name: str, reason: str | None, limit: int
) -> list[Shown]:
    """The first rows that the filter refused, for that reason where one is given. Raises UserError
    for a filter that the run has not, and for a reason that it never gave."""
    reasons = _reasons(stages, name)
    if reason is not None and reason not in reasons:
        given = did_you_mean(reason, reasons) if reasons else "; it refused nothing"
        raise UserError(f"the filter {name} refused no row as {reason!r}{given}")
    found = (
        verdict
        for verdict in _verdicts(run, name)
        if not verdict.keep and reason in (None, verdict.reason)
    )
    return _shown(run, list(islice(found, limit)))


def rows_around(run: RunDir, stages: Iterable[Stage], name: str, limit: int) -> list[Shown]:
    """Up to `limit` refused and as many kept rows on the two sides of the filter's threshold: of
    each the ones whose scores are nearest to those of the others.

    Refused rows come first, the farthest at the top, as if the scores were a scale with the
    threshold in the middle. Where a filter refuses both high and low scores (too long, too short),
    the rows around its upper threshold come first, then those around the lower one. Raises
    UserError for a filter that the run has not, and for one whose verdicts have no scores.
    """
    _reasons(stages, name)
    sums: dict[str | None, list[float]] = {}  # score and count, by reason; None for kept rows
    for verdict in _scored(run, name):
        total = sums.setdefault(None if verdict.keep else verdict.reason, [0.0, 0])
        total[0] += _score(verdict)
        total[1] += 1
    if not sums:
        raise UserError(f"the verdicts of the filter {name} have no scores, so nothing is near")
    means = {reason: total / count for reason, (total, count) in sums.items()}
    kept = means.pop(None, -math.inf)
    # A filter of duplicates refuses high scores, one of quality low ones.
    high = {reason: mean >= kept for reason, mean in means.items()}
    found: list[Verdict] = []
    for side in sorted(set(high.values()), reverse=True) or [True]:
        best, worst = heapq.nlargest, heapq.nsmallest
        if not side:
            best, worst = worst, best
        these = (v for v in _scored(run, name) if not v.keep and high[v.reason] is side)
        found += reversed(worst(limit, these, key=_score))
        found += best(limit, (v for v in _scored(run, name) if v.keep), key=_score)
    return _shown(run, found)


def _reasons(stages: Iterable[Stage], name: str) -> list[str]:
    names = [stage.name for stage in stages]
    if name not in names:
        known = did_you_mean(name, names) if names else "; it has no filters"
        raise UserError(f"the run has no filter {name!r}{known}")
    return sorted({reason for stage in stages if stage.name == name for reason in stage.refused})


def _score(verdict: Verdict) -> float:
    return verdict.score or 0.0


def _scored(run: RunDir, name: str) -> Iterator[Verdict]:
    return (verdict for verdict in _verdicts(run, name) if verdict.score is not None)


def _verdicts(run: RunDir, name: str) -> Iterator[Verdict]:
    path = run.path / VERDICTS
    for number, row in read_jsonl(path):
        if row.get("filter") == name:
            try:
                yield Verdict.from_json(row)
            except TypeError as error:
                raise DataError(
                    f"{path}, line {number}: not a verdict ({error})", path=path, line=number
                ) from error


def _shown(run: RunDir, verdicts: list[Verdict]) -> list[Shown]:
    wanted = {verdict.record for verdict in verdicts}
    wanted |= {verdict.nearest for verdict in verdicts if verdict.nearest is not None}
    records = _records(run.path / RECORDS, wanted)
    names = {verdict.filter for verdict in verdicts}
    files = {name: _files(run, name) for name in names}
    changes = {name: _changes(run, name) for name in names}
    others = _Others()
    shown = []
    for verdict in verdicts:
        own = records.get(verdict.record)
        near = None
        if verdict.nearest is not None:
            other = records.get(verdict.nearest)
            near = (
                others.find(verdict.nearest, files[verdict.filter])
                if other is None
                else Near(verdict.nearest, *_texts(other, changes[verdict.filter]))
            )
        seen = (None, None) if own is None else _texts(own, changes[verdict.filter])
        prompt, completion = seen
        shown.append(Shown(verdict, prompt, completion, near))
    return shown


def _changes(run: RunDir, name: str) -> list[Callable[[Record], Record]]:
    """What the filters before this one made of each record that they kept: a mask, say."""
    changing = {plugin.name for plugin in plugins("filters") if hasattr(plugin.load(), "changed")}
    before = takewhile(lambda step: step.name != name, run.recipe.filters)
    steps = [step for step in before if step.name in changing]
    return [
        build("filters", step.name, options_of(step, run.recipe.eval)).changed for step in steps
    ]


def _texts(record: Record, changes: Iterable[Callable[[Record], Record]]) -> tuple[str, str]:
    for change in changes:
        record = change(record)
    return record.prompt, record.completion


def _records(path: Path, wanted: set[str]) -> dict[str, Record]:
    """The records of these ids, in one pass; the first of an id that stands twice."""
    import orjson

    found: dict[str, Record] = {}
    for number, line in numbered_lines(path):
        if len(found) == len(wanted):
            break
        try:
            name = orjson.loads(line).get("id")
        except (orjson.JSONDecodeError, AttributeError):  # orjson refuses lone surrogates
            name = parse_record(line, path, number).id
        if name in wanted and name not in found:
            found[name] = parse_record(line, path, number)
    return found


def _files(run: RunDir, name: str) -> Mapping[str, Path]:
    """The files that a filter compares with, by the names that its verdicts give them."""
    step = next((step for step in run.recipe.filters if step.name == name), None)
    if step is None:
        return {}
    paths = [Path(path) for path in options_of(step, run.recipe.eval).get("against") or ()]
    return {path.stem: path for path in reversed(paths)}


class _Others:
    """Rows of the files that filters compare with, read once each."""

    def __init__(self) -> None:
        self._read: dict[Path, dict[str, str]] = {}

    def find(self, name: str, files: Mapping[str, Path]) -> Near:
        stem, _, row = name.rpartition("/")
        while stem and stem not in files:  # an id may hold a / itself
            stem, _, more = stem.rpartition("/")
            row = f"{more}/{row}"
        if not stem:
            return Near(name)
        path = files[stem]
        if path not in self._read:
            self._read[path] = _questions(path)
        return Near(name, self._read[path].get(row))


def _questions(path: Path) -> dict[str, str]:
    from limbeck.filters.contamination import read_asked

    try:
        rows = read_asked(path)
    except DataError:  # it is gone or another one by now: its name is still shown
        return {}
    return {name: asked.question for name, asked in reversed(rows)}
