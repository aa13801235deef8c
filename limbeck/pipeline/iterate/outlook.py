"""What a loop would do, as lines: nothing is asked, trained or written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from limbeck.models import parse_model
from limbeck.money import dollars, from_dollars, price_of
from limbeck.pipeline.estimate_eval import evaluation_of
from limbeck.pipeline.forecast_eval import Bill, Part, table
from limbeck.pipeline.generate import generator_of
from limbeck.pipeline.iterate.beforehand import (
    check_learned,
    check_reserve,
    check_scored,
    check_stop,
    seeds_to_learn,
)
from limbeck.pipeline.iterate.bill import Size, Worst
from limbeck.pipeline.iterate.guard import Guard
from limbeck.pipeline.iterate.pools import left_of, start_pools
from limbeck.recipe import Recipe
from limbeck.recipe_eval import task_name
from limbeck.recipe_iterate import Iterate
from limbeck.recipe_iterate_files import Files, checked_files, targets_only
from limbeck.recipe_teacher import TeacherSection
from limbeck.record import Record
from limbeck.rundir import STAGES, RunDir
from limbeck.store import read_json

if TYPE_CHECKING:
    from limbeck.pipeline.context import Context
    from limbeck.pipeline.iterate.layout import Loop

TITLE = "the whole loop, at most"
PHASES = ("discriminate", "write")  # of a round, after its stages
WORST = (
    "At most: as if every answer were as long as it may be, and none of it in the ledger; local "
    "models cost time, and no money."
)
WRITING = (
    "Writing: as if every new instruction were kept. Each refused one takes a call more, until "
    "under {share:.0%} of the last {calls} calls' are kept."
)
REFEREE = "Referee: without the reviews that cannot be read and are asked for once more."


def outlook(loop: Loop) -> list[str]:
    """Rounds, pools, what is scored by whom, the calls and tokens of the worst case with dollars
    where a price is known, the budget, and what the folder has already.

    Raises what reading the recipe's seeds and files raises: what is wrong with them is known before
    a call is paid.
    """
    context, section = loop.context, loop.section
    recipe = context.recipe
    check_stop(recipe)
    generator = generator_of(context)
    seeds = seeds_to_learn(recipe, generator)
    files = checked_files(recipe, seeds)
    cache = seeds if files.cache is None else files.cache
    check_scored(recipe, generator, cache, files.reserve)
    check_learned(recipe, generator, files.reserve)
    guard = Guard(recipe)
    start_pools(recipe, seeds, files.cache, guard)
    left = left_of(files, seeds, guard)
    check_reserve(recipe, cache, left or ())
    worst = Worst(section, generator, seeds, cache, left)
    held_out = (files.held_out or [])[: section.held_out_limit]
    bills = _bills(context, worst, seeds, held_out)
    rounds, students = _count(section.rounds, "round"), _count(worst.runs, "student")
    return [
        f"{loop.folder}: {rounds} at most, {students} to train; {_start(section)}",
        *_pools(section, files, left, worst.rounds),
        *_scoring(section, len(held_out)),
        *map(_round, worst.rounds),
        _control(section),
        _stop(recipe, section),
        *table(bills, TITLE),
        *_notes(section, bills),
        *_money(recipe, bills),
        *_found(loop.folder, recipe, section),
    ]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _start(section: Iterate) -> str:
    base = "each from the base" if section.start == "base" else "each from the round before"
    grows = "is added to" if section.train_pool == "accumulate" else "is replaced"
    return f"{base}; the train pool {grows} every round"


def _pools(
    section: Iterate, files: Files, left: Sequence[Record] | None, rounds: Sequence[Size]
) -> Iterator[str]:
    first = rounds[0]
    yield f"pools: {first.train:,} questions to train on, {first.cache:,} to compare on"
    if left is None:
        yield f"new questions: written by the teacher, {section.new:,} a round"
        return
    wanted = section.new * (section.rounds - 1)
    short = f"; the {wanted:,} of all rounds are not there" if len(left) < wanted else ""
    yield (
        f"new questions: {section.new:,} a round from {section.reserve}, which has {len(left):,} "
        f"that are in no pool and not held out{short}"
    )


def _scoring(section: Iterate, held_out: int) -> Iterator[str]:
    by = {
        "auto": "by target where that is an exact answer, else by the referee",
        "target": "by target; a question without one is left out",
        "referee": "by the referee",
    }[section.by]
    if section.by == "auto" and section.referee is None:
        by = "by target"
    yield f"answers are scored {by}; hard is what the teacher does better by {section.tau:g} of 10"
    if targets_only(section) and section.reserve is None:
        yield (
            "what the teacher writes has no target, and no referee scores it: the student learns "
            "from it, and it is never hard or easy"
        )
    if held_out:
        yield f"held out: {_count(held_out, 'prompt')}, on which the referee scores every student"


def _round(size: Size) -> str:
    new = f", of which {size.fresh:,} are new" if size.number > 1 else ""
    then = f"; then {size.written:,} new ones" if size.written else ""
    return (
        f"round {size.number}: the teacher answers {_count(size.train, 'question')}{new}; "
        f"{size.sampled:,} of {size.cache:,} are compared{then}"
    )


def _control(section: Iterate) -> str:
    if not section.control or section.rounds == 1:
        return "no control: what the loop itself brings is not measured"
    what = "plain Self-Instruct" if section.reserve is None else "a random draw from the reserve"
    arms = {"rows": "as many new rows", "cost": "as many tokens"}
    of = " and, apart, ".join(arms[arm] for arm in section.control)
    return f"control: every round after the first once more, with {of} from {what}"


def _stop(recipe: Recipe, section: Iterate) -> str:
    stop = section.stop
    if stop.patience is None:
        return "ends after the last round"
    names = [stop.task] if stop.task else [task_name(task) for task in recipe.eval.tasks]
    score = names[0] if len(names) == 1 else f"the mean over {', '.join(names)}"
    gain = f"more than {stop.min_gain:g} above" if stop.min_gain else "above"
    return (
        f"ends before the last round once {score} was not {gain} the best before for "
        f"{_count(stop.patience, 'round')}"
    )


def _bills(
    context: Context, worst: Worst, seeds: Sequence[Record], held_out: Sequence[Record]
) -> list[Bill]:
    """The teacher's, the referee's, and the judge's of eval.judge, where there is one."""
    recipe, referee = context.recipe, worst.section.referee
    evaluation = evaluation_of(context, seeds, [])
    asked = list(worst.teacher(held_out))
    if evaluation is not None and evaluation.teacher is not None:
        asked += [
            replace(part, name=f"evaluation, once: {part.name}")
            for part in evaluation.teacher.parts
        ]
    bills = [_bill(recipe.teacher, asked)]
    if referee is not None:
        bills.append(_bill(referee, list(worst.referee(referee, held_out))))
    if evaluation is not None and evaluation.judge is not None:
        every = [
            replace(
                part,
                name=f"{part.name}, every student",
                calls=_times(part.calls, worst.runs),
                prompt_tokens=_times(part.prompt_tokens, worst.runs),
                completion_tokens=_times(part.completion_tokens, worst.runs),
            )
            for part in evaluation.judge.parts
        ]
        bills.append(replace(evaluation.judge, parts=tuple(every)))
    return [bill for bill in bills if bill.parts]


