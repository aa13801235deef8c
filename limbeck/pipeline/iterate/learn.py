"""A round's imitation, and what its student is then worth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from limbeck.money import price_of
from limbeck.pipeline.context import Context
from limbeck.pipeline.iterate.answers import Asked
from limbeck.pipeline.iterate.cost import Account
from limbeck.pipeline.iterate.discriminate import discriminate
from limbeck.pipeline.iterate.layout import LOOP, SEEDS, Loop, Round
from limbeck.pipeline.iterate.pools import Pools, write_pool
from limbeck.pipeline.iterate.recipes import run_recipe
from limbeck.pipeline.output import REPLIES
from limbeck.pipeline.run import do_stages
from limbeck.pipeline.sharing import share_roles
from limbeck.record import content_hash
from limbeck.rundir import PhaseName
from limbeck.seeds import read_seeds

FOLDERS = {
    "imitate": ("generate",),
    "discriminate": ("discriminate",),
    "write": ("write",),
    "held_out": ("base_held_out", "held_out"),
}
"""Where the replies of each phase stand."""


def context_of(loop: Loop, name: str, pools: Pools, before: Round | None) -> Context:
    """The run of a round; the first one's seeds are the recipe's own."""
    if before is None:
        return loop.at(name, run_recipe(loop.recipe, name))
    path = loop.folder / name / SEEDS
    path.parent.mkdir(parents=True, exist_ok=True)
    write_pool(path, pools.train)
    goes_on = before.context.run if loop.section.start == "previous" else None
    return loop.at(name, run_recipe(loop.recipe, name, seeds=path, previous=goes_on))


def learn(now: Round, done: Sequence[Round]) -> None:
    """Imitation, and what the student then scores on what the loop never sees."""
    do_stages(now.context, ("generate", "filter", "format", "train"), again=False)
    if done:
        first = done[0].context.run
        share_roles(now.context, same_base=first, teacher_of=first)
    do_stages(now.context, ("eval", "report"), again=False, found=False)


def measure(loop: Loop, now: Round, account: Account) -> None:
    """The referee's scores on the held-out prompts, where there are any, and what they cost; of
    the base, too, in the first round."""
    path = loop.section.held_out
    if path is None:
        return
    section = loop.section.model_copy(update={"by": "referee"})
    prompts = read_seeds(path, limit=loop.section.held_out_limit)
    asked: list[tuple[PhaseName, Asked]] = [("held_out", "student")]
    if now.arm == LOOP and now.number == 1:
        asked.insert(0, ("base_held_out", "base"))
    for folder, role in asked:
        discriminate(
            now.context,
            prompts,
            folder,
            role=role,
            section=section,
            payer=loop.home.id,
            stands=True,
        )
    spend(now, account, "held_out")


def spend(now: Round, account: Account, phase: str) -> None:
    """Write down what a phase of the round cost, where the round has it."""
    run = now.context.run
    files = [run.path / folder / REPLIES for folder in FOLDERS[phase]]
    if any(map(Path.is_file, files)):
        now.cost[phase] = account.add(files)


def account_of(loop: Loop) -> Account:
    referee = loop.section.referee
    return Account(
        {
            "teacher": price_of(loop.recipe.teacher),
            "referee": None if referee is None else price_of(referee),
        }
    )


def seed_of(loop: Loop, what: str, number: int) -> int:
    return int(content_hash([loop.recipe.seed, what, number], size=4), 16)
