"""Which demos are scored for a row: the first of a search, without the row and its copies."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from limbeck.demos import Demo, Encoder, Remembered
from limbeck.demos.bm25 import Bm25
from limbeck.demos.draw import shuffled
from limbeck.demos.learned import Learned, document
from limbeck.demos.pool import Scorer
from limbeck.trainers.retriever.tasks import Task


def by_words(task: Task) -> Scorer:
    """BM25 over inputs and outputs; the query is an input alone. Raises MissingExtra."""
    return Bm25(task.train, document="input_output")


def by_vectors(task: Task, encoder: Encoder) -> Scorer:
    """The same by an encoder, which gets all texts of the task at once: in batches it is fast."""
    remembered = Remembered(encoder)
    rows = (*task.train, *task.valid)
    remembered.encode([*map(document, task.train), *(row.input for row in rows)])
    return Learned(task.train, remembered)


def candidates(
    task: Task, rows: Iterable[Demo], search: Scorer, count: int, seed: int
) -> list[tuple[Demo, ...]]:
    """For each row up to `count` demos of its task, the best first.

    Between equals a draw of the row's own decides: many demos share no word with a short query,
    and by the pool's order the same few would be scored for all rows.
    """
    pool = search.pool
    found = []
    for row in rows:
        usable = pool.usable(count, sorted(task.near[row.id]))
        lots = np.argsort(shuffled(len(pool), "candidates", seed, row.id))
        order = np.lexsort((lots[usable], -search.scores(row.input)[usable]))
        found.append(tuple(pool.demos[place] for place in usable[order][:count].tolist()))
    return found


def drawn(task: Task, rows: Iterable[Demo], count: int, seed: int) -> list[tuple[Demo, ...]]:
    """For each row up to `count` demos of its task at random."""
    found = []
    for row in rows:
        usable = [demo for demo in task.train if demo.id not in task.near[row.id]]
        order = shuffled(len(usable), "random demos", seed, row.id)[:count]
        found.append(tuple(usable[place] for place in order.tolist()))
    return found
