"""`limbeck iterate`: the adversarial loop, one round after the other, and its control.

What is done stays done, and what was asked is in the ledger: the same command goes on where it
was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from limbeck.pipeline.beforehand import check_evaluation, check_training
from limbeck.pipeline.generate import generator_of
from limbeck.pipeline.iterate.beforehand import (
    check_learned,
    check_reserve,
    check_scored,
    check_stop,
    seeds_to_learn,
)
from limbeck.pipeline.iterate.control import do_controls
from limbeck.pipeline.iterate.guard import Guard
from limbeck.pipeline.iterate.layout import Loop, Work
from limbeck.pipeline.iterate.layout import loop_of as loop_of
from limbeck.pipeline.iterate.learn import context_of
from limbeck.pipeline.iterate.pools import left_of, start_pools
from limbeck.pipeline.iterate.rounds import do_rounds
from limbeck.pipeline.iterate.written_up import open_again, write_up
from limbeck.pipeline.unchanged import check_unchanged
from limbeck.recipe_iterate_files import checked_files
from limbeck.store import write_text


def run_loop(loop: Loop) -> dict[str, Any]:
    """Do all that is left of the loop and of its control, and write iterate.json, iterate.md and
    index.html; returns the first one's content.

    Raises what the stages raise.
    """
    with loop.home.locked():
        check_evaluation(loop.recipe, missing_ok=False)
        check_training(loop.recipe, before_calls=True)
        check_stop(loop.recipe)
        generator = generator_of(loop.context)
        seeds = seeds_to_learn(loop.recipe, generator)
        files = checked_files(loop.recipe, seeds)
        cache = seeds if files.cache is None else files.cache
        check_scored(loop.recipe, generator, cache, files.reserve)
        check_learned(loop.recipe, generator, files.reserve)
        work = Work(loop, Guard(loop.recipe))
        pools = start_pools(loop.recipe, seeds, files.cache, work.guard)
        check_reserve(loop.recipe, cache, left_of(files, seeds, work.guard) or ())
        if not loop.context.fresh:
            check_unchanged(replace(context_of(loop, "round-1", pools, None), fresh=False))
        # A change that cannot be is not kept: the folder goes on as it was.
        open_again(loop)
        write_text(loop.folder / "iterate.yaml", loop.recipe.to_yaml())
        do_rounds(work, pools)
        do_controls(work, pools)
        return write_up(loop, [*work.rounds, *work.controls], work.stopped)
