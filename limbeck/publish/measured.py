"""What is measured of the rows beside counts: languages, near copies across the splits, the
findings of the audit, contamination. `limbeck verify` does not measure it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from limbeck import __version__
from limbeck.errors import MissingExtra, UserError
from limbeck.pipeline.context import Context
from limbeck.publish.facts import SPLITS
from limbeck.publish.read import data_files, rows_of
from limbeck.publish.rows import texts
from limbeck.publish.student import fresh_report, learned
from limbeck.rundir import Done
from limbeck.store import read_json

TOGETHER = 4096
IDENTIFIED = 20_000  # rows whose language is told, about a millisecond each
RARE = 0.01  # languages of a smaller share of the rows are not named in the card's metadata
NEAR = 0.8  # Jaccard of the prompts' words in runs of five
TOLD = ("key", "title", "level", "count", "of", "unit", "share", "low", "high", "says", "why")


def measured(
    context: Context,
    done: Mapping[str, Done],
    folder: Path,
    names: Sequence[str],
    *,
    total: int,
    audit: bool,
) -> dict[str, Any]:
    """All of it, over the data files `names` in `folder`, which have `total` rows."""
    report = fresh_report(context)
    return {
        **_languages(folder, names, total),
        "near_across_splits": _near(folder, names),
        "audit": _audit(context, done, folder) if audit else None,
        "contamination": _contamination(report),
        "student": learned(report),
    }


def _languages(folder: Path, names: Sequence[str], total: int) -> dict[str, Any]:
    """ "languages" are rows by the language of prompt and completion together, the commonest first;
    "languages_missing" says why nobody knows."""
    from limbeck.filters.language import languages_of

    found: Counter[str] = Counter()
    every = max(1, -(-total // IDENTIFIED))
    rows = (
        "\n".join(texts(row))
        for side in SPLITS
        for name in data_files(names, side)
        for row in rows_of(folder / name, ["prompt", "completion"])
    )
    drawn = islice(rows, 0, None, every)
    try:
        while part := list(islice(drawn, TOGETHER)):
            found.update(language for language, _ in languages_of(part))
    except MissingExtra as error:
        return {"languages": {}, "languages_every": every, "languages_missing": str(error)}
    order = sorted(found, key=lambda name: (-found[name], name))
    counts = {name: found[name] for name in order}
    return {"languages": counts, "languages_every": every, "languages_missing": ""}


def common(languages: Mapping[str, int]) -> list[str]:
    """The languages that the card's metadata names."""
    total = sum(languages.values())
    return [name for name, rows in languages.items() if name != "und" and rows >= RARE * total]


def _near(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """How many rows of validation and test have a prompt that is nearly one of an earlier split."""
    from limbeck.filters.minhash import NearIndex

    index = NearIndex(threshold=NEAR)
    sides: list[str] = []
    rows: Counter[str] = Counter()
    for side in SPLITS:
        for part in _prompts(folder, data_files(names, side)):
            near = index.add(list(part))
            sides += [side] * len(part)
            for (prompt, count), found in zip(part.items(), near, strict=True):
                if found is not None and sides[found.nearest] != side and prompt:
                    rows[side] += count
    return {"threshold": NEAR, "rows": {side: rows[side] for side in SPLITS[1:]}}


def _prompts(folder: Path, names: Sequence[str]) -> Iterator[dict[str, int]]:
    """Prompts with how many rows have them, some thousand at a time; rows of one prompt that
    stand together count together."""
    columns = ["prompt", "completion"]
    rows = (texts(row)[0] for name in names for row in rows_of(folder / name, columns))
    while part := list(islice(rows, TOGETHER)):
        yield dict(Counter(part))


def _audit(context: Context, done: Mapping[str, Done], folder: Path) -> dict[str, Any]:
    """The findings of the audit: those in the run's audit folder where they are of these very
    records and verdicts, which it says by their hashes, else measured here on what is published."""
    path = context.run.path / "audit" / "audit.json"
    report: Mapping[str, Any] = {}
    if path.is_file():
        try:
            report = read_json(path)
        except UserError:
            report = {}
    hashes = {stage: done[stage].outputs for stage in ("generate", "filter")}
    if isinstance(report, dict) and report.get("inputs") == hashes and report.get("findings"):
        about = "that of the run, which is of the same records and verdicts by their hashes"
    else:
        report = _measure(context, folder)
        about = "measured on the published rows"
    found = [{key: row[key] for key in TOLD if key in row} for row in report["findings"]]
    return {"about": about, "schema": report["schema"], "findings": found}


def _measure(context: Context, folder: Path) -> Mapping[str, Any]:
    from limbeck.audit.measure import measure
    from limbeck.reading.source import open_source

    recipe = context.recipe
    against = [path for path in recipe.eval.files if path.is_file()]
    report: Mapping[str, Any] = measure(
        open_source(folder / "data"),
        version=__version__,
        against=against,
        reporter=context.reporter,
    )
    return report


def _contamination(report: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the run's report found in its training rows, task by task; None where there is no
    report of these rows."""
    if report is None:
        return None
    keys = ("task", "items", "rows", "flagged")
    entries = report.get("contamination") or []
    return {"tasks": [{key: entry[key] for key in keys} for entry in entries]}
