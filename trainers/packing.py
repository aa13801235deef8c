"""Packs: rows of any length together, full to the budget, in an order that the seed gives."""

from __future__ import annotations

import bisect
import random
from collections.abc import Sequence

POOL = 16  # packs filled from the same rows: enough to fill them well, few enough to stay mixed


def packed(
    sizes: Sequence[tuple[int, ...]], *, budget: int, seed: int, epoch: int
) -> list[list[int]]:
    """Indices in packs: every index once, no row cut, shuffled by (seed, epoch).

    `sizes` are the lengths of each row's examples, one a task; those of a row stay together.
    `budget` bounds the tokens of a pack over all tasks, but a row longer than that still gets its
    own. Best-fit decreasing: the longest row first, each into the fullest pack that has room.
    """
    shuffler = random.Random(f"{seed}/{epoch}/packs")
    order = list(range(len(sizes)))
    shuffler.shuffle(order)
    mean = sum(map(sum, sizes)) / max(len(sizes), 1)
    pool = max(1, int(POOL * budget / max(mean, 1)))
    packs: list[list[int]] = []
    for start in range(0, len(order), pool):
        rows = order[start : start + pool]
        packs += _best_fit(sorted(rows, key=lambda row: (-sum(sizes[row]), row)), sizes, budget)
    shuffler.shuffle(packs)
    return packs


def _best_fit(
    rows: Sequence[int], sizes: Sequence[tuple[int, ...]], budget: int
) -> list[list[int]]:
    packs: list[list[int]] = []
    room: list[tuple[int, int]] = []  # (tokens free, pack), least room first
    for row in rows:
        size = sum(sizes[row])
        place = bisect.bisect_left(room, (size, -1))
        if place == len(room):
            free, pack = budget, len(packs)
            packs.append([])
        else:
            free, pack = room.pop(place)
        packs[pack].append(row)
        bisect.insort(room, (free - size, pack))
    return packs
