"""Do a student's training rows hold the items of lm-eval tasks?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limbeck.contamination import Comparison, Row
from limbeck.contamination.texts import row_of
from limbeck.errors import DataError
from limbeck.pipeline.overlap import item_of
from limbeck.seeds import seeds_of
from limbeck.store import read_jsonl


def compared(
    items: Mapping[str, Sequence[Mapping[str, Any]]], train: Path
) -> tuple[list[dict[str, Any]], dict[str, NDArray[np.float64]]]:
    """As `limbeck.pipeline.overlap.compared`: an entry for each task, and every item's similarity.

    `items` are by task as in eval/items.json; `train` is JSONL of any form that seeds have. A row
    is named by its id, else by its line. Raises DataError for a row without a prompt, and for no
    row.
    """
    comparison = Comparison({task: [item_of(row) for row in rows] for task, rows in items.items()})
    comparison.add(_rows(train))
    return comparison.entries(), comparison.similarities()


def _rows(train: Path) -> Iterator[Row]:
    empty = True
    for number, row in read_jsonl(train):
        try:
            seeds = [(row_of(seed), seed.completion or seed.target or "") for seed in seeds_of(row)]
        except (KeyError, TypeError, ValueError) as error:
            told = f"the key {error} is missing" if isinstance(error, KeyError) else error
            raise DataError(f"{train}, line {number}: {told}", path=train, line=number) from error
        name = str(row.get("id", f"line {number}"))
        prompts = tuple(prompt for found, _ in seeds for prompt in found.prompts)
        yield Row(name, prompts, "\n\n".join(filter(None, (said for _, said in seeds))))
        empty = False
    if empty:
        raise DataError(f"{train} has no training row", path=train)
