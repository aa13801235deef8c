"""What can be known of a loop before a call is paid: whether the answers to its questions can be
scored and learned from, whether the reserve has anything for them, and whether its stop rule has a
score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from limbeck.errors import DataError, UserError
from limbeck.generators.adversarial.reserve import from_reserve
from limbeck.generators.adversarial.sources import KINDS, Source
from limbeck.pipeline.beforehand import usable_seeds
from limbeck.pipeline.iterate.score import kind_of, scorer_of
from limbeck.pipeline.seeds import seeds_of_recipe
from limbeck.protocols import Generator
from limbeck.recipe import Recipe
from limbeck.recipe_eval import TASK_FILES, task_name
from limbeck.recipe_iterate_conflicts import needs_targets
from limbeck.recipe_iterate_files import targets_only
from limbeck.record import Record


def check_stop(recipe: Recipe) -> None:
    """Raises UserError for a stop rule that watches a folder of tasks: each of them has a score
    under its own name, and the folder has none."""
    watched = recipe.iterate and recipe.iterate.stop.task
    for task in recipe.eval.tasks:
        is_folder = not task.endswith(TASK_FILES) and Path(task).is_absolute()
        if is_folder and task_name(task) == watched:
            raise UserError(
                f"iterate.stop.task is {watched!r}, which is the folder {task}: its tasks have a "
                "score each, and it has none. Name its files in eval.tasks, and one of them in "
                "iterate.stop.task; or take that out, for the mean over all"
            )


def seeds_to_learn(recipe: Recipe, generator: Generator) -> list[Record]:
    """The recipe's seeds, without those that the stage generate skips: a pool that had them would
    stop the second round. Raises what `usable_seeds` raises where none is to be skipped."""
    skipped: list[DataError] = []
    on_bad = skipped.append if recipe.seeds.on_bad_line == "skip" else None
    return usable_seeds(recipe, seeds_of_recipe(recipe), generator, on_bad)


def check_learned(recipe: Recipe, generator: Generator, reserve: Sequence[Record] | None) -> None:
    """Whether the stages of a later round take every question of a reserve, as the first one's
    take the seeds. Raises what `usable_seeds` raises, and DataError for one without a target where
    the recipe wants them."""
    section = recipe.iterate
    if section is None or section.reserve is None or reserve is None:
        return
    named = recipe.seeds.model_copy(update={"path": section.reserve})
    usable_seeds(recipe.model_copy(update={"seeds": named}), reserve, generator)
    lacking = [seed for seed in reserve if seed.target is None]
    if lacking and (needs := needs_targets(recipe)):
        raise DataError(
            f"iterate.reserve: {len(lacking)} of {len(reserve)} questions of {section.reserve} "
            f"lack a target, such as {' '.join(lacking[0].prompt.split())[:60]!r}, and {needs} "
            "wants that of every question; give each one a target, or do without it",
            path=section.reserve,
        )


def check_scored(
    recipe: Recipe,
    generator: Generator,
    pool: Sequence[Record],
    reserve: Sequence[Record] | None,
) -> None:
    """Where nothing but a target can score an answer: whether those to the questions of a cache
    pool and of a reserve can be scored. With `by: target` some of the pool's must be, as the others
    are left out; left to itself (auto), all.

    Raises DataError that says how many cannot be and why, MissingExtra for mathematics without
    math-verify.
    """
    section = recipe.iterate
    if section is None or not targets_only(section):
        return
    files = [(section.cache or recipe.seeds.path, pool, section.by == "target")]
    if reserve is not None and section.reserve is not None:
        files.append((section.reserve, reserve, False))
    for path, questions, some_is_enough in files:
        lost = []
        for seed in questions:
            by, why = scorer_of(seed, kind_of(generator, seed), section.by, referee=False)
            if by is None:
                lost.append((seed, why))
        if not lost or (some_is_enough and len(lost) < len(questions)):
            continue
        (first, why), text = lost[0], " ".join(lost[0][0].prompt.split())
        mend = (
            "give them targets that can be read as what they are (key kind)"
            if section.by == "target"
            else "name iterate.referee, give each question the kind of its answer, or set "
            "iterate.by to target, which takes every target at its word"
        )
        raise DataError(
            f"{path}: the answers to {len(lost)} of {len(questions)} questions cannot be scored, "
            f"such as those to {text[:60]!r}, whose target is {(first.target or '')[:60]!r} "
            f"({why}); {mend}",
            path=path,
        )


def check_reserve(recipe: Recipe, pool: Sequence[Record], left: Sequence[Record]) -> None:
    """Whether some question of a cache pool, were it hard or easy, would find another one in what
    is `left` of the reserve. Raises DataError where none would."""
    section = recipe.iterate
    if section is None or section.reserve is None:
        return
    for kind in KINDS:
        sources = [Source(seed, kind, 1.0) for seed in pool]
        wanted = {other: int(other == kind) for other in KINDS}
        if from_reserve(sources, pool, left, **wanted, weight="even", seed=0):
            return
    raise DataError(
        f"iterate.reserve: none of the {len(left)} questions of {section.reserve} that are in no "
        "pool and not held out is of a task of the questions that are compared, and nothing new "
        "would come of them; give both files the same keys task, family and template, or neither",
        path=section.reserve,
    )
