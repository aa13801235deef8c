"""`limbeck batch`: a run's requests through the Batch API, into the same ledger as live ones.

Before a batch is made its input file and its requests are in the ledger, and its metadata names
the run; so a kill at any point leaves nothing that the next command does not find again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from limbeck.errors import BadRequest, UserError
from limbeck.ledger import Ledger
from limbeck.ledger.notes import ABANDONED, CREATING, SETTLED
from limbeck.money import cost, dollars, price_of, tokens
from limbeck.pipeline.batch_collect import Tally, collect_batch
from limbeck.pipeline.batch_plan import Plan, no_room, own_requests, plan, requests, shards
from limbeck.pipeline.batch_state import Known, ledger_status, refreshed
from limbeck.pipeline.context import Context
from limbeck.pipeline.unchanged import check_unchanged
from limbeck.store import clear_drafts
from limbeck.teachers.batch_lines import endpoint_of
from limbeck.teachers.batches import BatchClient
from limbeck.teachers.connect import identity

MOST_REQUESTS = 50_000  # in one batch, at OpenAI
MOST_BYTES = 200_000_000  # of one input file


@dataclass(slots=True)
class Submitted:
    """What a submit did: the plan, and the ids of the batches that it made."""

    plan: Plan
    batches: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Collected:
    """What a collect did: tallies by batch id, the batches that are still under way, and how many
    of the run's requests have no answer and are in no batch."""

    batches: dict[str, Tally] = field(default_factory=dict)
    under_way: list[str] = field(default_factory=list)
    missing: int = 0


@contextmanager
def _at_work(context: Context, *, new: bool = False) -> Iterator[tuple[Ledger, BatchClient]]:
    """The ledger and the endpoint, under the run's lock."""
    folder = context.run.path
    with BatchClient(context.recipe.teacher) as client:
        if not new and not (folder / "recipe.yaml").is_file():
            raise UserError(f"{folder} is no run yet. To begin it: limbeck batch submit RECIPE")
        with context.run.locked(), Ledger(context.ledger) as ledger:
            clear_drafts(folder)
            yield ledger, client


def _refreshed(context: Context, ledger: Ledger, client: BatchClient) -> list[Known]:
    return refreshed(
        context, ledger, client, lambda: ((key, text) for key, text, _ in own_requests(context))
    )


def submit(
    context: Context, *, most_requests: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES
) -> Submitted:
    """Submit what the ledger does not answer and no batch of the run may still answer.

    Raises BudgetError once everything that fits the budget, at its worst, is submitted; UserError
    for a generator or a teacher that cannot use batches.
    """
    if most_requests < 1:
        raise UserError(f"a batch holds at least 1 request, got {most_requests}")
    run = context.run
    with _at_work(context, new=True) as (ledger, client):
        check_unchanged(context)
        run.save_recipe()
        number = len(_refreshed(context, ledger, client))
        made = Submitted(plan(context, ledger))
        _say_plan(context, made.plan)
        keys = made.plan.keys
        lines = (
            (endpoint_of(request), key, text, client.line(key, request))
            for key, text, request in (own_requests(context) if keys else ())
            if key in keys
        )
        for shard in shards(lines, run.path, most_requests=most_requests, most_bytes=most_bytes):
            number += 1
            file = client.upload(shard.path, f"{run.id}-{number}.jsonl")
            ledger.add_batch(
                file,
                run=run.id,
                teacher=identity(context.recipe.teacher),
                input_file=file,
                status=CREATING,
                items=shard.items,
            )
            batch = client.create(file, shard.endpoint, run.id, number)
            ledger.name_batch(file, batch.id, batch.status)
            made.batches.append(batch.id)
            run.log("batch_submitted", batch=batch.id, file=file, requests=len(shard.items))
            context.reporter.say(f"batch {batch.id}: {requests(len(shard.items))}, {batch.status}")
        if made.plan.over:
            raise no_room(context, ledger, made.plan.over)
    return made


def status(context: Context) -> list[Known]:
    """Every batch of the run, as its endpoint shows it now."""
    with _at_work(context) as (ledger, client):
        return _refreshed(context, ledger, client)


