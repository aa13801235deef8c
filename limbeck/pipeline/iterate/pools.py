"""The loop's pools: what the teacher is to answer (train), and what both are tried on (cache)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck.columns import PROMPT_ID
from limbeck.errors import UserError
from limbeck.pipeline.iterate.guard import Guard
from limbeck.recipe import Iterate, Recipe
from limbeck.recipe_iterate_files import Files, unused
from limbeck.record import Record, content_hash
from limbeck.store import write_jsonl

_SAME = ("kind", "template", "family", "task")


@dataclass(frozen=True, slots=True)
class Pools:
    """The seeds of a round, in the order in which they came."""

    train: tuple[Record, ...]
    cache: tuple[Record, ...]

    @property
    def known(self) -> tuple[Record, ...]:
        """All of both, each once."""
        return tuple({seed.id: seed for seed in (*self.cache, *self.train)}.values())

    def with_new(self, new: Sequence[Record], section: Iterate) -> Pools:
        """The pools of the next round: the cache pool grows, the train pool grows or is replaced,
        as the recipe says."""
        kept = self.train if section.train_pool == "accumulate" else ()
        return Pools((*kept, *new), (*self.cache, *new))


def start_pools(
    recipe: Recipe, seeds: Sequence[Record], cache: Sequence[Record] | None, guard: Guard
) -> Pools:
    """The pools of the first round: the recipe's seeds, and `iterate.cache` or the seeds again.

    Raises UserError where one is a held-out item word for word.
    """
    train = tuple(seeds)
    for pool in (train, cache or ()):
        held = [seed for seed in pool if guard.is_held_out(seed)]
        if held:
            path = recipe.iterate.cache if pool is cache and recipe.iterate else recipe.seeds.path
            text = " ".join(held[0].prompt.split())
            raise UserError(
                f"{path} has {len(held)} of the held-out items in it, and what the loop trains "
                f"on measures nothing; the first is {text[:60]!r}. Take them out of the file"
            )
    return Pools(train, train if cache is None else tuple(cache))


def left_of(files: Files, seeds: Sequence[Record], guard: Guard) -> list[Record] | None:
    """What of the reserve can be new: it is in no pool, and not held out word for word. None
    without a reserve."""
    if files.reserve is None:
        return None
    free = [seed for seed in files.reserve if not guard.is_held_out(seed)]
    return unused(free, seeds, files.cache)


def sampled(cache: Sequence[Record], count: int | None, seed: int, number: int) -> list[Record]:
    """So many of the cache pool, in its order, drawn by a hash for each round; None: all."""
    if count is None or count >= len(cache):
        return list(cache)
    places = sorted(
        range(len(cache)), key=lambda place: content_hash([seed, "cache", number, cache[place].id])
    )
    return [cache[place] for place in sorted(places[:count])]


def write_pool(path: Path, pool: Iterable[Record]) -> None:
    """Write seeds so that `read_seeds` gives the same ones again."""
    write_jsonl(path, map(seed_row, pool))


def seed_row(seed: Record) -> dict[str, Any]:
    """A seed as a row of a seed file, its id being that of where it is from."""
    meta = seed.meta
    row: dict[str, Any] = {"id": seed.provenance.parents[0] if _is_named(seed) else seed.id}
    row |= seed.to_json().get("columns", {})
    row["id"] = row.pop(PROMPT_ID, row["id"])
    row |= _asks(seed)
    if seed.target is not None:
        # An instruction's output is its target; beside it a target would be another answer.
        row["output" if "instruction" in row or "input" in row else "target"] = seed.target
    row |= {key: meta[key] for key in _SAME if key in meta}
    if "options" in meta:
        row["options"] = list(meta["options"])
    if "rationale" in meta:
        row["solution"] = meta["rationale"]
    return row


def _asks(seed: Record) -> dict[str, Any]:
    meta, turns = seed.meta, seed.messages
    if len(turns) == 1 and "instruction" in meta:
        return {"instruction": meta["instruction"], "input": meta.get("input", "")}
    if len(turns) == 1 and "input" in meta:
        return {"input": meta["input"]}
    if len(turns) == 1:
        return {"prompt": turns[0].content}
    return {"messages": [{"role": turn.role, "content": turn.content} for turn in turns]}


def _is_named(seed: Record) -> bool:
    return seed.provenance.generator == "seed" and bool(seed.provenance.parents)
