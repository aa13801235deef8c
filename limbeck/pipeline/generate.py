"""Stage generate: seeds and a teacher in, generate/records.jsonl out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from limbeck.errors import DataError, UserError
from limbeck.ledger import Ledger, request_key
from limbeck.pipeline.context import Context
from limbeck.protocols import AskFailure, Generator
from limbeck.record import Record, content_hash
from limbeck.registry import build
from limbeck.seeds import read_seeds
from limbeck.store import file_hash, jsonl_writer
from limbeck.teachers import connect
from limbeck.teachers.connect import identity

RECORDS = "records.jsonl"
FAILURES = "failures.jsonl"


def inputs(context: Context) -> str:
    """The hash of everything that decides what is generated."""
    recipe = context.recipe
    if not recipe.seeds.path.is_file():
        raise DataError(
            f"the seed file {recipe.seeds.path} does not exist; check seeds.path in the recipe"
        )
    return content_hash(
        {
            "seeds": file_hash(recipe.seeds.path),
            "limit": recipe.seeds.limit,
            "on_bad_line": recipe.seeds.on_bad_line,
            "teacher": dict(identity(recipe.teacher)),
            "generate": recipe.generate.model_dump(mode="json"),
            "seed": recipe.seed,
        }
    )


def generate(context: Context) -> None:
    """Ask everything that is not in the ledger yet, and write the records in their fixed order.

    Raises UserError when not one request was answered.
    """
    recipe = context.recipe
    hashed = inputs(context)
    skipped: list[DataError] = []
    on_bad = skipped.append if recipe.seeds.on_bad_line == "skip" else None
    seeds = read_seeds(recipe.seeds.path, limit=recipe.seeds.limit, on_bad=on_bad)
    for bad in skipped:
        context.reporter.say(f"skipped: {bad}")
        context.run.log("seed_skipped", reason=str(bad))
    generator = _generator(context)
    total = generator.total(seeds)
    with ExitStack() as stack:
        done = stack.enter_context(context.run.stage("generate", hashed))
        ledger = stack.enter_context(Ledger(context.ledger))
        _say_what_is_left(context, generator, seeds, ledger)
        bar = stack.enter_context(context.reporter.stage("generate", "calls", total))
        folder = context.run.folder("generate")
        records = stack.enter_context(jsonl_writer(folder / RECORDS))
        failures = stack.enter_context(jsonl_writer(folder / FAILURES))
        tally = {"records": 0, "failures": 0, "prompt_tokens": 0, "completion_tokens": 0}

        def emit(record: Record) -> bool:
            records.write(record.to_json())
            tally["records"] += 1
            usage = record.meta.get("usage", {})
            for key in ("prompt_tokens", "completion_tokens"):
                tally[key] += usage.get(key, 0)
            return True

        def fail(failure: AskFailure) -> None:
            failures.write(failure.to_json())
            tally["failures"] += 1
            context.run.log("request_failed", **failure.to_json())

        fresh = 0

        def on_call(from_ledger: bool) -> None:
            nonlocal fresh
            fresh += not from_ledger
            bar.advance(1, f"{fresh} new")

        async def main() -> None:
            teacher = connect(recipe.teacher, ledger, on_call=on_call)
            try:
                await generator.generate(seeds, teacher, emit, fail)
            finally:
                await teacher.aclose()

        asyncio.run(main())
        if not tally["records"]:
            raise UserError(
                f"none of the {total} requests was answered; the reasons are in "
                f"{context.run.path / 'log.jsonl'}"
            )
        done.counts |= {"seeds": len(seeds), "skipped_lines": len(skipped), **tally}
        done.files += [RECORDS, FAILURES]
    context.run.log("generated", new_calls=fresh, **tally)
    if tally["failures"]:
        context.reporter.say(
            f"{tally['failures']} of {total} requests failed; reasons in {folder / FAILURES}. "
            f"To ask them again: limbeck generate {context.run.path}"
        )


def _generator(context: Context) -> Generator:
    recipe = context.recipe
    options: dict[str, Any] = {"seed": recipe.seed, "width": _width(context)}
    generator: Generator = build(
        "generators", recipe.generate.generator, options | recipe.generate.options
    )
    return generator


def _width(context: Context) -> int:
    """How many requests are in flight: a local model's batch stays full when twice as many wait."""
    teacher = context.recipe.teacher
    black_box = teacher.model.startswith(("openai:", "fake:"))
    return teacher.concurrency if black_box else 2 * teacher.batch_size


def _say_what_is_left(
    context: Context, generator: Generator, seeds: Sequence[Record], ledger: Ledger
) -> None:
    requests = getattr(generator, "requests", None)
    if requests is None:  # a generator whose next prompt depends on the last reply cannot know
        return
    who = identity(context.recipe.teacher)
    keys = [request_key(who, request) for request in requests(seeds)]
    found = sum(ledger.get(key) is not None for key in keys)
    context.reporter.say(
        f"generate: {len(keys)} requests, {found} already answered in the ledger, "
        f"{len(keys) - found} left to ask"
    )