def _bill(section: TeacherSection, parts: Sequence[Part]) -> Bill:
    rates = price_of(section)
    return Bill(section.model, None if rates is None or rates.free else rates, tuple(parts))


def _times(number: int | None, count: int) -> int | None:
    return None if number is None else number * count


def _notes(section: Iterate, bills: Sequence[Bill]) -> Iterator[str]:
    yield WORST
    if section.reserve is None and section.rounds > 1:
        yield WRITING.format(share=section.stall_share, calls=section.stall_calls)
    if section.referee is not None:
        yield REFEREE


def _money(recipe: Recipe, bills: Sequence[Bill]) -> Iterator[str]:
    """Prices that are not known, and the one budget against the worst case. A judge has its own."""
    section = recipe.iterate
    paid = [("teacher", recipe.teacher)]
    if section is not None and section.referee is not None:
        paid.append(("iterate.referee", section.referee))
    for key, who in paid:
        if price_of(who) is None and not parse_model(who.model).is_local:
            yield (
                f"Price: none is known for {who.model}; put {key}.price (input and output, in "
                "dollars per million tokens) into the recipe to see the cost."
            )
    budget = recipe.budget
    if budget.usd is None and budget.tokens is None:
        yield "Budget: none; budget.usd or budget.tokens would end the whole loop there."
        return
    totals = [(bill, bill.total) for bill in bills[: len(paid)]]
    tokens = sum((one.prompt_tokens or 0) + (one.completion_tokens or 0) for _, one in totals)
    cost = sum(bill.cost(one) or 0 for bill, one in totals)
    limits = []
    if budget.usd is not None:
        limits.append((dollars(from_dollars(budget.usd)), cost > from_dollars(budget.usd)))
    if budget.tokens is not None:
        limits.append((f"{budget.tokens:,} tokens", tokens > budget.tokens))
    told = " and ".join(limit for limit, _ in limits)
    above = any(is_above for _, is_above in limits)
    yield (
        f"Budget: {told} for the whole loop, teacher and referee, restarts included; "
        + (
            "the worst case is above it, and the loop would end there."
            if above
            else "the worst case is within it, as far as it is known."
        )
    )


def _found(folder: Path, recipe: Recipe, section: Iterate) -> Iterator[str]:
    """What is done already, by the markers in the rounds' folders."""
    path = folder / "iterate.json"
    if path.is_file() and read_json(path).get("whole"):
        yield f"found: a finished loop, {folder / 'index.html'}"
    later = range(2, section.rounds + 1)
    names = [f"round-{number}" for number in (1, *later)]
    names += [f"control-{arm}-{number}" for arm in section.control for number in later]
    for name in names:
        run = RunDir(folder / name, recipe)
        done: list[str] = [stage for stage in STAGES if run.done(stage) is not None]
        done += [phase for phase in PHASES if (run.path / phase / "done.json").is_file()]
        if done:
            yield f"found: {name}, {', '.join(done)} done"
