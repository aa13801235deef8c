"""Stage generate: seeds and a teacher in, generate/records.jsonl out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import Any

from limbeck.aio import later, run
from limbeck.commands import command
from limbeck.encoders import identity as encoder_hash
from limbeck.errors import BadRequest, DataError, StopRun, UserError
from limbeck.ledger import Ledger
from limbeck.models import parse_model
from limbeck.money import Meter, dollars, price_of
from limbeck.pipeline.beforehand import usable_seeds
from limbeck.pipeline.context import Context
from limbeck.pipeline.left import say_what_is_left
from limbeck.pipeline.output import FAILURES, Output, output
from limbeck.pipeline.seeds import (
    Say,
    demos_of_recipe,
    pool_of_recipe,
    seeds_of_recipe,
    split_inputs,
)
from limbeck.progress import Bar
from limbeck.protocols import Generator, Reply, Request
from limbeck.recipe_encoders import encoder_of
from limbeck.record import content_hash
from limbeck.registry import build, option_names
from limbeck.store import file_hash, write_json
from limbeck.teachers.capabilities import recalled
from limbeck.teachers.connect import gives_likelihoods, identity, width
from limbeck.teachers.drain import draining

SHOW_SECONDS = 0.1
MADE_FROM = "made_from.json"  # in the stage's folder, beside the records


def inputs(context: Context) -> str:
    """The hash of everything that decides what is generated."""
    return content_hash(made_from(context))


def made_from(context: Context) -> dict[str, Any]:
    """Everything that decides what is generated. Raises DataError for a file that is missing."""
    recipe = context.recipe
    if not recipe.seeds.path.is_file():
        raise DataError(
            f"the seed file {recipe.seeds.path} does not exist; check seeds.path in the recipe"
        )
    whole = split_inputs(recipe) | {
        "seeds": file_hash(recipe.seeds.path),
        "demos": _demos_hash(context),
        "limit": recipe.seeds.limit,
        "on_bad_line": recipe.seeds.on_bad_line,
        "teacher": dict(identity(recipe.teacher)),
        "generate": recipe.generate.model_dump(mode="json"),
        "seed": recipe.seed,
    }
    # A key only where there is one: a run that names no encoder, no part keeps the hash it had.
    if recipe.seeds.part is not None:
        whole["part"] = recipe.seeds.part
    encoder = encoder_of(recipe.generate)
    return whole if encoder is None else whole | {"encoder": encoder_hash(encoder)}


def _demos_hash(context: Context) -> str:
    path = context.recipe.seeds.demos
    if path is None:
        return ""
    if not path.is_file():
        raise DataError(f"the file of worked examples {path} does not exist; check seeds.demos")
    return file_hash(path)


def generate(context: Context) -> None:
    """Ask everything that is not in the ledger yet, and write the records in their fixed order.

    Raises UserError when there is no record in the end.
    """
    recipe = context.recipe
    made = made_from(context)
    hashed = content_hash(made)
    size = recipe.seeds.path.stat().st_size
    skipped: list[DataError] = []
    on_bad = skipped.append if recipe.seeds.on_bad_line == "skip" else None

    def say(text: str) -> None:
        context.reporter.say(f"generate: {text}")

    seeds = seeds_of_recipe(recipe, on_bad=skipped.append, say=say)
    generator = generator_of(context, say)
    seeds = usable_seeds(recipe, seeds, generator, on_bad)
    for bad in skipped:
        context.reporter.say(f"skipped: {bad}")
        context.run.log("seed_skipped", reason=str(bad))
    chained = is_chained(generator)
    total = generator.total(seeds)
    meter = Meter(price_of(recipe.teacher))
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(context.ledger))
        say_what_is_left(context, generator, seeds, ledger)
        before = context.run.done("generate")
        same = before is not None and before.inputs == hashed
        whole = same or not context.fresh
        done = stack.enter_context(context.run.stage("generate", hashed, whole=whole))
        bar = stack.enter_context(context.reporter.stage("generate", "calls", total))
        folder = context.run.folder("generate")
        out = stack.enter_context(output(context, folder, drafts=chained, replies=context.accounts))
        shown = _Shown(bar, meter)

        async def main() -> None:
            if total == 0:  # no weights are loaded and no key is needed to ask nothing
                await generator.generate(seeds, Nobody(), out)
                return
            teacher = context.connect(ledger, meter, shown.call, keep_failures=chained)
            try:
                async with draining(teacher, context.reporter.say):
                    await generator.generate(seeds, teacher, out)
            finally:
                shown.flush()
                await teacher.aclose()
                _log_cost(context, meter)

        run(main())
        if not out.tally["records"]:
            raise UserError(_why_none(context, out))
        done.replace()
        write_json(folder / MADE_FROM, {"inputs": made, "bytes": size})
        done.counts |= {"seeds": len(seeds), "skipped_lines": len(skipped), **out.tally}
        done.counts |= {"calls": out.calls, **out.useless}
        # What a later run would fail to get again is no reason to run again.
        lost = out.tally["failures"] if chained else out.reasons[BadRequest.reason]
        done.counts["hopeless"] = lost
        if out.funnel:
            done.counts["funnel"] = out.funnel
        done.files += out.files
    context.run.log("generated", new_calls=meter.new, **out.tally, **out.useless)
    _say_what_came(context, meter, out, chained)


def is_chained(generator: Generator) -> bool:
    """Whether later requests are made from earlier replies."""
    return bool(getattr(generator, "chained", False))


def _why_none(context: Context, out: Output) -> str:
    log = context.run.path / "log.jsonl"
    if not out.tally["replies"]:
        return (
            f"none of the {out.calls} requests was answered; the reasons are in {log}. To ask them "
            f"again: {_retry(context, sorted(out.reasons))}"
        )
    return (
        f"{out.tally['replies']} replies made no record ({_lines(out)}); look at what the teacher "
        f"says with: {command('ledger', 'export', ledger=context.ledger)}, and try another "
        "form, preset or teacher"
    )


def _retry(context: Context, reasons: Iterable[str]) -> str:
    return context.command("retry", *(word for one in reasons for word in ("--reason", one)))


def _lines(out: Output) -> str:
    return ", ".join(f"{count} {line}" for line, count in out.funnel.items() if count)


class Nobody:
    """The teacher of a generator that asks for nothing."""

    name = ""
    identity: Mapping[str, Any] = {}

    async def ask(self, request: Request, /) -> Reply:
        raise StopRun("the generator said that it would ask nothing, and asks")

    async def aclose(self) -> None:
        return


class _Shown:
    """Calls as the progress view shows them, a few times a second: a redraw costs more than a
    request."""

    def __init__(self, bar: Bar, meter: Meter) -> None:
        self._bar = bar
        self._meter = meter
        self._pending = 0
        self._is_due = False

    def call(self) -> None:
        """One more call; within a running event loop, which shows it soon."""
        self._pending += 1
        if not self._is_due:
            self._is_due = True
            later(SHOW_SECONDS, self.flush)

    def flush(self) -> None:
        self._is_due = False
        if self._pending:
            self._bar.advance(self._pending, self._meter.note())
            self._pending = 0


def generator_of(context: Context, say: Say = lambda text: None) -> Generator:
    """The recipe's generator, with its options. `say` is told which demos its split leaves out."""
    recipe = context.recipe
    name = recipe.generate.generator
    taken = option_names("generators", name)
    given: dict[str, Any] = {"seed": recipe.seed, "width": width(recipe.teacher)}
    options = {key: value for key, value in given.items() if key in taken}
    if "new_pool" in taken:
        from limbeck.filters.rouge import RougePool

        options["new_pool"] = RougePool
    if "verifier" in taken:
        from limbeck.filters import answer

        options["verifier"] = answer
    if "demos" in taken and recipe.seeds.demos is not None:
        options["demos"] = demos_of_recipe(recipe, say=say)
    if "pool" in taken:
        options["pool"] = pool_of_recipe(recipe, say=say)
    if "likelihoods" in taken:
        options["likelihoods"] = gives_likelihoods(recipe.teacher)
    if "capabilities" in taken and not parse_model(recipe.teacher.model).is_local:
        with Ledger(context.ledger) as ledger:
            options["capabilities"] = recalled(recipe.teacher, ledger)
    generator: Generator = build("generators", name, options | recipe.generate.options)
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


