"""Stage generate: seeds and a teacher in, generate/records.jsonl out."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from typing import Any

from limbeck.aio import run
from limbeck.errors import BadRequest, DataError, UserError
from limbeck.ledger import Ledger
from limbeck.money import Meter, dollars, price_of
from limbeck.pipeline.context import Context
from limbeck.pipeline.left import say_what_is_left
from limbeck.progress import Bar
from limbeck.protocols import AskFailure, Generator, Reply
from limbeck.record import Record, content_hash
from limbeck.registry import build
from limbeck.seeds import read_seeds
from limbeck.store import file_hash, jsonl_writer
from limbeck.teachers.connect import identity, width
from limbeck.teachers.drain import draining

RECORDS = "records.jsonl"
FAILURES = "failures.jsonl"
SHOW_SECONDS = 0.1


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
    generator = generator_of(context)
    total = generator.total(seeds)
    meter = Meter(price_of(recipe.teacher))
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(context.ledger))
        say_what_is_left(context, generator, seeds, ledger)
        before = context.run.done("generate")
        same = before is not None and before.inputs == hashed
        done = stack.enter_context(context.run.stage("generate", hashed, whole=same))
        bar = stack.enter_context(context.reporter.stage("generate", "calls", total))
        folder = context.run.folder("generate")
        records = stack.enter_context(jsonl_writer(folder / RECORDS))
        failures = stack.enter_context(jsonl_writer(folder / FAILURES))
        tally: Counter[str] = Counter(
            dict.fromkeys(("records", "failures", "prompt_tokens", "completion_tokens"), 0)
        )
        reasons: Counter[str] = Counter()

        def emit(record: Record) -> bool:
            records.write(record.to_json())
            tally["records"] += 1
            usage = record.meta.get("usage", {})
            for key in ("prompt_tokens", "completion_tokens"):
                tally[key] += usage.get(key, 0)
            reason = Reply(record.completion, record.meta.get("finish_reason", "stop")).reason
            if reason:
                tally[reason] += 1
            return True

        def fail(failure: AskFailure) -> None:
            failures.write(failure.to_json())
            tally["failures"] += 1
            reasons[failure.reason] += 1
            context.run.log("request_failed", **failure.to_json())

        shown = _Shown(bar, meter)

        async def main() -> None:
            teacher = context.connect(ledger, meter, shown.call)
            try:
                async with draining(teacher, context.reporter.say):
                    await generator.generate(seeds, teacher, emit, fail)
            finally:
                shown.flush()
                await teacher.aclose()
                _log_cost(context, meter)

        run(main())
        if not tally["records"]:
            raise UserError(
                f"none of the {total} requests was answered; the reasons are in "
                f"{context.run.path / 'log.jsonl'}"
            )
        done.replace()
        done.counts |= {"seeds": len(seeds), "skipped_lines": len(skipped), **tally}
        done.counts["hopeless"] = reasons[BadRequest.reason]
        done.files += [RECORDS, FAILURES]
    context.run.log("generated", new_calls=meter.new, **tally)
    _say_what_came(context, meter, tally, reasons, total)


class _Shown:
    """Calls as the progress view shows them, a few times a second: a redraw costs more than a
    request."""

    def __init__(self, bar: Bar, meter: Meter) -> None:
        self._bar = bar
        self._meter = meter
        self._pending = 0
        self._at = 0.0

    def call(self) -> None:
        self._pending += 1
        now = time.monotonic()
        if now - self._at >= SHOW_SECONDS:
            self._at = now
            self.flush()

    def flush(self) -> None:
        if self._pending:
            self._bar.advance(self._pending, self._meter.note())
            self._pending = 0


def generator_of(context: Context) -> Generator:
    """The recipe's generator, with its options."""
    recipe = context.recipe
    options: dict[str, Any] = {"seed": recipe.seed, "width": width(recipe.teacher)}
    generator: Generator = build(
        "generators", recipe.generate.generator, options | recipe.generate.options
    )
    return generator


def _log_cost(context: Context, meter: Meter) -> None:
    """What was used now goes into the log, also when the run stops in the middle."""
    used, wasted = meter.usage, meter.wasted_usage
    context.run.log(
        "used",
        new_calls=meter.new,
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
        cached_tokens=used.cached_tokens,
        wasted_calls=meter.wasted,
        wasted_tokens=wasted.prompt_tokens + wasted.completion_tokens,
        cost=None if meter.cost is None else dollars(meter.cost),
    )


def _say_what_came(
    context: Context, meter: Meter, tally: Counter[str], reasons: Counter[str], total: int
) -> None:
    path = context.run.path
    if meter.new and meter.cost:
        wasted = meter.wasted_cost
        more = f", at most {dollars(wasted)} of it for answers that never came" if wasted else ""
        context.reporter.say(f"generate: {meter.new} new answers cost {dollars(meter.cost)}{more}")
    useless = [reason for reason in ("refused", "truncated", "empty") if tally[reason]]
    if useless:
        counts = ", ".join(f"{tally[reason]} {reason}" for reason in useless)
        context.reporter.say(
            f"generate: of {tally['records']} answers {counts}; they are kept, and not "
            f"asked again unless you say so: limbeck retry {path} "
            + " ".join(f"--reason {reason}" for reason in useless)
        )
    if reasons:
        counts = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        context.reporter.say(
            f"{tally['failures']} of {total} requests failed ({counts}); reasons in "
            f"{context.run.folder('generate') / FAILURES}. To ask them again: limbeck retry {path} "
            + " ".join(f"--reason {reason}" for reason in sorted(reasons))
        )
