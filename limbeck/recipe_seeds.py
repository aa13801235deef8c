"""The recipe's section on the seeds, and what of it is not right together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, field_validator

from limbeck.errors import RecipeError
from limbeck.recipe_paths import absolute
from limbeck.recipe_student import Section


class Share(NamedTuple):
    """Part `number` (from 1) of `of` parts."""

    number: int
    of: int


class Seeds(Section):
    """Where the prompts come from: JSONL of prompts, chats, Alpaca or Self-Instruct rows, a task's
    rows. `demos` are worked examples, of the same forms, for generators that show some.

    `split` is a file that says which tasks are `train` and which `target` ones. `tuning` meta takes
    the rows of the train tasks only, multitask those of the target tasks, too: the first `rows` of
    a task, the first `target_rows` (default: as `rows`) of a target task, of which meta takes none.
    `limit` comes after that. `licence` is the id of the seeds' licence as the hub writes it
    (cc-by-4.0): `limbeck publish` puts it on the card.

    `part` 2/3 takes the second of three parts, of what all of the above leaves: for several
    machines, whose runs `limbeck merge` makes one. Which part a seed is in follows from its id
    alone, so parts share no seed, are everything together, and stay as they are when the file
    grows or is put into another order. Demos are taken from all seeds, not from the part.
    """

    path: Path
    demos: Path | None = None
    split: Path | None = None
    tuning: Literal["meta", "multitask"] | None = None
    rows: Annotated[int, Field(ge=1)] | None = None
    target_rows: Annotated[int, Field(ge=1)] | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    on_bad_line: Literal["stop", "skip"] = "stop"
    licence: str | None = None
    part: str | None = None

    @field_validator("part", mode="before")
    @classmethod
    def _a_part(cls, value: Any) -> Any:
        match = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", str(value), re.ASCII)
        if value is not None and (match is None or int(match[1]) > int(match[2])):
            raise ValueError("a part is its number and how many there are, such as 2/3")
        return value

    @property
    def share(self) -> Share | None:
        """The part as two numbers; None for all seeds."""
        return None if self.part is None else Share(*map(int, self.part.split("/")))


SPLIT_KEYS = ("split", "tuning", "rows", "target_rows")


def check_split(seeds: Seeds, key: str) -> None:
    """Raises RecipeError for one of SPLIT_KEYS without those that it goes with."""
    value = getattr(seeds, key)
    if value is None:
        return
    if key == "split" and seeds.tuning is None:
        raise RecipeError(
            "seeds.split parts the tasks, and seeds.tuning does not say what becomes of the target "
            "tasks; set it to meta (held out) or multitask (in)"
        )
    if seeds.split is None:
        raise RecipeError(
            f"seeds.{key} is {value}, and there is no seeds.split that says which tasks are train "
            f"and which target ones; name a split file, or take {key} out"
        )


def with_seed_files(folder: Path, seeds: Seeds) -> Seeds:
    """The same with its files taken from the recipe's folder. Raises RecipeError."""
    files = {name: getattr(seeds, name) for name in ("path", "demos", "split")}
    return seeds.model_copy(
        update={
            name: absolute(folder, file, f"seeds.{name}") for name, file in files.items() if file
        }
    )
