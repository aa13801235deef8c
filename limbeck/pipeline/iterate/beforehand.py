"""What can be known of a loop's questions before a call is paid: whether their answers can be
scored, and whether the reserve has anything for them."""

from __future__ import annotations

from collections.abc import Sequence

from limbeck.errors import DataError
from limbeck.generators.adversarial.reserve import from_reserve
from limbeck.generators.adversarial.sources import KINDS, Source
from limbeck.pipeline.iterate.score import kind_of, scorer_of
from limbeck.protocols import Generator
from limbeck.recipe import Recipe
from limbeck.recipe_iterate_files import targets_only
from limbeck.record import Record


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
