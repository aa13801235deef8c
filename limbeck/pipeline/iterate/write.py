"""Phase write: new instructions for the next round, as seeds in write/records.jsonl.

From hard and easy ones by the teacher, or out of a reserve; for a control by plain Self-Instruct,
or at random from the reserve.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from limbeck.aio import run
from limbeck.filters.rouge import RougePool
from limbeck.generators.adversarial.plain import Plain
from limbeck.generators.adversarial.reserve import at_random, from_reserve
from limbeck.generators.adversarial.sources import Source
from limbeck.generators.adversarial.write import Write
from limbeck.ledger import Ledger
from limbeck.money import Meter, dollars, price_of
from limbeck.pipeline.context import Context
from limbeck.pipeline.iterate.guard import Guard
from limbeck.pipeline.output import DRAFTS, RECORDS, Output, output
from limbeck.protocols import Teacher
from limbeck.recipe import Iterate
from limbeck.record import Record, content_hash
from limbeck.seeds import read_seeds
from limbeck.store import read_json, read_jsonl, read_records, write_json
from limbeck.teachers.connect import identity, width
from limbeck.teachers.drain import draining

PHASE: Literal["write"] = "write"
KINDS = ("hard", "easy")
SUMMARY = "summary.json"
VERSION = 1  # raise it when what is written changes for the same replies

Work = Callable[[Teacher | None, Output], Awaitable[None]]


def write_from(
    context: Context,
    section: Iterate,
    sources: Sequence[Source],
    known: Sequence[Record],
    guard: Guard,
    seed: int,
) -> list[Record]:
    """The new seeds that a round's hard and easy ones bring; see the module."""
    hard = round(section.new * section.hard_share)
    wanted = {"hard": hard, "easy": section.new - hard}
    given = {"sources": [[one.seed.id, one.kind, one.gap] for one in sources], "wanted": wanted}

    async def by_teacher(teacher: Teacher | None, out: Output) -> None:
        assert teacher is not None
        await Write(
            hard=wanted["hard"],
            easy=wanted["easy"],
            weight=section.weight,
            refuse=guard.refuse,
            **_settings(context, section, seed),
        )(sources, known, teacher, out)

    kinds: dict[str, str] = {}

    async def by_reserve(teacher: Teacher | None, out: Output) -> None:
        found = from_reserve(
            sources,
            known,
            _reserve(section, guard),
            hard=wanted["hard"],
            easy=wanted["easy"],
            weight=section.weight,
            seed=seed,
        )
        for record, source in found:
            kinds[record.id] = source.kind
            out.emit(record)

    work = by_teacher if section.reserve is None else by_reserve
    return _phase(context, section, given, known, guard, seed, section.new, work, kinds)


def write_control(
    context: Context,
    section: Iterate,
    seeds: Sequence[Record],
    known: Sequence[Record],
    guard: Guard,
    seed: int,
    count: int,
) -> list[Record]:
    """`count` new seeds of a control: without looking at what the student can do."""
    given = {"seeds": [one.id for one in seeds], "count": count}

    async def by_teacher(teacher: Teacher | None, out: Output) -> None:
        assert teacher is not None
        await Plain(instructions=count, refuse=guard.refuse, **_settings(context, section, seed))(
            seeds, known, teacher, out
        )

    async def by_reserve(teacher: Teacher | None, out: Output) -> None:
        for record in at_random(known, _reserve(section, guard), count, seed):
            out.emit(record)

    work = by_teacher if section.reserve is None else by_reserve
    return _phase(context, section, given, known, guard, seed, count, work, {})


def written(context: Context) -> dict[str, Any] | None:
    """What the phase counted; None where it is not done."""
    done = context.run.done(PHASE)
    return None if done is None else read_json(context.run.folder(PHASE) / SUMMARY)