def _say_what_came(context: Context, meter: Meter, out: Output, chained: bool) -> None:
    if meter.new and meter.cost:
        wasted = meter.wasted_cost
        more = f", at most {dollars(wasted)} of it for answers that never came" if wasted else ""
        context.reporter.say(f"generate: {meter.new} new answers cost {dollars(meter.cost)}{more}")
    if out.funnel:
        context.reporter.say(f"generate: {_lines(out)}")
    if out.useless and not chained:  # else the generator's own funnel says what became of them
        reasons = [reason for reason in ("refused", "truncated", "empty") if out.useless[reason]]
        counts = ", ".join(f"{out.useless[reason]} {reason}" for reason in reasons)
        context.reporter.say(
            f"generate: of {out.tally['replies']} answers {counts}; they are kept, and not "
            f"asked again unless you say so: {_retry(context, reasons)}"
        )
    if out.reasons:
        counts = ", ".join(f"{count} {reason}" for reason, count in sorted(out.reasons.items()))
        after = ", and all that was made from them, to be paid again" if chained else ""
        context.reporter.say(
            f"{out.tally['failures']} of {out.calls} requests failed ({counts}); reasons in "
            f"{context.run.folder('generate') / FAILURES}. To ask them again{after}: "
            f"{_retry(context, sorted(out.reasons))}"
        )
