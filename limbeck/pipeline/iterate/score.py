"""Scores from 1 to 10 for what teacher and student answered: by a question's target, which is exact
and free, or by the referee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from limbeck.aio import run
from limbeck.errors import MissingExtra, UserError
from limbeck.evals.referee.ask import Pair as Asked
from limbeck.evals.referee.ask import Scored, calls, score
from limbeck.evals.referee.question import PROMPT, Settings
from limbeck.filters import answer
from limbeck.filters.answer.said import said
from limbeck.ledger import Ledger
from limbeck.money import Meter, dollars, price_of
from limbeck.pipeline.context import Context
from limbeck.pipeline.iterate.answers import Answer, log_used
from limbeck.pipeline.iterate.pairs import HIGH, LOW, By
from limbeck.protocols import Generator, Reply
from limbeck.recipe_iterate import Referee
from limbeck.record import Record
from limbeck.teachers.connect import connect, identity, width
from limbeck.teachers.drain import draining
from limbeck.text import word_count

NOBODY = "no target and no referee"
NOT_EXACT = "no exact target and no referee"
NO_TARGET = "no target"
UNREADABLE = "a target that cannot be read"

_LONGEST, _WORDS = 60, 5  # characters, and words of a text, that may well be all of an answer
_STOPS = (".", "!", "?", "。", "！", "？", "؟", "।", "։")
_BRACKETS = ("[", "{", "(")


def kind_of(generator: Generator, seed: Record) -> str:
    """The kind that a seed's answer is checked as: what the generator holds it for, else the
    seed's own, "auto" where neither says one."""
    own = getattr(generator, "kind_of", None)
    return str(own(seed) if own is not None else seed.meta.get("kind", "auto"))


def scorer_of(
    seed: Record, kind: str, by: Literal["auto", "target", "referee"], *, referee: bool
) -> tuple[By | None, str]:
    """Who scores the answers to a seed, or None and why nobody can. `by` is the recipe's, `referee`
    whether it names one.

    Left to itself (auto), a target without a kind or options counts only where its form is that of
    an exact answer. One of several lines or more than 60 characters, a sentence, a text of more
    than five words or a row of things is what somebody wrote, and hardly another right answer would
    equal it. Raises MissingExtra for mathematics without math-verify.
    """
    if by == "referee":
        return "referee", ""
    if seed.target is not None:
        is_exact = by == "target" or not _is_written(seed, kind)
        if is_exact and is_readable(seed, kind):
            return "target", ""
    if by == "auto":
        if referee:
            return "referee", ""
        return None, NOBODY if seed.target is None else NOT_EXACT
    return None, NO_TARGET if seed.target is None else UNREADABLE


def is_readable(seed: Record, kind: str) -> bool:
    """Whether the seed's target can be read as its kind. Raises MissingExtra."""
    try:
        _check(seed, kind, "")
    except MissingExtra:
        raise
    except UserError:
        return False
    return True


def _is_written(seed: Record, kind: str) -> bool:
    """Whether a target that nothing says to be exact looks like what somebody wrote."""
    if kind != "auto" or seed.meta.get("options"):
        return False
    text = (seed.target or "").strip()
    if "\n" in text or len(text) > _LONGEST:
        return True
    form = answer.kind_of(text)
    if form == "list":
        return text[:1] not in _BRACKETS
    words = word_count(text)
    return form == "text" and (words > _WORDS or (words > 1 and text.endswith(_STOPS)))


def _check(seed: Record, kind: str, text: str) -> str:
    options = seed.meta.get("options")
    found = answer.check(text, seed.target or "", kind, options=options)  # type: ignore[arg-type]  # any text: it raises
    return found.status


def target_score(seed: Record, kind: str, answers: Sequence[Answer]) -> float:
    """1 + 9 times the share of `answers` that are right. One that was cut off counts where it
    marks its answer as one ("the answer is"), as in evaluation: else the last number on the way
    would be taken for it. Raises ValueError for no answer."""
    if not answers:
        raise ValueError(f"there is no answer to {seed.id} to be scored")
    right = sum(_is_right(seed, kind, one) for one in answers)
    return LOW + (HIGH - LOW) * right / len(answers)


def _is_right(seed: Record, kind: str, one: Answer) -> bool:
    if one.reason == "truncated" and not said(one.text).marked:
        return False
    return _check(seed, kind, one.text) == "correct"


def protocol(referee: Referee | None) -> Mapping[str, Any] | None:
    """What is asked of which referee, JSON to be hashed; None without one."""
    if referee is None:
        return None
    return {
        "referee": dict(identity(referee)),
        "prompt": PROMPT,
        "max_tokens": referee.max_tokens,
        "temperature": float(referee.temperature),
    }


def referee_scores(
    context: Context,
    referee: Referee,
    pairs: Sequence[Asked],
    ledger: Ledger,
    name: str,
    *,
    payer: str,
) -> tuple[list[Scored], list[Reply]]:
    """What the referee says of the pairs, in their order, and the replies that it is read from.

    Paid in the name of the run `payer` from the recipe's budget. `name` stands before what is said.
    Raises StopRun, and what connecting raises.
    """
    meter, replies = Meter(price_of(referee)), list[Reply]()
    how = Settings(referee.max_tokens, referee.temperature, context.recipe.seed)
    if not pairs:
        return [], []
    with context.reporter.stage(f"{name} referee", "calls", calls(pairs)) as bar:

        async def main() -> list[Scored]:
            teacher = connect(
                referee,
                ledger,
                meter=meter,
                budget=context.recipe.budget,
                run=payer,
                ask_again=context.ask_again,
                beside=(context.recipe.teacher,),
            )
            try:
                async with draining(teacher, context.reporter.say):
                    return await score(
                        pairs,
                        teacher,
                        how,
                        width=width(referee),
                        on_done=lambda count: bar.advance(count, meter.note()),
                        on_reply=replies.append,
                    )
            finally:
                await teacher.aclose()
                log_used(context, name, "referee", meter)

        found = run(main())
    if meter.new and meter.cost:
        context.reporter.say(
            f"{name}: {meter.new} reviews of the referee cost {dollars(meter.cost)}"
        )
    return found, replies
