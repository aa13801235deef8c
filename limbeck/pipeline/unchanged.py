"""Whether a run's records are those of its recipe still: others would overwrite them.

What only adds records is let through: a higher `seeds.limit`, and rows behind those of the prompts
file, where each row is asked by itself. What the recipe says of later stages, of money and of how
a machine asks is in no record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from limbeck.errors import DataError, RecipeError, UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.generate import MADE_FROM, made_from
from limbeck.pipeline.recipe_differences import HOW_IT_ASKS, both, differences
from limbeck.recipe import Recipe
from limbeck.recipe_seeds import SPLIT_KEYS
from limbeck.record import content_hash
from limbeck.registry import option_names
from limbeck.store import read_json

_WORDS = {
    "seeds": "seeds.path",
    "demos": "seeds.demos",
    "split": "seeds.split",
    "encoder": "generate",
    "teacher": "teacher",
    "generate": "generate",
    "seed": "seed",
}
"""What `made_from` calls it, and where the recipe says it; the rest is `seeds` and its own name."""


def check_unchanged(context: Context, *, asks: bool = True) -> None:
    """Raises UserError, which says what differs, where the run has records of other settings or
    other prompts. Without `asks` the recipe alone is held against the run's: no file is read."""
    run = context.run
    done = run.done("generate")
    if done is None or context.fresh:
        return
    try:
        old = Recipe.load(run.path / "recipe.yaml")
    except RecipeError:  # of another version of limbeck
        old = context.recipe
    if asks:
        now = made_from(context)
        if content_hash(now) == done.inputs:
            return
        before = _before(run.folder("generate") / MADE_FROM, done.inputs)
        if before is not None:
            told = _told(_other(context, before, now), both(old, context.recipe), context)
        else:
            told = _told([*_WORDS, *now], differences(old, context.recipe))
            told = told or ["the files that the recipe names have changed"]
    else:
        told = _told([*_WORDS, *SPLIT_KEYS, "part"], differences(old, context.recipe))
    if told:
        raise UserError(
            f"{run.path} has {done.counts.get('records', 0)} records that were made otherwise: "
            f"{'; '.join(told)}. Give the new run a name of its own (name in the recipe, or --set "
            "name=NAME), or let it overwrite them with --fresh (of limbeck run, generate and "
            "iterate); answers that are paid stay in the ledger"
        )


def _before(path: Path, hashed: str) -> dict[str, Any] | None:
    """What the records were made from; None for a run of a limbeck that did not write it down."""
    try:
        found = read_json(path)
    except DataError:
        return None
    is_own = isinstance(found, dict) and content_hash(found.get("inputs")) == hashed
    return found if is_own else None


def _other(context: Context, before: Mapping[str, Any], now: dict[str, Any]) -> list[str]:
    """The names of what differs, but for what only adds records."""
    then = before["inputs"]
    other = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    free = {"on_bad_line"}  # a run that ended well has no other rows for it
    recipe = context.recipe
    taken = option_names("generators", recipe.generate.generator)
    pool = "pool" in taken and recipe.seeds.demos is None
    if not pool and "new_pool" not in taken:  # no row is asked otherwise for those behind it
        if then["limit"] is not None and (now["limit"] is None or now["limit"] > then["limit"]):
            free.add("limit")
        if _starts_with(recipe.seeds.path, before["bytes"], then["seeds"]):
            free.add("seeds")
    return [name for name in other if name not in free]


def _starts_with(path: Path, size: int, sha256: str) -> bool:
    with path.open("rb") as file:
        return hashlib.sha256(file.read(size)).hexdigest() == sha256


def _told(
    names: Sequence[str], found: Iterable[tuple[str, Any, Any]], files: Context | None = None
) -> list[str]:
    """What the recipe calls what differs, how it was and how it is. With `files` a name that says
    nothing else stands for the content of its file."""
    values = [one for one in found if one[1] != one[2] and one[0].split(".")[-1] not in HOW_IT_ASKS]
    told: dict[str, None] = {}
    for name in names:
        key = _WORDS.get(name, f"seeds.{name}")
        lines = [
            f"{word} was {_shown(was)} and is {_shown(now)}"
            for word, was, now in values
            if word == key or word.startswith(f"{key}.")
        ]
        if not lines and files is not None:
            path = getattr(files.recipe.seeds, key.removeprefix("seeds."), None)
            lines = [f"the content of {key}" + (f" ({path}) is another" if path else " is another")]
        told |= dict.fromkeys(lines)
    return list(told)


def _shown(value: Any) -> str:
    return "not set" if value is None else repr(value)