def _settings(context: Context, section: Iterate, seed: int) -> dict[str, Any]:
    return {
        "form": section.form,
        "threshold": section.threshold,
        "temperature": section.temperature,
        "max_tokens": section.max_tokens,
        "stall_calls": section.stall_calls,
        "stall_share": section.stall_share,
        "seed": seed,
        "width": width(context.recipe.teacher),
        "new_pool": RougePool,
    }


def _reserve(section: Iterate, guard: Guard) -> list[Record]:
    """The reserve without what is held out word for word."""
    assert section.reserve is not None
    return [seed for seed in read_seeds(section.reserve) if not guard.is_held_out(seed)]


def _phase(
    context: Context,
    section: Iterate,
    given: Mapping[str, Any],
    known: Sequence[Record],
    guard: Guard,
    seed: int,
    wanted: int,
    work: Work,
    kinds: Mapping[str, str],
) -> list[Record]:
    """Do it, where it is not done; a phase that is done stands, its failed calls too: everything
    after it is made from it."""
    hashed = content_hash(
        {
            **given,
            "known": [one.id for one in known],
            "held_out": guard.hash,
            "teacher": dict(identity(context.recipe.teacher)),
            "reserve": None
            if section.reserve is None
            else [one.id for one in _reserve(section, guard)],
            "settings": section.model_dump(
                mode="json",
                include={"form", "threshold", "temperature", "max_tokens", "stall_calls",
                         "stall_share", "weight"},
            ),
            "seed": seed,
            "version": VERSION,
        }
    )  # fmt: skip
    done = context.run.done(PHASE)
    if done is None or done.inputs != hashed:
        _do(context, hashed, wanted, work, kinds, asks=section.reserve is None)
    return list(read_records(context.run.folder(PHASE) / RECORDS))


def _do(
    context: Context, hashed: str, wanted: int, work: Work, kinds: Mapping[str, str], *, asks: bool
) -> None:
    folder = context.run.folder(PHASE)
    meter = Meter(price_of(context.recipe.teacher))
    with Ledger(context.ledger) as ledger, context.run.stage(PHASE, hashed) as finish:
        with (
            context.reporter.stage(PHASE, "calls", None) as bar,
            output(context, folder, drafts=True, replies=True, stage=PHASE) as out,
        ):

            async def main() -> None:
                if not asks:
                    await work(None, out)
                    return
                # What is asked follows from replies before it: a call that failed stays failed.
                teacher = context.connect(
                    ledger, meter, lambda: bar.advance(1, meter.note()), keep_failures=True
                )
                try:
                    async with draining(teacher, context.reporter.say):
                        await work(teacher, out)
                finally:
                    await teacher.aclose()

            run(main())
        told = _told(folder, out, wanted, kinds)
        write_json(folder / SUMMARY, told)
        finish.counts |= {"kept": told["kept"], "failures": out.tally["failures"]}
        finish.files += [*out.files, SUMMARY]
    if meter.new and meter.cost:
        context.reporter.say(f"write: {meter.new} new answers cost {dollars(meter.cost)}")
    context.reporter.say(f"write: {told['kept']} of {wanted} new instructions")


def _told(folder: Path, out: Output, wanted: int, kinds: Mapping[str, str]) -> dict[str, Any]:
    """What came of it; `kinds` says of what was not written from which kind it came, by its id."""
    made = [_kind(one, kinds) for one in read_records(folder / RECORDS)]
    refused: Counter[str] = Counter()
    for _, row in read_jsonl(folder / DRAFTS):
        if not row["verdict"]["keep"]:
            refused[row["verdict"]["reason"].partition(":")[0]] += 1
    return {
        "wanted": wanted,
        "asked": out.calls,
        "failed": out.tally["failures"],
        "kept": len(made),
        "hard": made.count("hard"),
        "easy": made.count("easy"),
        "refused": dict(sorted(refused.items())),
    }


def _kind(record: Record, kinds: Mapping[str, str]) -> str:
    version = record.provenance.prompt_version
    by_prompt = next((kind for kind in KINDS if version.startswith(f"adversarial_{kind}")), "")
    return kinds.get(record.id, by_prompt)
