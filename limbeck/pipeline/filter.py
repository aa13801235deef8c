"""Stage filter: every record judged by every record filter in turn; filter/verdicts.jsonl out.

A record that one filter refused is not shown to the next ones, so that a truncated answer cannot
be the first of its duplicates. Refused records stay readable in generate/records.jsonl.

A filter with an option `against` compares with files; where the recipe gives none, these are the
evaluation's. What a filter's `told()` says, where it has one, is said when all is judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from limbeck.errors import DataError
from limbeck.pipeline.context import Context
from limbeck.pipeline.output import RECORDS
from limbeck.protocols import Filter
from limbeck.recipe import FilterStep, Recipe
from limbeck.record import Record, Verdict, content_hash
from limbeck.registry import build, option_names
from limbeck.store import file_hash, jsonl_writer, read_jsonl, read_records
from limbeck.text import prompt_key

VERDICTS = "verdicts.jsonl"
BATCH = 1024


def inputs(context: Context) -> str:
    generated = context.run.need("generate", by="filter")
    steps = [_hashed(step, context.recipe) for step in context.recipe.filters]
    return content_hash({"records": generated.outputs, "filters": steps})


def filters_of(recipe: Recipe) -> list[Filter]:
    """The recipe's record filters, new ones. Raises RecipeError."""
    return [build("filters", step.name, _options(step, recipe)) for step in recipe.filters]


def _options(step: FilterStep, recipe: Recipe) -> dict[str, Any]:
    if "against" not in option_names("filters", step.name) or step.options.get("against"):
        return step.options
    return step.options | {"against": recipe.eval.files}


def _hashed(step: FilterStep, recipe: Recipe) -> dict[str, Any]:
    """What a filter's verdicts follow from: its options, and the names and contents of the files
    that it compares with, wherever they lie. Raises DataError for one that cannot be read."""
    row = step.model_dump(mode="json")
    files = _options(step, recipe).get("against")
    if files:
        row["options"]["against"] = [_content(Path(path)) for path in files]
    return row


def _content(path: Path) -> list[str]:
    try:
        return [path.name, file_hash(path)]
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error


def filter_records(context: Context) -> None:
    """Judge all records and write the verdicts. Raises StageError before generate is done."""
    hashed = inputs(context)
    filters = filters_of(context.recipe)
    counts: Counter[str] = Counter()
    path = context.run.folder("generate") / RECORDS
    total = context.run.need("generate", by="filter").counts["records"]
    with (
        context.run.stage("filter", hashed) as done,
        jsonl_writer(context.run.folder("filter") / VERDICTS) as verdicts,
        context.reporter.stage("filter", "records", total) as bar,
    ):
        for batch in _batches(read_records(path)):
            kept = batch
            for judge in filters:
                judged = judge.judge(kept)
                for verdict in judged:
                    verdicts.write(verdict.to_json())
                    if not verdict.keep:
                        counts[f"{verdict.filter}: {verdict.reason}"] += 1
                kept = [r for r, verdict in zip(kept, judged, strict=True) if verdict.keep]
            counts["kept"] += len(kept)
            bar.advance(len(batch))
        refused = {key: counts[key] for key in sorted(counts) if key != "kept"}
        done.counts |= {"kept": counts["kept"], "refused": refused}
        done.files.append(VERDICTS)
    context.run.log("filtered", kept=counts["kept"], refused=refused)
    for judge in filters:
        told = getattr(judge, "told", None)
        if told is not None and (text := told()):
            context.reporter.say(f"{judge.name}: {text}")


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    """Batches that part no question: rows of one prompt that stand together stay together."""
    batch: list[Record] = []
    for _, group in groupby(records, key=lambda record: prompt_key(record.messages)):
        if len(batch) >= BATCH:
            yield batch
            batch = []
        batch += group
    if batch:
        yield batch


def kept_records(context: Context) -> Iterator[Record]:
    """The records that no filter refused, in order."""
    refused = set()
    for _, row in read_jsonl(context.run.folder("filter") / VERDICTS):
        verdict = Verdict.from_json(row)
        if not verdict.keep:
            refused.add(verdict.record)
    for record in read_records(context.run.folder("generate") / RECORDS):
        if record.id not in refused:
            yield record
