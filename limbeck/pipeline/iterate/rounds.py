"""The loop's own rounds: imitation, discrimination, generation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limbeck.evals.rounds.runs import held_out_score
from limbeck.generators.adversarial.sources import Source
from limbeck.pipeline.evaluate import ROLES
from limbeck.pipeline.iterate.discriminate import discriminate
from limbeck.pipeline.iterate.layout import LOOP, Loop, Round, Work
from limbeck.pipeline.iterate.learn import account_of, context_of, learn, measure, seed_of, spend
from limbeck.pipeline.iterate.pairs import read_pairs
from limbeck.pipeline.iterate.pools import Pools, sampled
from limbeck.pipeline.iterate.stop import why_stopped
from limbeck.pipeline.iterate.write import write_from
from limbeck.pipeline.iterate.written_up import write_so_far
from limbeck.pipeline.overlap import evaluated
from limbeck.record import Record
from limbeck.store import read_json


def do_rounds(work: Work, pools: Pools) -> None:
    """The loop's own rounds, as many as there are before something stops it."""
    loop, section = work.loop, work.loop.section
    say, account = loop.context.reporter.say, account_of(loop)
    for number in range(1, section.rounds + 1):
        before = work.rounds[-1] if work.rounds else None
        say(f"iterate: round {number} of {section.rounds}, {len(pools.train)} seeds to learn from")
        now = Round(LOOP, number, context_of(loop, f"round-{number}", pools, before), pools)
        learn(now, work.rounds)
        spend(now, account, "imitate")
        work.rounds.append(now)
        if before is None:
            work.guard.add_items(evaluated(now.context))
        measure(loop, now, account)
        is_last = number == section.rounds
        if not is_last:
            work.stopped = why_stopped([_score(loop, one) for one in work.rounds], section.stop)
        pairs = sampled(pools.cache, section.sample, loop.recipe.seed, number)
        sources = _discriminate(loop, now, pairs)
        spend(now, account, "discriminate")
        ends = is_last or bool(work.stopped)
        if not ends and not sources:
            work.stopped = f"stopped after round {number}: of no pair could be said who was better"
        if not ends and sources:
            new = write_from(
                now.context,
                section,
                sources,
                pools.known,
                work.guard,
                seed_of(loop, "write", number),
            )
            spend(now, account, "write")
            pools = pools.with_new(new, section)
            if not new:
                work.stopped = f"stopped after round {number}: {_nothing_new(loop)}"
        write_so_far(work)
        if ends or work.stopped:
            break
    work.stopped = work.stopped or f"all {section.rounds} rounds are done"
    say(f"iterate: {work.stopped}")


def _nothing_new(loop: Loop) -> str:
    if loop.section.reserve is None:
        return "nothing new was written"
    return f"{loop.section.reserve.name} has no question left that its sources could bring"


def _discriminate(loop: Loop, now: Round, pool: Sequence[Record]) -> list[Source]:
    discriminate(
        now.context,
        pool,
        "discriminate",
        role="student",
        section=loop.section,
        payer=loop.home.id,
        cache=len(now.pools.cache),
        stands=True,
    )
    seeds = {seed.id: seed for seed in pool}
    found = read_pairs(now.context.run.folder("discriminate"))
    return [Source(seeds[one.seed], one.kind, one.gap) for one in found]


def _score(loop: Loop, one: Round) -> float | None:
    folder = one.context.run.folder("eval")
    roles: dict[str, Any] = {role: read_json(folder / f"{role}.json") for role in ROLES}
    return held_out_score(roles, loop.section.stop.task)
