"""The control: students that learn from as many new rows, or from as many tokens' worth, which
nobody chose by what the student can do."""

from __future__ import annotations

from pathlib import Path

from limbeck.pipeline import format
from limbeck.pipeline.context import Context
from limbeck.pipeline.iterate.cost import tokens
from limbeck.pipeline.iterate.layout import LOOP, Loop, Round, Work
from limbeck.pipeline.iterate.learn import account_of, context_of, learn, measure, seed_of, spend
from limbeck.pipeline.iterate.pools import Pools
from limbeck.pipeline.iterate.recipes import run_recipe
from limbeck.pipeline.iterate.write import write_control
from limbeck.pipeline.iterate.written_up import write_so_far
from limbeck.pipeline.run import do_stages
from limbeck.recipe import Recipe
from limbeck.recipe_iterate import Arm
from limbeck.yaml_lines import Places


def do_controls(work: Work, pools: Pools) -> None:
    """The arms of the recipe, "rows" first: what "cost" buys follows from what that one paid."""
    for arm in work.loop.section.control:
        do_control(work, arm, pools)


def do_control(work: Work, arm: Arm, pools: Pools) -> None:
    """The control's rounds beside those of the loop: the first is the loop's own. It ends before
    the loop where it has nothing to learn from, or, to buy for as much, nothing that says what a
    row costs."""
    loop, section, first = work.loop, work.loop.section, work.rounds[0]
    say, account, start = loop.context.reporter.say, account_of(loop), pools.known
    spend(Round(LOOP, 1, first.context, pools), account, "imitate")
    before = first
    for beside in work.rounds[1:]:
        name = f"control-{arm}-{beside.number}"
        count = _count(work, arm, beside)
        if count is None:
            say(f"iterate: no control-rows-{beside.number} tells the price of {name}; it ends here")
            return
        say(f"iterate: {name}, {count} new seeds without looking at the student")
        asking = loop.at(name, run_recipe(loop.recipe, name))
        with asking.run.locked():
            new = write_control(
                asking, section, start, pools.known, work.guard,
                seed_of(loop, "control", beside.number), count,
            )  # fmt: skip
        pools = pools.with_new(new, section)
        if not pools.train:
            say(f"iterate: {name} has nothing new, and so nothing to learn from; it ends here")
            return
        context = context_of(loop, name, pools, before)
        if arm == "rows":
            context = _no_more_rows(loop, context, beside)
        now = Round(f"control_{arm}", beside.number, context, pools)
        spend(now, account, "write")
        learn(now, work.rounds)
        spend(now, account, "imitate")
        measure(loop, now, account)
        work.controls.append(now)
        write_so_far(work)
        before = now


def _count(work: Work, arm: Arm, beside: Round) -> int | None:
    """How many new seeds the control takes in the round beside this one: as many as the loop had,
    or as many as the loop's tokens of this round buy at what a row of the control with as many
    rows cost; None where that one did not come so far."""
    first, before = work.rounds[0], work.rounds[beside.number - 2]
    rows = len(beside.pools.cache) - len(before.pools.cache)
    if arm == "rows":
        return rows
    priced = [first, *(one for one in work.controls if one.arm == "control_rows")]
    if len(priced) < beside.number:
        return None
    other, earlier = priced[beside.number - 1], priced[beside.number - 2]
    bought = len(other.pools.cache) - len(earlier.pools.cache)
    made = [(before, "discriminate"), (before, "write"), (beside, "imitate")]
    paid = tokens(one.cost[phase] for one, phase in made if phase in one.cost)
    own = tokens(other.cost[phase] for phase in ("write", "imitate") if phase in other.cost)
    return max(1, bought * paid // own) if own and bought else rows


def _no_more_rows(loop: Loop, context: Context, beside: Round) -> Context:
    """The control's run with no more training rows than the loop's round beside it has."""
    most = beside.context.run.need("format", by="train").counts["train"]
    run = context.run
    data = run.recipe.model_dump(mode="json")
    data["format"] |= {"rows": most}
    capped = loop.at(run.path.name, Recipe.of(data, Path.cwd(), Places(None, "the control")))
    do_stages(context, ("generate", "filter"), again=False)
    formatted = run.done("format")
    if formatted is not None and formatted.inputs == format.inputs(capped):
        return capped
    do_stages(context, ("format",), again=False)
    have = run.need("format", by="train").counts["train"]
    return capped if have > most else context