def collect(context: Context) -> Collected:
    """Put the answers of every batch that has ended into the ledger; a second time changes
    nothing."""
    done = Collected()
    with _at_work(context) as (ledger, client):
        for known in _refreshed(context, ledger, client):
            if known.to_collect and known.remote is not None:
                tally = collect_batch(context, ledger, client, known.batch, known.remote)
                done.batches[known.batch.id] = tally
                _say_tally(context, known, tally)
            elif known.batch.status not in SETTLED:
                done.under_way.append(known.batch.id)
                if known.remote is None:
                    _say_elsewhere(context, known)
        live = ledger.live_keys(context.run.id)
        hopeless = ledger.failed_keys(BadRequest.reason)
        done.missing = sum(
            ledger.get(key) is None and key not in live and key not in hopeless
            for key, _, _ in own_requests(context)
        )
    _say_what_next(context, done)
    return done


def cancel(context: Context) -> list[str]:
    """Cancel the batches that are under way; their ids. What they have answered by then, `collect`
    brings. One that the recipe's endpoint does not show any more is given up."""
    cancelled = []
    with _at_work(context) as (ledger, client):
        for known in _refreshed(context, ledger, client):
            name, remote = known.batch.id, known.remote
            if known.batch.status in SETTLED or (remote and (remote.ended or remote.cancelling)):
                continue
            if remote is not None:
                status = ledger_status(client.cancel(name))
            elif known.batch.teacher.get("endpoint") == context.recipe.teacher.base_url:
                status = ABANDONED
            else:
                _say_elsewhere(context, known)
                continue
            ledger.set_batch_status(name, status)
            context.run.log("batch_cancelled", batch=name, status=status)
            context.reporter.say(f"batch {name}: {status}")
            cancelled.append(name)
    path = context.run.path
    context.reporter.say(
        f"what was answered by now can be collected: {context.command('batch collect')}"
        if cancelled
        else f"no batch of {path} is under way: nothing was cancelled"
    )
    return cancelled


def _say_plan(context: Context, made: Plan) -> None:
    told = [requests(made.total), f"{made.answered:,} answered in the ledger"]
    if made.in_batches:
        told.append(f"{made.in_batches:,} in batches that are not collected")
    if made.hopeless:
        told.append(f"{made.hopeless:,} refused as bad before")
    if made.over:
        told.append(f"{made.over:,} beyond the budget")
    told.append(f"{len(made.keys):,} to submit")
    text = ", ".join(told)
    if made.keys:
        most = made.most
        text += f": at most about {tokens(most.prompt_tokens + most.completion_tokens)}"
        rates = price_of(context.recipe.teacher)
        text += "" if rates is None else f", {dollars(cost(most, rates, 'batch'))}"
    elif made.in_batches:
        text += f". To bring their answers: {context.command('batch collect')}"
    elif not made.over:
        text += f". To make the records: {context.command('generate')}"
    context.reporter.say(f"submit: {text}")


def _say_elsewhere(context: Context, known: Known) -> None:
    here, there = context.recipe.teacher.base_url, known.batch.teacher.get("endpoint")
    why = (
        "it belongs to another account or project, or was deleted; to ask its requests again: "
        f"{context.command('batch cancel')}"
        if here == there
        else f"it is at {there}, and the recipe's base_url is another one"
    )
    context.reporter.say(f"batch {known.batch.id}: {here} does not show it: {why}")


def _say_tally(context: Context, known: Known, tally: Tally) -> None:
    told = [f"{tally.answered:,} new answers"]
    told += [f"{count:,} {reason}" for reason, count in sorted(tally.failed.items())]
    if tally.repeated:
        told.append(f"{tally.repeated:,} in the ledger already")
    if tally.unknown:
        told.append(f"{tally.unknown:,} lines skipped that name no request of it")
    if tally.gone:
        told.append("a result file is not on the server any more")
    name = known.batch.id
    context.reporter.say(f"batch {name} ({known.status}): {', '.join(told)}")
    for reason, message in sorted(tally.examples.items()):
        context.reporter.say(f"  {reason}, for example: {message}")
    context.run.log(
        "batch_collected",
        batch=name,
        status=known.status,
        answered=tally.answered,
        failed=dict(tally.failed),
        repeated=tally.repeated,
        unknown=tally.unknown,
        gone=tally.gone,
    )


def _say_what_next(context: Context, done: Collected) -> None:
    if done.under_way:
        context.reporter.say(
            f"still under way: {', '.join(done.under_way)}. To see how far: "
            f"{context.command('batch status')}"
        )
    if done.missing:
        context.reporter.say(
            f"without an answer and in no batch: {requests(done.missing)}. Submit again ("
            f"{context.command('batch submit')}) or ask live ({context.command('generate')})"
        )
    elif not done.under_way:
        context.reporter.say(
            f"nothing is missing. To make the records: {context.command('generate')}"
        )
