"""The judge in a run: what it is asked, its verdicts, and what the report says of them.

eval/judge.json holds the verdicts of every pair of answers in both orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limbeck.aio import run
from limbeck.errors import BudgetError, UserError
from limbeck.evals.judge.ask import Compared, Texts, calls, chosen, compare
from limbeck.evals.judge.question import PROMPT
from limbeck.ledger import Ledger
from limbeck.money import Meter, dollars, price_of
from limbeck.pipeline.context import Context
from limbeck.recipe_judge import Judge
from limbeck.record import content_hash
from limbeck.store import read_json
from limbeck.teachers.connect import connect, identity, width
from limbeck.teachers.drain import draining

FILE = "judge.json"
VERSION = 1  # raise it when asking or reading changes; the prompt has its own


def protocol(context: Context) -> dict[str, Any] | None:
    """What is asked of whom, with a hash; None where the recipe names no judge."""
    section = context.recipe.eval.judge
    if section is None:
        return None
    found = {
        "judge": dict(identity(section)),
        "prompt": PROMPT,
        "against": list(section.against),
        "limit": section.limit,
        "max_tokens": section.max_tokens,
        "seed": context.recipe.seed,
        "version": VERSION,
    }
    return {"hash": content_hash(found, size=8), **found}


def judge_run(context: Context, prompts: Sequence[str], texts: Texts) -> dict[str, Any]:
    """Have the recipe's judge compare the answers: the content of eval/judge.json.

    `texts` holds one answer a prompt, or None, for "student" and each role of eval.judge.against.
    Replies come from the ledger where it has them, so that doing this again asks nothing but what
    failed. Calls that fail are written down. Raises UserError without a judge in the recipe,
    StopRun for a refused key or a spent budget, and whatever connecting raises.
    """
    section, asked = context.recipe.eval.judge, protocol(context)
    if section is None or asked is None:
        raise UserError("the recipe has no eval.judge")
    places = chosen(prompts, section.limit, context.recipe.seed)
    try:
        name, made = _compared(context, section, prompts, texts, places)
    except BudgetError as error:
        told = str(error).replace("raise budget.", "raise eval.judge.budget.")
        raise BudgetError(f"the judge: {told}") from error
    failed = sum(len(pair.failed) for pair in made)
    if failed:
        context.reporter.say(f"judge: comparisons with a call that failed: {failed}")
    return {
        "protocol": asked,
        "judge": name,
        "prompts": len(places),
        "pairs": [pair.to_json() for pair in made],
    }


def report_of(context: Context) -> dict[str, Any] | None:
    """The report's `judge`, from what the eval stage wrote; None where the recipe names none."""
    if context.recipe.eval.judge is None:
        return None
    from limbeck.evals.judge.summary import summary

    return summary(read_json(context.run.folder("eval") / FILE))


def _compared(
    context: Context,
    section: Judge,
    prompts: Sequence[str],
    texts: Texts,
    places: Sequence[int],
) -> tuple[str, list[Compared]]:
    """The judge's name and what it said.

    It is paid from its own budget: the ledger knows what judging costs under a name of its own, so
    that neither the judge nor the teacher spends what is the other's.
    """
    meter = Meter(price_of(section))
    payer = f"{context.run.id}-judge"
    total = calls(texts, section.against, places)
    with (
        Ledger(context.ledger) as ledger,
        context.reporter.stage("judge", "calls", total) as bar,
    ):

        async def main() -> tuple[str, list[Compared]]:
            teacher = connect(section, ledger, meter=meter, budget=section.budget, run=payer)
            try:
                async with draining(teacher, context.reporter.say):
                    return teacher.name, await compare(
                        prompts,
                        texts,
                        section.against,
                        teacher,
                        places=places,
                        max_tokens=section.max_tokens,
                        width=width(section),
                        on_done=lambda count: bar.advance(count, meter.note()),
                    )
            finally:
                await teacher.aclose()

        found = run(main())
    if meter.new and meter.cost:
        context.reporter.say(f"judge: {meter.new} new answers cost {dollars(meter.cost)}")
    return found
