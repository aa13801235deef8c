"""Stage filter: every record judged by every record filter in turn.

filter/verdicts.jsonl has every verdict, filter/kept.bin and filter/changed.jsonl what is left
(`limbeck.kept`). A record that one filter refused is not shown to the next ones, so that a
truncated answer cannot be the first of its duplicates. Refused records stay readable in
generate/records.jsonl.

A filter with an option `against` compares with files; where the recipe gives none, these are the
evaluation's. What a filter's `told()` says, where it has one, is said when all is judged.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from limbeck import kept
from limbeck.errors import UserError
from limbeck.filters.chain import Tally
from limbeck.pipeline.context import Context
from limbeck.pipeline.filter_engine import Rows, run_filters
from limbeck.pipeline.filter_pool import Parallel
from limbeck.pipeline.funnel import Stage, compared
from limbeck.pipeline.output import RECORDS
from limbeck.protocols import Filter
from limbeck.recipe import Recipe
from limbeck.recipe_filters import hashed as filter_hash
from limbeck.recipe_filters import options_of
from limbeck.record import Record, content_hash
from limbeck.registry import build
from limbeck.store import writing

VERDICTS = kept.VERDICTS.name


def inputs(context: Context) -> str:
    generated = context.run.need("generate", by="filter")
    steps = [filter_hash(step, context.recipe.eval) for step in context.recipe.filters]
    return content_hash({"records": generated.outputs, "filters": steps})


def filters_of(recipe: Recipe) -> list[Filter]:
    """The recipe's record filters, new ones. Raises RecipeError."""
    made = [build("filters", step.name, options_of(step, recipe.eval)) for step in recipe.filters]
    for judge in made:
        if hasattr(judge, "run"):
            judge.run = recipe.name
    return made


def check_filters(filters: Sequence[Filter]) -> None:
    """What filters ask elsewhere must answer before rows are paid. Raises UserError."""
    for judge in filters:
        if hasattr(judge, "ready"):
            judge.ready()


def add_to_index(context: Context) -> tuple[str, int]:
    """Put the rows that the filters kept into the index that minhash names: its name, and how many
    were new. Raises UserError where there is none, StageError before the stage filter is done."""
    context.run.need("filter", by="filter")
    for judge in filters_of(context.recipe):
        if getattr(judge, "index", None):
            return judge.index, judge.add(kept_records(context))  # type: ignore[attr-defined]
    raise UserError(
        "no filter of the recipe names an index; say which, as in "
        "--set minhash.index=redis://HOST:PORT/DB/NAME"
    )


def filter_records(context: Context) -> None:
    """Judge all records and write the verdicts. Raises StageError before generate is done."""
    hashed = inputs(context)
    filters = filters_of(context.recipe)
    check_filters(filters)
    path = context.run.folder("generate") / RECORDS
    total = context.run.need("generate", by="filter").counts["records"]
    before = context.run.done("filter")
    steps = [(step.name, options_of(step, context.recipe.eval)) for step in context.recipe.filters]
    folder = context.run.folder("filter")
    with context.run.stage("filter", hashed) as done, ExitStack() as files:

        def temporary() -> IO[bytes]:
            return files.enter_context(tempfile.TemporaryFile(dir=folder))

        with (
            writing(folder / VERDICTS) as draft,
            draft.open("wb") as verdicts,
            Parallel(filters, steps, path, context.workers) as parallel,
        ):
            outcome = run_filters(
                filters,
                Rows(path),
                total,
                verdicts=verdicts,
                parallel=parallel,
                reporter=context.reporter,
                temporary=temporary,
            )
        with writing(folder / kept.KEPT.name) as draft:
            draft.write_bytes(outcome.kept.to_bytes())
        done.files += [VERDICTS, kept.KEPT.name]
        if _write_changed(folder / kept.CHANGED.name, outcome.changed):
            done.files.append(kept.CHANGED.name)
        done.counts |= _counts(filters, outcome.tallies, len(outcome.kept))
    refused = done.counts["refused"]
    context.run.log("filtered", kept=done.counts["kept"], refused=refused)
    for judge, tally in zip(filters, outcome.tallies, strict=True):
        if text := _told(judge, tally):
            context.reporter.say(f"{judge.name}: {text}")
    if before is not None:
        context.reporter.say(f"filter: {compared(before.counts, done.counts)}")


def _counts(filters: Sequence[Filter], tallies: Sequence[Tally], left: int) -> dict[str, Any]:
    refused: Counter[str] = Counter()
    stages = []
    for judge, tally in zip(filters, tallies, strict=True):
        stages.append(Stage(judge.name, tally.judged, tally.kept, tally.refused, tally.changed))
        refused.update({f"{judge.name}: {why}": count for why, count in tally.refused.items()})
    return {
        "kept": left,
        "refused": {key: refused[key] for key in sorted(refused)},
        "filters": [stage.to_json() for stage in stages],
    }


def _told(judge: Filter, tally: Tally) -> str:
    summary = getattr(judge, "summary", None)
    if summary is not None:
        return str(summary(tally.reasons))
    told = getattr(judge, "told", None)
    return str(told()) if told is not None else ""


def _write_changed(path: Path, changed: IO[bytes] | None) -> bool:
    if changed is None:
        path.unlink(missing_ok=True)
        return False
    with writing(path) as draft, draft.open("wb") as file:
        changed.seek(0)
        shutil.copyfileobj(changed, file)
    return True


def kept_records(context: Context) -> Iterator[Record]:
    """The records that no filter refused, in order, as the filters changed them."""
    return kept.kept_records(context.run.path)
