"""Which run folders are merged, in which order, and which of them has the rows of each seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.errors import DataError, UserError
from limbeck.pipeline.merge_parts import Part
from limbeck.pipeline.merge_rows import Ids, better
from limbeck.pipeline.seeds import all_seeds_of_recipe, number_of_part
from limbeck.recipe import Recipe
from limbeck.record import Record


@dataclass(frozen=True, slots=True)
class Plan:
    """What is written: the parts in their order, and which has the rows of each seed (None for a
    chained generator)."""

    parts: Sequence[Part]
    copies: Sequence[Part]
    recipe: Recipe
    ids: Ids | None
    owner: Sequence[int]
    skipped: int  # lines of the seed file that every part has passed over
    prefer_first: bool


def order_of(part: Part) -> tuple[Any, ...]:
    """By part, then by what was made: not by where a run is named."""
    recipe = part.run.recipe
    return (*(part.share or (0, 0)), recipe.seed, part.done.outputs, part.place)


def plan_of(
    named: Sequence[Part], recipe: Recipe, *, chained: bool, prefer_first: bool, notes: list[str]
) -> Plan:
    """The plan for runs in their order; what is left out is said in `notes`.

    Raises UserError for a part that is missing or stands twice with other content, and for runs
    that are no parts of one whole; and what `all_seeds_of_recipe` raises.
    """
    bad: list[DataError] = []
    seeds = all_seeds_of_recipe(recipe, on_bad=bad.append, repeats=True)
    ids = Ids(seeds)
    parts: list[Part] = []
    for part in named:
        twin = next((one for one in parts if _same_rows(one, part)), None)
        if twin is not None:
            notes.append(f"{part.path} is the same as {twin.path} and is taken once")
            continue
        rival = next((one for one in parts if one.share == part.share), None)
        if rival is not None and not chained:
            taken = better(rival, part, ids, prefer_first=prefer_first)
            left = part if taken is rival else rival
            notes.append(
                f"{taken.path} and {left.path} are over the same seeds; the rows of {taken.path} "
                "are taken"
            )
            parts[parts.index(rival)] = taken
            continue
        parts.append(part)
    copies = [part for part in named if part not in parts]
    owner = _owners(parts, seeds, chained=chained)
    if chained and len(parts) > 1:
        notes.append(
            f"{recipe.generate.generator} makes its requests from earlier replies: no single run "
            "would have made these rows together, and near copies across the runs are left for the "
            "filters (minhash, rouge)"
        )
    return Plan(
        parts, copies, recipe, None if chained else ids, owner, len(bad), prefer_first=prefer_first
    )


def _same_rows(one: Part, other: Part) -> bool:
    return (one.done.inputs, one.done.outputs) == (other.done.inputs, other.done.outputs)


def _owners(parts: Sequence[Part], seeds: Sequence[Record], *, chained: bool) -> list[int]:
    """The place of the part that has each seed. Raises UserError where one has none, and for runs
    that are no parts of one whole."""
    shares = [part.share for part in parts]
    if chained and not any(shares):
        return []
    whole = next((part for part in parts if part.share is None), None)
    if whole is not None:
        if len(parts) > 1:
            other = next(part for part in parts if part.share is not None)
            raise UserError(
                f"{whole.path} is a run over all seeds, and {other.path} one over the part "
                f"{other.run.recipe.seeds.part} of them: name either the whole or the parts"
            )
        return [0] * len(seeds)
    of = {share.of: part for share, part in zip(shares, parts, strict=True) if share is not None}
    if len(of) > 1:
        told = ", ".join(f"{part.path} {part.run.recipe.seeds.part}" for part in of.values())
        raise UserError(f"the runs are parts of other wholes ({told}); name the parts of one")
    ((count, _),) = of.items()
    places = {share.number: at for at, share in enumerate(shares) if share is not None}
    numbers = [number_of_part(seed.id, count) for seed in seeds]
    lost = sorted(set(numbers) - set(places))
    if lost:
        told = ", ".join(f"{number}/{count}" for number in lost)
        raise UserError(
            f"the part{'s' * (len(lost) > 1)} {told} of the seeds "
            f"{'are' if len(lost) > 1 else 'is'} missing. Run the recipe with it: limbeck generate "
            f"RECIPE --set seeds.part={lost[0]}/{count}"
        )
    return [places[number] for number in numbers]
