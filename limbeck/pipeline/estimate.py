"""What a run will cost and bring, from a few of its own requests: `limbeck estimate RECIPE`.

The sample goes through the run's ledger, so the run finds it answered and nothing is paid twice;
which requests are in it depends on the recipe alone, so asking again costs nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.aio import map_ordered, run
from limbeck.errors import AskError, UserError
from limbeck.filters.chain import kept_of
from limbeck.ledger import Keyer, Ledger
from limbeck.money import Meter, Rates, cost, counted, price_of
from limbeck.pipeline.context import Context
from limbeck.pipeline.estimate_eval import evaluation_of
from limbeck.pipeline.estimate_plan import Planned, Requests, draw, plan_of
from limbeck.pipeline.filter import check_filters, filters_of
from limbeck.pipeline.forecast import Estimate, render
from limbeck.pipeline.forecast_eval import lines
from limbeck.pipeline.generate import generator_of
from limbeck.pipeline.sample import Interval, share, unseen_total
from limbeck.pipeline.seeds import seeds_of_recipe
from limbeck.protocols import Generator, Reply, Request, Usage
from limbeck.record import Record
from limbeck.teachers.connect import width
from limbeck.teachers.drain import draining
from limbeck.teachers.likelihoods import AskedLikelihoods, LikelihoodRequest

__all__ = ["Estimate", "estimate", "render"]


def estimate(context: Context, sample: int = 20, *, good: int | None = None) -> Estimate:
    """Ask `sample` requests of the run, drawn at random and spread over its seeds, and predict.
    What the evaluation will ask is counted, and nothing of it asked.

    Raises UserError for a generator whose requests are not known beforehand, and when too few
    of the sample are answered; StopRun as the teacher does.
    """
    if sample < 2:
        raise UserError(f"--sample must be at least 2, got {sample}: one answer has no spread")
    if good is not None and good < 1:
        raise UserError(f"--good must be at least 1, got {good}")
    recipe = context.recipe
    check_filters(filters_of(recipe))
    seeds = seeds_of_recipe(recipe)
    generator = generator_of(context)
    requests_of: Requests | None = getattr(generator, "requests", None)
    if requests_of is None:
        raise UserError(
            f"the generator {generator.name!r} cannot be estimated: its next request depends on "
            "the last reply, so its requests are not known beforehand. Run it for few rows first "
            "(self_instruct: a small generate.instructions), with a budget; the longer run finds "
            "those answers in the ledger"
        )
    with Ledger(context.ledger) as ledger:
        plan = plan_of(context, ledger, generator, requests_of, seeds)
        # Before anything is asked: its files may have to be mended.
        evaluation = evaluation_of(context, seeds, plan)
        if not plan:
            told = "\n".join(["", *lines(evaluation)]) if evaluation else ""
            raise UserError(
                f"the generator {generator.name} asks the teacher nothing: it is free{told}"
            )
        found = sum(row.found for row in plan)
        drawn = draw(plan, sample, recipe.seed)
        asked = sum(len(row.places) - row.found for row in drawn)
        own = [list(requests_of([seeds[row.seed]])) for row in drawn]
        requests = [of[at] for row, of in zip(drawn, own, strict=True) for at in row.places]
        results = run(_ask(context, ledger, requests))
    pairs = list(zip(requests, results, strict=True))
    replies = [(q, r) for q, r in pairs if isinstance(r, Reply)]
    for row in drawn:
        mine, pairs = pairs[: len(row.places)], pairs[len(row.places) :]
        used = [counted(q, r) for q, r in mine if isinstance(r, Reply)]
        if len(used) == len(mine):
            row.known = sum(used, Usage())
    left = [row for row in plan if row.known is None]
    errors = [result for result in results if not isinstance(result, Reply)]
    whole = [row for row in drawn if row.known]
    _check_answers(len(whole), len(drawn), errors, len(left))
    rates = price_of(recipe.teacher)
    prompt, completion, to_pay = _predict(whole, left, rates)
    known = [row.known for row in plan if row.known is not None]
    chosen = [seeds[number] for number in sorted({row.seed for row in drawn})]
    kept = _survivors(context, generator, chosen, replies)
    survival = share(kept, len(drawn))
    paid = sum(cost(usage, rates) for usage in known) if rates else 0
    return Estimate(
        teacher=recipe.teacher.model,
        seeds=len(seeds),
        requests=sum(len(row.places) for row in plan),
        rows=len(plan),
        found=found,
        sampled=len(requests),
        sampled_rows=len(drawn),
        asked=asked,
        answered=len(replies),
        failed=dict(sorted(Counter(error.reason for error in errors).items())),
        left=sum(len(row.places) for row in left),
        counted=all(r.usage.prompt_tokens or r.usage.completion_tokens for _, r in replies),
        prompt_tokens=prompt + sum(usage.prompt_tokens for usage in known),
        completion_tokens=completion + sum(usage.completion_tokens for usage in known),
        rates=rates,
        cost=to_pay and to_pay + paid,
        to_pay=to_pay,
        kept=kept,
        survival=survival,
        good=good,
        evaluation=evaluation,
        prompts=None if good is None else _needed(good, survival, len(plan) / len(seeds)),
    )


async def _ask(
    context: Context, ledger: Ledger, requests: Sequence[Request]
) -> list[Reply | AskError]:
    teacher = context.connect(ledger, Meter(price_of(context.recipe.teacher)))

    async def ask(request: Request) -> Reply | AskError:
        try:
            return await teacher.ask(request)
        except AskError as error:
            return error

    results: list[Reply | AskError] = []
    try:
        with context.reporter.stage("estimate", "calls", len(requests)) as bar:
            async with (
                draining(teacher, context.reporter.say),
                map_ordered(ask, requests, width(context.recipe.teacher)) as answers,
            ):
                async for answer in answers:
                    results.append(answer)
                    bar.advance()
    finally:
        await teacher.aclose()
    return results


def _check_answers(answered: int, sampled: int, errors: Sequence[AskError], left: int) -> None:
    """Of `sampled` rows so many were answered in full."""
    if answered >= 2 or (answered and not left):
        return
    why = f" ({errors[0].reason}: {errors[0]})" if errors else ""
    raise UserError(
        f"{answered} of the {sampled} sampled requests had an answer{why}: too few to predict "
        "the run from. Mend the reason, or give a larger --sample"
    )


def _predict(
    sample: Sequence[Planned], left: Sequence[Planned], rates: Rates | None
) -> tuple[Interval, Interval, Interval | None]:
    """Prompt tokens, completion tokens and pico-dollars of what is left to ask.

    Prompts by the ratio of real to estimated tokens, completions by their mean.
    """
    if not left:
        nothing = Interval(0.0, 0.0, 0.0)
        return nothing, nothing, None if rates is None else nothing
    n, unseen, more = len(sample), len(left), sum(row.size for row in left)
    sizes = [row.size for row in sample]
    prompts = [row.known.prompt_tokens if row.known else 0 for row in sample]
    completions = [row.known.completion_tokens if row.known else 0 for row in sample]
    size, prompt, completion = sum(sizes), sum(prompts), sum(completions)
    ratio, mean = prompt / size, completion / n
    off = [p - ratio * s for p, s in zip(prompts, sizes, strict=True)]
    away = [c - mean for c in completions]
    # The same predictions, once without each sampled request.
    off_left = [more * (prompt - p) / (size - s) for p, s in zip(prompts, sizes, strict=True)]
    away_left = [unseen * (completion - c) / (n - 1) for c in completions]

    read = unseen_total(more * ratio, off_left, off, unseen)
    written = unseen_total(unseen * mean, away_left, away, unseen)
    most = max(written.value, sum(row.max_tokens for row in left))
    written = Interval(written.value, written.low, min(written.high, most))
    if rates is None:
        return read, written, None

    def both(a: float, b: float) -> float:
        return a * rates.input + b * rates.output

    money = unseen_total(
        both(more * ratio, unseen * mean),
        list(map(both, off_left, away_left)),
        list(map(both, off, away)),
        unseen,
    )
    return read, written, money


class _Sampled:
    """A teacher that knows the sample's answers and has nothing to say to anything else."""

    def __init__(self, name: str, replies: Sequence[tuple[Request, Reply]]) -> None:
        self.name = name
        self.identity: Mapping[str, Any] = {}
        self._key_of = Keyer(self.identity)
        self._replies = {self._key_of(request)[0]: reply for request, reply in replies}

    async def ask(self, request: Request, /) -> Reply:
        reply = self._replies.get(self._key_of(request)[0])
        if reply is None:
            raise AskError("this request is not in the sample")
        return reply

    async def aclose(self) -> None:
        return


class _SampledLikelihoods(AskedLikelihoods, _Sampled):
    """The same of a teacher that gives likelihoods."""


class _Emitted:
    """Keeps the records of a generator and forgets the rest."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def emit(self, record: Record, /) -> None:
        self.records.append(record)

    def _forget(self, *_: object) -> None:
        return

    draft = answered = fail = count = say = _forget


def _survivors(
    context: Context,
    generator: Generator,
    seeds: Sequence[Record],
    replies: Sequence[tuple[Request, Reply]],
) -> int:
    """How many of the sample's rows every filter of the recipe keeps."""
    out = _Emitted()
    scores = any(isinstance(request, LikelihoodRequest) for request, _ in replies)
    made = _SampledLikelihoods if scores else _Sampled
    run(generator.generate(seeds, made(context.recipe.teacher.model, replies), out))
    return len(kept_of(filters_of(context.recipe), out.records))


def _needed(good: int, survival: Interval, paths: float) -> Interval:
    """Prompts for `good` rows, when each gives up to `paths`: more at the lower survival."""
    counts = [
        math.ceil(good / (rate * paths)) if rate > 0 else math.inf
        for rate in (survival.value, survival.high, survival.low)
    ]
    return Interval(*counts)
