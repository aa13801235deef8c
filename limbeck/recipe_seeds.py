"""The recipe's section on the seeds, and what of it is not right together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from limbeck.errors import RecipeError
from limbeck.recipe_student import Section


class Seeds(Section):
    """Where the prompts come from: JSONL of prompts, chats, Alpaca or Self-Instruct rows, a task's
    rows. `demos` are worked examples, of the same forms, for generators that show some.

    `split` is a file that says which tasks are `train` and which `target` ones. `tuning` meta takes
    the rows of the train tasks only, multitask those of the target tasks, too: the first `rows` of
    a task, the first `target_rows` (default: as `rows`) of a target task, of which meta takes none.
    `limit` comes after that. `licence` is the id of the seeds' licence as the hub writes it
    (cc-by-4.0): `limbeck publish` puts it on the card.
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
