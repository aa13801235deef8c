"""The files of a loop: more questions and held-out prompts, read and held against each other before
a call is paid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from limbeck.errors import DataError
from limbeck.record import Record
from limbeck.seeds import read_seeds
from limbeck.text import prompt_key

if TYPE_CHECKING:
    from limbeck.recipe import Recipe
    from limbeck.recipe_iterate import Iterate


class Files(NamedTuple):
    """The records of iterate.cache, iterate.reserve and iterate.held_out, all of them in file
    order; None for a file that is not named."""

    cache: list[Record] | None
    reserve: list[Record] | None
    held_out: list[Record] | None


def read_files(section: Iterate) -> Files:
    """Raises DataError, which names the key, for a file that is not there or cannot be read."""
    return Files(*(_read(section, name) for name in Files._fields))


def checked_files(recipe: Recipe, seeds: Sequence[Record]) -> Files:
    """The files of a recipe with a loop, which fit each other and its seeds.

    Raises what `read_files` and `check_pools` raise, and DataError for a reserve of which nothing
    is new, or nothing can be scored, and for held-out prompts that the loop would see.
    """
    section = _section(recipe)
    files = read_files(section)
    check_pools(recipe, seeds, files.cache)
    if files.reserve is not None:
        _check_reserve(section, seeds, files.cache, files.reserve)
    if files.held_out is not None:
        _check_held_out(recipe, seeds, files)
    return files


def check_pools(
    recipe: Recipe, seeds: Sequence[Record], cache: Sequence[Record] | None = None
) -> None:
    """Whether the cache pool that the loop begins with (`cache`, without one the seeds) can be
    scored. By target those without one are left out, so one must have some; where both target and
    referee may be asked and no referee is named, every one must.

    Raises DataError that says how many can neither be scored by target nor by a referee.
    """
    section = _section(recipe)
    if not targets_only(section):
        return
    pool = seeds if cache is None else cache
    lacking = without_target(pool)
    if not lacking or (section.by == "target" and len(lacking) < len(pool)):
        return
    path = section.cache or recipe.seeds.path
    mend = (
        "give them targets, or name iterate.referee and set iterate.by to auto"
        if section.by == "target"
        else "name iterate.referee, give them targets, or set iterate.by to target, which leaves "
        "them out"
    )
    raise DataError(
        f"{path}: {_of(lacking, pool, 'question')} no target, and there is no referee to score "
        f"the answers, such as those to {_short(lacking[0])}; {mend}",
        path=path,
    )


def targets_only(section: Iterate) -> bool:
    """Whether nothing but a target can score an answer."""
    return section.by == "target" or (section.by == "auto" and section.referee is None)


def without_target(records: Iterable[Record]) -> list[Record]:
    """Those that nothing can be compared with."""
    return [record for record in records if not (record.target or "").strip()]


def unused(
    reserve: Iterable[Record], seeds: Sequence[Record], cache: Sequence[Record] | None
) -> list[Record]:
    """What of the reserve is in neither pool at the beginning."""
    known = {record.id for record in (*seeds, *(cache or ()))}
    return [record for record in reserve if record.id not in known]


def _section(recipe: Recipe) -> Iterate:
    if recipe.iterate is None:
        raise ValueError("the recipe has no section iterate")
    return recipe.iterate


def _read(section: Iterate, name: str) -> list[Record] | None:
    path: Path | None = getattr(section, name)
    if path is None:
        return None
    try:
        return read_seeds(path)
    except DataError as error:
        raise DataError(f"iterate.{name}: {error}", path=error.path, line=error.line) from error


def _check_reserve(
    section: Iterate,
    seeds: Sequence[Record],
    cache: Sequence[Record] | None,
    reserve: Sequence[Record],
) -> None:
    lacking = without_target(reserve)
    if lacking and targets_only(section):
        raise DataError(
            f"iterate.reserve: {section.reserve}: {_of(lacking, reserve, 'question')} no target, "
            f"such as {_short(lacking[0])}, and answers are scored by targets alone; give each one "
            "a target, or name iterate.referee and set iterate.by to auto",
            path=section.reserve,
        )
    if not unused(reserve, seeds, cache):
        raise DataError(
            f"iterate.reserve: every question of {section.reserve} is in the pools from the start, "
            "and none is left to be new; lower seeds.limit, or name a file with more questions",
            path=section.reserve,
        )


def _check_held_out(recipe: Recipe, seeds: Sequence[Record], files: Files) -> None:
    """The same prompt, but for case and spacing. What is only near is for the guard of the loop."""
    section = _section(recipe)
    held = {prompt_key(record.messages): record for record in files.held_out or ()}
    pools = [
        (recipe.seeds.path, seeds),
        (section.cache, files.cache or ()),
        (section.reserve, files.reserve or ()),
    ]
    for path, pool in pools:
        keys = {prompt_key(record.messages) for record in pool}
        seen = [record for key, record in held.items() if key in keys]
        if seen:
            raise DataError(
                f"iterate.held_out: {_of(seen, list(held), 'prompt')} a place in {path} too, such "
                f"as {_short(seen[0])}, and the loop must never see them; take them out of one of "
                "the files",
                path=section.held_out,
            )


def _of(some: Sequence[object], every: Sequence[object], what: str) -> str:
    """ "3 of 60 questions have"."""
    plural = "" if len(every) == 1 else "s"
    return f"{len(some)} of {len(every)} {what}{plural} {'has' if len(some) == 1 else 'have'}"


def _short(record: Record) -> str:
    text = " ".join(record.prompt.split())
    return repr(text if len(text) <= 60 else text[:59] + "…")
