"""The seeds and demos of a recipe: everything that reads them reads them here, so that no stage
forgets the recipe's split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limbeck.errors import DataError
from limbeck.recipe import Recipe
from limbeck.record import Record, content_hash
from limbeck.seeds import read_seeds
from limbeck.store import file_hash
from limbeck.task_split import (
    Choice,
    TaskSplit,
    choose,
    held_out,
    leaks_told,
    plain_input,
    task_of,
)

OnBad = Callable[[DataError], None]
Say = Callable[[str], None]


def _nothing(_: object) -> None:
    return


def seeds_of_recipe(
    recipe: Recipe, *, on_bad: OnBad = _nothing, say: Say = _nothing
) -> list[Record]:
    """The recipe's seeds in file order: those that its split leaves, of these the first `limit`,
    of these the recipe's `part`.

    `on_bad` is given the rows that cannot be used where the recipe skips them, `say` what the split
    leaves out. Raises what `read_seeds`, `TaskSplit.read` and `choose` raise, and DataError for a
    part without a seed.
    """
    seeds = all_seeds_of_recipe(recipe, on_bad=on_bad, say=say, repeats=True)
    share = recipe.seeds.share
    if share is None:
        return seeds
    taken = [seed for seed in seeds if number_of_part(seed.id, share.of) == share.number]
    if not taken:
        raise DataError(
            f"part {recipe.seeds.part} of {recipe.seeds.path} is empty: {len(seeds)} seeds are put "
            "into parts by a hash of each; make fewer parts, or leave this one out",
            path=recipe.seeds.path,
        )
    return taken


def number_of_part(seed: str, of: int) -> int:
    """The part, from 1 to `of`, of the seed with this id."""
    return int(content_hash(seed), 16) % of + 1


def all_seeds_of_recipe(
    recipe: Recipe, *, on_bad: OnBad = _nothing, say: Say = _nothing, repeats: bool = False
) -> list[Record]:
    """The seeds of all parts, equal prompts once or, with `repeats`, as often as the file has
    them. Raises what `seeds_of_recipe` raises."""
    section = recipe.seeds
    if section.split is None:
        bad = _on_bad(recipe, on_bad)
        return read_seeds(section.path, limit=section.limit, on_bad=bad, repeats=repeats)
    choice = _choice(recipe, TaskSplit.read(section.split), on_bad, repeats=repeats)
    for line in choice.told():
        say(line)
    return list(choice.rows[: section.limit])


def demos_of_recipe(recipe: Recipe, *, say: Say = _nothing) -> list[Record]:
    """The rows of `seeds.demos`; none where there is no such file.

    With a split these are rows of the tasks that seeds are taken of, or of no task, and under meta
    none with the input of a target task's row in either file. Raises what `seeds_of_recipe` does,
    and DataError where the split leaves none.
    """
    section = recipe.seeds
    if section.demos is None:
        return []
    demos = read_seeds(section.demos)
    if section.split is None:
        return demos
    split = TaskSplit.read(section.split)
    tasks = {*split.taken(section.tuning or "meta"), ""}
    own = [demo for demo in demos if task_of(demo) in tasks]
    kept = own
    if section.tuning == "meta":
        rows = read_seeds(section.path, on_bad=_on_bad(recipe, _nothing))
        hidden = held_out(rows, split) | held_out(demos, split)
        kept = [demo for demo in own if plain_input(demo) not in hidden]
    if not kept:
        raise DataError(
            f"{section.demos} has no demo that may be shown: none is of a task that {split.path} "
            "takes rows of, or each has the input of a target task's row",
            path=section.demos,
        )
    if len(kept) < len(own):
        say(leaks_told(len(own) - len(kept), "demo"))
    return kept


def pool_of_recipe(recipe: Recipe, *, say: Say = _nothing) -> list[Record]:
    """The rows that demos are taken from: `seeds.demos`, else the seeds themselves, of all parts:
    a row's demos do not depend on which machine asks."""
    if recipe.seeds.demos is not None:
        return demos_of_recipe(recipe, say=say)
    return all_seeds_of_recipe(recipe)


def split_inputs(recipe: Recipe) -> dict[str, Any]:
    """What a split adds to the inputs of the generate stage: nothing where there is none, so that
    runs without one stay done. Raises DataError for a file that cannot be read."""
    section = recipe.seeds
    if section.split is None:
        return {}
    TaskSplit.read(section.split)
    return {
        "split": file_hash(section.split),
        "tuning": section.tuning,
        "rows": section.rows,
        "target_rows": section.target_rows,
    }


def _choice(recipe: Recipe, split: TaskSplit, on_bad: OnBad, *, repeats: bool) -> Choice:
    section = recipe.seeds
    return choose(
        read_seeds(section.path, on_bad=_on_bad(recipe, on_bad), repeats=repeats),
        split,
        section.tuning or "meta",
        each=section.rows,
        each_target=section.target_rows,
        source=section.path,
    )


def _on_bad(recipe: Recipe, on_bad: OnBad) -> OnBad | None:
    return on_bad if recipe.seeds.on_bad_line == "skip" else None
