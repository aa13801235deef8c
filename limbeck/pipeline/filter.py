"""Stage filter: every record judged by every record filter in turn; filter/verdicts.jsonl out.

A record that one filter refused is not shown to the next ones, so that a truncated answer cannot
be the first of its duplicates. Refused records stay readable in generate/records.jsonl.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from limbeck.pipeline.context import Context
from limbeck.pipeline.output import RECORDS
from limbeck.protocols import Filter
from limbeck.record import Record, Verdict, content_hash
from limbeck.registry import build
from limbeck.store import jsonl_writer, read_jsonl, read_records
from limbeck.text import prompt_key

VERDICTS = "verdicts.jsonl"
BATCH = 1024


def inputs(context: Context) -> str:
    generated = context.run.need("generate", by="filter")
    steps = [step.model_dump(mode="json") for step in context.recipe.filters]
    return content_hash({"records": generated.outputs, "filters": steps})


def filter_records(context: Context) -> None:
    """Judge all records and write the verdicts. Raises StageError before generate is done."""
    hashed = inputs(context)
    filters: list[Filter] = [
        build("filters", step.name, step.options) for step in context.recipe.filters
    ]
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
