"""What the training rows hold of the items that were evaluated, task by task, for the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limbeck.contamination import Comparison, Item, Row
from limbeck.contamination.texts import row_of
from limbeck.errors import DataError, UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.evaluate import ASKED
from limbeck.pipeline.format import read_split
from limbeck.pipeline.output import RECORDS
from limbeck.store import read_json, read_records


def compared(context: Context) -> tuple[list[dict[str, Any]], dict[str, NDArray[np.float64]]]:
    """One entry of the report's `contamination` for each task that was evaluated, and for each of
    its items, in their order, the largest TF-IDF cosine with a training row's prompt or completion.

    The tasks of imitation are left out: their prompts are held out. Raises UserError where the
    evaluation has not written what it asked, DataError where that cannot be read.
    """
    comparison = Comparison(evaluated(context))
    comparison.add(_rows(context))
    return comparison.entries(), comparison.similarities()


def evaluated(context: Context) -> dict[str, list[Item]]:
    """The items of every task but imitation, in the order in which they were asked."""
    path = context.run.folder("eval") / ASKED
    if not path.is_file():
        raise UserError(
            f"{path} is missing: an older limbeck evaluated this run and did not write down what "
            f"it asked. Run: {context.command('eval')}"
        )
    tasks = read_json(path)
    try:
        return {
            task: [item_of(row) for row in rows]
            for task, rows in tasks.items()
            if rows and not task.startswith("imitation_")
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} does not hold the items of an evaluation ({error!r}). Run: "
            f"{context.command('eval')}",
            path=path,
        ) from error


def item_of(row: Mapping[str, Any]) -> Item:
    """An item of eval/items.json."""
    options = tuple(str(option) for option in row.get("options") or ())
    return Item(str(row["id"]), str(row["question"]), options, str(row.get("target") or ""))


def _rows(context: Context) -> Iterator[Row]:
    """The rows that the student was trained on, as the records have them: a split may have their
    questions in another form (`format.text`)."""
    run = context.run
    trained = {record.id for record in read_split(run.folder("format"), "train")}
    for record in read_records(run.folder("generate") / RECORDS):
        if record.id in trained:
            yield row_of(record)
