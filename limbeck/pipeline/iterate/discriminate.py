"""Discrimination: what the student cannot do yet that the teacher can.

Teacher and student answer a sample of the cache pool, both are scored from 1 to 10, and what the
teacher does better by tau is hard (Lion, Jiang et al. 2023, arXiv:2305.12870, section 3.2). Written
are pairs.jsonl, summary.json, replies.jsonl with all that was paid for, and last done.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from limbeck.errors import BadRequest
from limbeck.evals.referee.ask import Pair as Reviewed
from limbeck.evals.referee.ask import Scored
from limbeck.ledger import Ledger
from limbeck.pipeline import generate
from limbeck.pipeline.context import Context
from limbeck.pipeline.generate import generator_of
from limbeck.pipeline.iterate import pairs as pairs_
from limbeck.pipeline.iterate.answers import (
    MAX_TOKENS,
    Answers,
    Asked,
    student_answers,
    student_prompts,
    teacher_answers,
)
from limbeck.pipeline.iterate.pairs import PAIRS, Pair, transcript
from limbeck.pipeline.iterate.score import (
    UNREADABLE,
    is_readable,
    kind_of,
    protocol,
    referee_scores,
    scorer_of,
    target_score,
)
from limbeck.pipeline.output import REPLIES, Who, reply_row
from limbeck.pipeline.role_model import DTYPE, fingerprint_of
from limbeck.protocols import Generator, Reply
from limbeck.recipe_iterate import Iterate
from limbeck.record import Record, content_hash
from limbeck.rundir import PhaseName
from limbeck.store import read_json, write_json, write_jsonl

SUMMARY = "summary.json"
VERSION = 1  # raise it when asking or scoring changes; the referee's prompt has its own

NO_REVIEW = "the referee's review could not be read"


def discriminate(
    context: Context,
    pool: Sequence[Record],
    folder: PhaseName,
    *,
    role: Asked,
    section: Iterate,
    payer: str,
    cache: int | None = None,
    stands: bool = False,
) -> Mapping[str, Any]:
    """Have teacher and `role` answer the seeds of `pool`, score them, and write the folder: the
    content of its summary.json, see `pairs.summary`.

    `pool` is what was drawn of a cache pool of `cache` seeds (None: all of it). A folder whose
    inputs are the same, and none of whose calls failed in a way that may pass, is left as it is;
    with `stands` also one with failed calls, for who makes more from what it found.
    All replies are in the ledger: what was answered once is not asked again, whenever the process
    ended. Paid is from the recipe's budget: the teacher by the context's run, the referee by
    `payer`.
    Raises StageError before train, StopRun, UserError and its kinds.
    """
    seeds = list({seed.id: seed for seed in pool}.values())
    cache = len(seeds) if cache is None else cache
    run = context.run
    with run.locked():
        hashed = _inputs(context, seeds, role, section, cache)
        done = run.done(folder)
        same = done is not None and done.inputs == hashed
        if done is not None and same and (stands or done.is_whole) and not context.ask_again:
            context.reporter.say(f"{folder}: already done, nothing changed")
            return cast(Mapping[str, Any], read_json(run.folder(folder) / SUMMARY))
        run.log("stage_started", stage=folder)
        with run.stage(folder, hashed, whole=same) as finish, Ledger(context.ledger) as ledger:
            work = _Work(context, ledger, folder, role, section, payer)
            made = work.pairs(seeds)
            found = pairs_.summary(
                made, cache=cache, tau=section.tau, referee=work.referee_summary()
            )
            finish.replace()
            place = run.folder(folder)
            write_jsonl(place / PAIRS, (pair.to_json(section.tau) for pair in made))
            write_jsonl(place / REPLIES, (reply_row(reply, who) for who, reply in work.replies))
            write_json(place / SUMMARY, found)
            finish.files += [PAIRS, REPLIES, SUMMARY]
            finish.counts |= {"sampled": len(made), "hard": found["hard"], "easy": found["easy"]}
            finish.counts |= {
                "excluded": sum(found["excluded"].values()),
                "failures": len(work.failures),
                "hopeless": work.failures.count(BadRequest.reason),
            }
        run.log("discriminated", stage=folder, **finish.counts)
    context.reporter.say(f"{folder}: {told(found)}")
    return found


def told(found: Mapping[str, Any]) -> str:
    """A summary in a sentence."""
    scored = f"{found['hard']} hard, {found['easy']} easy of {found['sampled']}"
    left = "; ".join(f"{count} for {why}" for why, count in found["excluded"].items())
    return f"{scored}; left out: {left}" if left else scored


def _inputs(
    context: Context, seeds: Sequence[Record], role: Asked, section: Iterate, cache: int
) -> str:
    """The hash of everything that decides what is written."""
    return content_hash(
        {
            "version": VERSION,
            "pool": content_hash([seed.to_json() for seed in seeds]),
            "cache": cache,
            "generate": generate.inputs(context),
            "model": fingerprint_of(context, role),
            "dtype": DTYPE,
            "asked": content_hash(student_prompts(context, role, seeds)),
            "by": section.by,
            "tau": section.tau,
            "temperature": float(section.student_temperature),
            "referee": None if section.by == "target" else protocol(section.referee),
        }
    )


class _Work:
    """One run of the phase. `replies` are all that were paid for and used, by whom, in an order
    that no timing changes; `failures` the reasons of all calls that failed."""

    def __init__(
        self,
        context: Context,
        ledger: Ledger,
        folder: PhaseName,
        role: Asked,
        section: Iterate,
        payer: str,
    ) -> None:
        self.replies: list[tuple[Who, Reply]] = []
        self.failures: list[str] = []
        self._context = context
        self._ledger = ledger
        self._folder = folder
        self._role = role
        self._section = section
        self._payer = payer
        self._reviews: list[Scored] = []
        self._generator: Generator = generator_of(context)

    def pairs(self, seeds: Sequence[Record]) -> list[Pair]:
        """A pair for every seed, in their order. Who cannot be scored is not asked: no call is
        paid for it, and no student answers what the teacher did not."""
        planned = [self._planned(seed) for seed in seeds]
        asked = [pair.seed for pair in planned if not pair.why]
        teacher = teacher_answers(self._context, self._generator, asked, self._ledger, self._folder)
        student = student_answers(
            self._context,
            self._role,
            [seed for seed in asked if teacher.whole(seed.id)],
            self._ledger,
            self._folder,
            temperature=self._section.student_temperature,
            max_tokens=int(getattr(self._generator, "max_tokens", MAX_TOKENS)),
        )
        self.replies += [("teacher", reply) for reply in teacher.replies]
        self.failures += [*teacher.failures, *student.failures]
        made = [pair if pair.why else self._answered(pair, teacher, student) for pair in planned]
        return self._reviewed(made)

    def referee_summary(self) -> Mapping[str, Any] | None:
        """What `limbeck.evals.referee.summary` says; None where the referee was asked nothing."""
        if not self._reviews:
            return None
        from limbeck.evals.referee.summary import summary

        return summary(self._reviews)

    def _planned(self, seed: Record) -> Pair:
        kind, section = kind_of(self._generator, seed), self._section
        by, why = scorer_of(seed, kind, section.by, referee=section.referee is not None)
        checks = getattr(self._generator, "kind_of", None) is not None
        if by == "referee" and checks and seed.target is not None and not is_readable(seed, kind):
            return Pair(seed, None, why=UNREADABLE)  # the generator checks it too, and would stop
        return Pair(seed, by, why=why)

    def _answered(self, pair: Pair, teacher: Answers, student: Answers) -> Pair:
        """With its answers, and its scores where it has a target."""
        seed, whole = pair.seed, teacher.whole(pair.seed.id)
        if not whole:
            why = f"the teacher gave no whole answer ({teacher.why_none(seed.id)})"
            return replace(pair, why=why)
        pair = replace(pair, teacher=whole[0].text)
        said = student.given.get(seed.id)
        if not said:
            why = f"the {self._role} gave no answer ({student.why_none(seed.id)})"
            return replace(pair, why=why)
        pair = replace(pair, student=said[0].text)
        if pair.by != "target":
            return pair
        kind = kind_of(self._generator, seed)
        return replace(
            pair,
            teacher_score=target_score(seed, kind, whole),
            student_score=target_score(seed, kind, said),
        )

    def _reviewed(self, pairs: Sequence[Pair]) -> list[Pair]:
        """With the referee's scores, where it is the one who scores."""
        referee = self._section.referee
        asked = [
            Reviewed(pair.seed.id, transcript(pair.seed), pair.teacher or "", pair.student or "")
            for pair in pairs
            if pair.by == "referee" and not pair.why
        ]
        if referee is None or not asked:
            return list(pairs)
        self._reviews, replies = referee_scores(
            self._context, referee, asked, self._ledger, self._folder, payer=self._payer
        )
        self.replies += [("referee", reply) for reply in replies]
        self.failures += [_reason(scored) for scored in self._reviews if scored.failed]
        found = {scored.id: scored for scored in self._reviews}
        return [_with_review(pair, found.get(pair.seed.id)) for pair in pairs]


def _with_review(pair: Pair, scored: Scored | None) -> Pair:
    if scored is None:
        return pair
    pair = replace(pair, orders=tuple(scored.orders))
    if scored.failed:
        return replace(pair, why=f"the referee gave no review ({_reason(scored)})")
    if scored.teacher is None or scored.student is None:
        return replace(pair, why=NO_REVIEW)
    return replace(pair, teacher_score=scored.teacher, student_score=scored.student)


def _reason(scored: Scored) -> str:
    return scored.failed.partition(":")[0]
